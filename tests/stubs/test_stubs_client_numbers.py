# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole numbers and truth values of other types, such as NumPy's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes.video_service import Call, video_service
from longtake.types import GenerateVideosConfig
from stubs.stubs_messages import MODEL, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

WHOLE = ("number_of_videos", "duration", "duration_seconds", "fps", "seed")
TRUTH = ("compressed", "enhance_prompt", "generate_audio")


class Indexed:
    """A whole number of nobody's library."""

    def __index__(self) -> int:
        return 4


@pytest.mark.parametrize("number", [np.int64(4), np.uint8(4), np.array(4), Indexed()])
@pytest.mark.parametrize("field", WHOLE)
def test_what_has_an_index_is_a_whole_number(field: str, number: Any) -> None:
    kept = getattr(GenerateVideosConfig(**{field: number}), field)

    assert (type(kept), kept) == (int, 4)


@pytest.mark.parametrize("given", [np.True_, np.False_, np.array(True)])
@pytest.mark.parametrize("field", TRUTH)
def test_a_numpy_bool_is_a_truth_value(field: str, given: Any) -> None:
    assert getattr(GenerateVideosConfig(**{field: given}), field) is bool(given)


@pytest.mark.parametrize("given", [8.0, "8", True, np.True_, np.float64(8), Decimal(8), [8]])
@pytest.mark.parametrize("field", WHOLE)
def test_what_is_not_whole_is_refused(field: str, given: Any) -> None:
    with pytest.raises(ValueError, match=rf"^config\.{field}: .* is not accepted; .*whole number"):
        GenerateVideosConfig(**{field: given})


@pytest.mark.parametrize("given", [1, 0, "true", np.int64(1), np.array([True]), None.__class__])
@pytest.mark.parametrize("field", TRUTH)
def test_a_number_is_no_truth_value(field: str, given: Any) -> None:
    with pytest.raises(ValueError, match=rf"^config\.{field}: .* it is True or False$"):
        GenerateVideosConfig(**{field: given})


@pytest.mark.parametrize("field", [name for name in WHOLE if name != "seed"])
def test_no_message_offers_what_no_model_takes(field: str) -> None:
    given: dict[str, Any] = {field: 1 << 31}
    with pytest.raises(ValueError, match=r"^") as caught:
        GenerateVideosConfig(**given)

    assert "2147483647" not in str(caught.value)
    assert "`client.models.get` says what a model takes" in str(caught.value)


def test_numbers_of_numpy_reach_the_contract(caller: MakeCaller) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(
            model=MODEL,
            prompt="a dog",
            config={"duration": np.int64(4), "seed": np.int64(7), "generate_audio": np.True_},
            priority=np.int64(3),
            queue_timeout=np.float32(1.5),
            allow_model_fallback=np.True_,
        )

        request = service.requests("GenerateVideos")[0]
        assert (request.config.duration_seconds, request.config.seed) == (4, 7)
        assert (request.priority, request.queue_timeout.ToMilliseconds()) == (3, 1500)
        assert (request.config.generate_audio, request.allow_model_fallback) == (True, True)
