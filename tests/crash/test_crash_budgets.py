# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations under budgets during restarts: nothing stays reserved, and every sum is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.crash_budgets import run

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 300


@pytest.mark.timeout(_GUARD_SECONDS)
async def test_after_restarts_nothing_is_reserved_and_the_sums_are_right(tmp_path: Path) -> None:
    outcome = await run(tmp_path, operations=150, kills=3, seed=0)
    assert outcome.restarts == 3
    assert outcome.spent_micros > 0
