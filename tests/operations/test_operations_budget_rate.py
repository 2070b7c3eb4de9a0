# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rate of requests: as many as the limit at once, and then evenly, to the microsecond."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from longtake_server.operations.budgets.gcra import MINUTE_MICROS, Bucket

NOW = 1_800_000_000_000_000


def full(per_minute: int, now: int = NOW) -> Bucket:
    bucket = Bucket().leaked(now, per_minute)
    for _ in range(per_minute):
        assert bucket.wait(per_minute) == 0
        bucket = bucket.with_request()
    return bucket


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1000])
def test_a_burst_as_large_as_the_limit_passes(per_minute: int) -> None:
    assert full(per_minute).wait(per_minute) == -(-MINUTE_MICROS // per_minute)


@given(st.integers(1, 1000), st.lists(st.integers(0, 40_000_000), max_size=60))
def test_the_wait_is_exact(per_minute: int, pauses: list[int]) -> None:
    bucket, now = full(per_minute), NOW
    for pause in pauses:
        now += pause
        wait = bucket.leaked(now, per_minute).wait(per_minute)
        if wait > 0:
            assert bucket.leaked(now + wait - 1, per_minute).wait(per_minute) == 1
            now += wait
        bucket = bucket.leaked(now, per_minute)
        assert bucket.wait(per_minute) == 0
        bucket = bucket.with_request()


def test_a_raise_counts_at_once_and_a_cut_too() -> None:
    bucket = full(2)
    assert bucket.wait(3) == 0
    assert bucket.wait(1) == 2 * MINUTE_MICROS


def test_a_clock_that_steps_resets_nothing_and_blocks_nobody() -> None:
    bucket = full(10)
    assert bucket.leaked(NOW - 1_000_000, 10) == bucket
    hour_before = NOW - 60 * MINUTE_MICROS
    assert bucket.leaked(hour_before, 10) == Bucket(0, hour_before)
