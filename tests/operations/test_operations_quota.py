# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The limit per minute holds as the upstream counts, whenever it receives a submission."""

from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st
from longtake_server.operations.admission.quota import MINUTE_SECONDS, Quota, QuotaLimits

PER_MINUTE = 3


def test_a_submission_counts_for_a_minute_after_its_answer() -> None:
    quota = Quota(QuotaLimits(per_minute=1))
    quota.start_submission("one", 0.0)
    assert quota.opens_at(65.0) == 125.0
    quota.leave("one", 70.0)
    assert quota.opens_at(71.0) == 130.0
    assert quota.is_open(130.0)


def test_a_submission_that_was_not_sent_does_not_count() -> None:
    quota = Quota(QuotaLimits(per_minute=1))
    quota.start_submission("one", 0.0)
    quota.uncount_submission("one")
    quota.leave("one", 1.0)
    assert quota.is_open(1.0)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),  # the pause before the next try
            st.integers(0, 90),  # the time until the upstream receives it
            st.integers(0, 90),  # the time from then until its answer
        ),
        min_size=PER_MINUTE,
        max_size=60,
    )
)
def test_no_minute_has_more_arrivals_than_its_limit(tries: list[tuple[int, int, int]]) -> None:
    quota = Quota(QuotaLimits(per_minute=PER_MINUTE))
    arrivals: list[float] = []
    answers: list[tuple[float, str]] = []
    now = 0.0
    for number, (pause, on_the_way, back) in enumerate(tries):
        now += pause
        while answers and answers[0][0] <= now:
            answered, name = heapq.heappop(answers)
            quota.leave(name, answered)
        if quota.is_open(now):
            quota.start_submission(str(number), now)
            arrivals.append(now + on_the_way)
            heapq.heappush(answers, (arrivals[-1] + back, str(number)))
    for start in arrivals:
        assert sum(start <= each < start + MINUTE_SECONDS for each in arrivals) <= PER_MINUTE
