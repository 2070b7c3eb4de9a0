# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Codes that Google gives for withheld videos are told in words."""

from __future__ import annotations

import pytest
from longtake.cli.support_codes import explained


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ([], ""),
        (["no codes here, 12345 and 123456789"], ""),
        (["Support codes: 29310472"], "29310472: celebrities"),
        (
            ["Support codes: 58061214, 78610348", "again 58061214", "unknown 11111111"],
            "58061214: children, 78610348: toxic content",
        ),
    ],
)
def test_known_codes_are_explained_once(reasons: list[str], told: str) -> None:
    assert explained(reasons) == told
