# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Nobody can forge a line of the log, or control the terminal that shows it."""

from __future__ import annotations

import json
import logging

import pytest
from longtake_server.telemetry.logs import JsonFormatter, TextFormatter

FORGED = [
    "ads\n2026-11-28 12:00:00 INFO call principal=admin",
    "ads\r\nERROR",
    "ads\x1b[2J\x1b]0;title\x07",
    "ads\x85next\u2028line\u2029paragraph\x0b\x0c",
]


def record(value: str) -> logging.LogRecord:
    made = logging.LogRecord("longtake_server", logging.INFO, "", 0, "call", None, None)
    made.principal = value
    return made


@pytest.mark.parametrize("value", FORGED)
def test_a_value_with_control_characters_stays_on_its_line(value: str) -> None:
    line = TextFormatter().format(record(value))

    assert line.isprintable()
    assert " INFO call principal=ads\\" in line


@pytest.mark.parametrize("value", FORGED)
def test_a_line_of_json_holds_the_value_as_it_is(value: str) -> None:
    line = JsonFormatter().format(record(value))

    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["principal"] == value


def test_readable_text_stays_as_it_is() -> None:
    line = TextFormatter().format(record("spiffe://example.org/übersee a=b"))

    assert line.endswith(" INFO call principal=spiffe://example.org/übersee a=b")
