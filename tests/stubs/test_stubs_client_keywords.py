# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that do not exist: the error suggests the nearest one and repeats no value."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import video_service
from longtake.types import GenerateVideosConfig, GenerateVideosOptions
from stubs.stubs_messages import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

_SECRET = "a secret prompt"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prioritty", "did you mean 'priority'?"),
        ("promt", "did you mean 'prompt'?"),
        ("images", "did you mean 'image'?"),
        ("requestid", "did you mean 'request_id'?"),
        ("duration", "it is a field of config: config={'duration': ...}"),
        ("negative_prompt", "it is a field of config: config={'negative_prompt': ...}"),
    ],
)
def test_an_unknown_keyword_is_a_type_error(caller: MakeCaller, name: str, hint: str) -> None:
    arguments: dict[str, Any] = {"model": MODEL, "prompt": _SECRET, name: _SECRET}
    with video_service() as service, pytest.raises(TypeError) as caught:
        caller(service.address).generate(**arguments)

    told = f"generate_videos() got an unexpected keyword argument '{name}'; {hint}"
    assert str(caught.value) == told


def test_a_keyword_that_is_near_nothing_gets_no_suggestion(caller: MakeCaller) -> None:
    with video_service() as service, pytest.raises(TypeError) as caught:
        caller(service.address).generate(model=MODEL, qqq=_SECRET)

    assert str(caught.value) == "generate_videos() got an unexpected keyword argument 'qqq'"


@pytest.mark.parametrize("name", GenerateVideosOptions.__annotations__)
def test_every_option_is_suggested(caller: MakeCaller, name: str) -> None:
    with video_service() as service, pytest.raises(TypeError, match=rf"did you mean '{name}'\?$"):
        caller(service.address).generate(**{"model": MODEL, f"{name}x": 1})


@pytest.mark.parametrize("name", GenerateVideosConfig.__dataclass_fields__)
def test_every_field_of_a_config_is_suggested(name: str) -> None:
    misspelt: Any = {f"{name}x": _SECRET}
    hint = f"did you mean '{name}'?"
    with pytest.raises(TypeError) as caught:
        GenerateVideosConfig(**misspelt)
    assert str(caught.value) == (
        f"GenerateVideosConfig() got an unexpected keyword argument '{name}x'; {hint}"
    )

    with pytest.raises(ValueError, match=r"^") as refused:
        GenerateVideosConfig.of(misspelt)
    assert str(refused.value) == f"config: there is no field '{name}x'; {hint}"


def test_a_key_that_is_no_string_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^config: there is no field '1'; accepted are aspect_r"):
        GenerateVideosConfig.of({1: 2})  # type: ignore[arg-type]  # the key is wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("negative_prompt", _SECRET.encode()),
        ("labels", {"team": [_SECRET]}),
        ("labels", [_SECRET]),
        ("person_generation", [_SECRET]),
        ("person_generation", _SECRET * 100),
        ("last_frame", _SECRET),
        ("duration", _SECRET),
        ("generate_audio", _SECRET),
    ],
)
def test_no_error_repeats_a_long_or_strange_value(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^config\.{field}") as caught:
        GenerateVideosConfig(**{field: value})

    assert len(str(caught.value)) < 300
    assert _SECRET not in str(caught.value) or field == "person_generation"


def test_the_signature_still_shows_the_fields() -> None:
    parameters = inspect.signature(GenerateVideosConfig).parameters

    assert list(parameters) == list(GenerateVideosConfig.__dataclass_fields__)
