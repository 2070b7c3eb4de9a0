# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Replicas are replaced one by one under load: `make cluster-update` begins at an older commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cluster.cluster_trial import Scale
from cluster.cluster_update import update

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 600
_SCALE = Scale(operations=30, seconds=8)


@pytest.mark.cluster
@pytest.mark.timeout(_GUARD_SECONDS)
async def test_no_call_fails_for_good_while_replicas_are_replaced(tmp_path: Path) -> None:
    outcome = await update(tmp_path, _SCALE, seed=1)
    assert outcome.faults == {"update": 3}
    # A replica that stops in order leaves no submission with an unknown outcome.
    assert outcome.states.keys() <= {"succeeded", "cancelled"}
