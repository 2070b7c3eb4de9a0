# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Words in a prompt choose an outcome, and the document lists them all."""

from __future__ import annotations

import re
from pathlib import Path

from veo_simulator.directives import DIRECTIVES, parse

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"


def test_directives_are_read_and_taken_out_of_the_prompt() -> None:
    chosen = parse('a [sim:fail message="no luck"] dog [sim:latency seconds=2.5]')
    assert chosen.prompt == "a  dog"
    assert chosen.text("fail", "message", "") == "no luck"
    assert chosen.number("latency", "seconds", 0) == 2.5
    assert "never" not in chosen
    assert chosen.number("size", "bytes", 7) == 7


def test_a_prompt_without_any_is_left_alone() -> None:
    assert parse("brackets [like these] stay").prompt == "brackets [like these] stay"


def test_the_document_lists_every_directive_and_no_other() -> None:
    assert set(re.findall(r"`\[sim:([a-z-]+)\]`", DOCUMENT.read_text())) == set(DIRECTIVES)
