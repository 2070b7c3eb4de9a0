# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of pacing counts right; what it promises is measured, not tested."""

from __future__ import annotations

import random

import pytest

from benchmarks import pacing
from benchmarks.latency_mixes import MIXES, Mix


def drawn(*seconds: float) -> list[pacing.Generation]:
    return [
        pacing.Generation(f"operations/{number}", "model", 100.0 * number, each)
        for number, each in enumerate(seconds)
    ]


def test_a_fixed_poller_is_late_by_what_is_left_of_its_interval() -> None:
    spent = pacing.fixed(drawn(19.0, 40.0, 1.5), 10.0)
    assert spent.polls == pytest.approx((2 + 4 + 1) / 3)
    assert spent.delay_seconds == pytest.approx((1 + 0 + 8.5) / 3)


def test_the_table_has_each_mix_and_promises_what_can_be_foreseen() -> None:
    table = pacing.measure(30, samples=1000, seed=1)
    assert [row[0] for row in table.rows] == [mix.name for mix in MIXES]
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert len(table.budgets) == 2 * sum(mix.foreseeable for mix in MIXES)
    assert pacing.measure(30, samples=1000, seed=1) == table


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_latencies_are_what_an_upstream_may_take(mix: Mix) -> None:
    chance = random.Random(1)  # noqa: S311 - latencies are no secrets
    seconds = sorted(mix.draw(chance, number / 5000)[1] for number in range(5000))
    assert seconds[0] >= 11
    assert seconds[-1] <= 900
    median, latest = seconds[2500], seconds[4950]
    assert latest > 1.3 * median
