# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations at three replicas while these and the database are harmed.

`make cluster-trial` runs more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cluster.cluster_trial import Scale, most_at_once, most_within, run

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 600
_SCALE = Scale(operations=30, seconds=15)


@pytest.mark.cluster
@pytest.mark.timeout(_GUARD_SECONDS)
async def test_no_promise_is_broken_while_replicas_and_the_database_fail(tmp_path: Path) -> None:
    outcome = await run(tmp_path, _SCALE, seed=1)
    assert outcome.faults["failover"] == 1
    assert sum(outcome.states.values()) == _SCALE.operations


def test_the_most_submissions_in_a_minute_are_counted_in_any_minute() -> None:
    assert most_within([], 60) == 0
    assert most_within([0, 30, 60, 89, 89.5, 120], 60) == 4


def test_the_most_at_once_share_a_moment() -> None:
    assert most_at_once([]) == 0
    assert most_at_once([(0, 2), (1, 3), (2, 4), (5, 4)]) == 2
    assert most_at_once([(0, 9), (1, 3), (2, 4)]) == 3
