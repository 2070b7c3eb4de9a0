# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics distinguish principals only if a setting asks for it, and only so many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import StartFailure
from longtake_server.settings import load_settings
from longtake_server.telemetry.principals import MetricPrincipals

if TYPE_CHECKING:
    from pathlib import Path


def test_by_default_there_is_no_attribute() -> None:
    assert MetricPrincipals(0).attribute("ann") == {}


def test_further_principals_are_other() -> None:
    principals = MetricPrincipals(100)
    named = [principals.attribute(str(number))["longtake.principal"] for number in range(150)]
    assert named[:100] == [str(number) for number in range(100)]
    assert set(named[100:]) == {"other"}
    assert principals.attribute("7") == {"longtake.principal": "7"}


@pytest.mark.parametrize(
    ("text", "most"), [("true", 100), ("false", 0), ("TRUE", 100), ("25", 25), ("0", 0)]
)
def test_the_setting_is_a_word_or_a_number(
    monkeypatch: pytest.MonkeyPatch, text: str, most: int
) -> None:
    monkeypatch.setenv("LONGTAKE_METRIC_PRINCIPALS", text)
    assert load_settings(None).metric_principals == most


@pytest.mark.parametrize("word", ["true", "false"])
def test_a_file_may_have_a_boolean(tmp_path: Path, word: str) -> None:
    file = tmp_path / "longtake.toml"
    file.write_text(f"metric_principals = {word}\n")
    assert load_settings(file).metric_principals == (100 if word == "true" else 0)


@pytest.mark.parametrize("text", ["101", "-1", "all"])
def test_another_value_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LONGTAKE_METRIC_PRINCIPALS", text)
    with pytest.raises(StartFailure, match="true, false, or a whole number from 0 to 100"):
        load_settings(None)
