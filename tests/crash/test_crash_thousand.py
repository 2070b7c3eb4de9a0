# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A thousand operations during ten restarts: nothing is lost or submitted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.crash_thousand import KILLS, OPERATIONS, run

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 300


@pytest.mark.timeout(_GUARD_SECONDS)
async def test_a_thousand_operations_during_ten_restarts(tmp_path: Path) -> None:
    outcome = await run(tmp_path, seed=0)
    assert outcome.restarts == KILLS
    assert outcome.succeeded + outcome.unknown == OPERATIONS
    # Only submissions that a kill interrupted may have an unknown outcome.
    assert outcome.unknown <= KILLS * 12
