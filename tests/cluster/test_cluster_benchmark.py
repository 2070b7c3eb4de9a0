# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of a cluster runs, with numbers that say nothing about speed."""

from __future__ import annotations

import pytest

from benchmarks import cluster


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_every_part_of_a_cluster_is_measured() -> None:
    table = cluster.measure(
        rounds=1,
        seconds=0.2,
        per_second=20.0,
        changes=2,
        losses=1,
        watchers=6,
        generation_seconds=0.1,
    )

    assert [row[1] for row in table.rows] == ["1", "2", "4", *"333333", "1", "3", *"333"]
    assert len(table.budgets) == 7
