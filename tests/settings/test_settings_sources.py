# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where settings come from, and what is said when they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import StartFailure
from longtake_server.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_all_have_defaults_and_a_description() -> None:
    assert Settings().listen == "127.0.0.1:50051"
    assert all(field.description for field in Settings.model_fields.values())


def test_a_variable_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "longtake.toml"
    file.write_text('listen = "0.0.0.0:1"\nmax_watches = 7\n')
    monkeypatch.setenv("LONGTAKE_LISTEN", "127.0.0.1:2")
    settings = load_settings(file)
    assert (settings.listen, settings.max_watches) == ("127.0.0.1:2", 7)


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "longtake.toml"
    file.write_text("listne = 1\n")
    with pytest.raises(StartFailure, match="listne"):
        load_settings(file)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "longtake.toml"
    file.write_text("= = =")
    with pytest.raises(StartFailure, match=r"longtake\.toml"):
        load_settings(file)


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    google(monkeypatch, google_project="p", google_access_token="hush")
    settings = load_settings(None)
    assert "hush" not in f"{settings} {settings!r} {settings.model_dump()}"


def google(monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
    for name, value in {"upstream": "agent_platform", **given}.items():
        monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)


def test_locations_are_a_text_with_commas_or_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    google(monkeypatch, google_project="p")
    file = tmp_path / "longtake.toml"
    file.write_text('google_fallback_locations = ["us-east4"]\n')
    assert load_settings(file).google_fallback_locations == ("us-east4",)
    monkeypatch.setenv("LONGTAKE_GOOGLE_FALLBACK_LOCATIONS", "europe-west4, us-east4")
    assert load_settings(file).google_fallback_locations == ("europe-west4", "us-east4")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"google_fallback_locations": "us-central1"}, "each location once"),
        ({"google_fallback_locations": "us-east4,us-east4"}, "each location once"),
        ({"google_fallback_locations": "Europe/West"}, "LOCATIONS: a location is lower-case"),
        (
            {"google_fallback_locations": "us-east4", "google_api_key": "k"},
            "LOCATIONS needs LONGTAKE_GOOGLE_PROJECT",
        ),
    ],
)
def test_locations_that_cannot_be_used_are_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    google(monkeypatch, **{} if "google_api_key" in given else {"google_project": "p"}, **given)
    with pytest.raises(StartFailure, match=says):
        load_settings(None)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().listen = "elsewhere"
