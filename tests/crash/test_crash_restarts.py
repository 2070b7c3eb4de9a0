# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations during restarts: nothing is lost or submitted twice. `make crash` runs more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.crash_restarts import Scale, run

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 300
_SCALE = Scale(operations=300, kills=4)


@pytest.mark.timeout(_GUARD_SECONDS)
async def test_three_hundred_operations_during_four_restarts(tmp_path: Path) -> None:
    outcome = await run(tmp_path, _SCALE, seed=0)
    assert outcome.restarts == _SCALE.kills
    assert outcome.succeeded + outcome.unknown == _SCALE.operations
    # Only submissions that a kill interrupted may have an unknown outcome.
    assert outcome.unknown <= _SCALE.kills * 12
