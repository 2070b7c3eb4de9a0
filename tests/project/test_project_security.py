# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each threat in docs/security.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text()
THREATS = [line for line in TEXT.partition("## Threats")[2].splitlines() if line.startswith("| **")]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def title(row: str) -> str:
    found = re.search(r"\*\*(.+?)\*\*", row)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("row", THREATS, ids=title)
def test_a_threat_has_an_answer_and_tests_that_exist(row: str) -> None:
    _, _, answer, tried_by, _ = row.split("|")
    named = TEST.findall(tried_by)

    assert answer.strip()
    assert named
    assert tried_by.count("::") == len(named)
    for file, name in named:
        defined = re.findall(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
        assert len(defined) == 1, f"{file}::{name}"


def test_the_document_covers_the_threats_of_a_service_that_spends_money() -> None:
    rows = "\n".join(THREATS).lower()

    for threat in (
        "spoofing", "downgrade", "another's data", "inference", "timing", "label budgets",
        "budget races", "budget leaks", "credentials that end", "request ids", "rapid reset",
        "bombs", "slow readers", "huge requests", "ssrf", "path traversal", "log injection",
        "secrets", "supply chain", "upstream answers", "push forgery", "disk loss",
    ):  # fmt: skip
        assert threat in rows, threat
