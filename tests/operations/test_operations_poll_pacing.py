# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operation names, backoff, poll plans and learned latencies."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some
from longtake_server.operations.names import new_operation_name
from longtake_server.operations.polling.backoff import Backoff
from longtake_server.operations.polling.latencies import EDGES, MIDDLES, Latencies, bucket_of
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.polling.plan import PollPlan, best_plan, plan_at_price

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def learned(*seconds: float, within: float = 0.5) -> Latencies:
    latencies = Latencies()
    for each in seconds:
        latencies.learn(each - within, each + within)
    return latencies


def near(latencies: Latencies, seconds: float) -> float:
    """Return the weight of generations that took about this long, within a few buckets."""
    middle = bucket_of(seconds)
    return sum(latencies.weights.get(bucket, 0.0) for bucket in range(middle - 3, middle + 4))


def polls_of(plan: PollPlan, until: float) -> list[float]:
    polls = [plan.after(0.0)]
    while polls[-1] < until:
        polls.append(plan.after(polls[-1]))
    return polls


def cost(plan: PollPlan, masses: list[float], price: float) -> float:
    """Return the cost of a plan by adding up its polls one by one."""
    total, here = 0.0, 0.0
    while here < EDGES[-1]:
        there = plan.after(here)
        start, end = EDGES.index(here), EDGES.index(there)
        total += price * math.fsum(masses[start:])
        total += math.fsum(masses[at] * (there - MIDDLES[at]) for at in range(start, end))
        here = there
    return total


def least_cost(masses: list[float], price: float) -> float:
    """Return the least cost of any plan by trying each next poll from each edge."""
    least = [0.0] * len(EDGES)
    for edge in range(len(EDGES) - 2, -1, -1):
        left, late, options = math.fsum(masses[edge:]), 0.0, []
        ended = 0.0
        for poll in range(edge + 1, len(EDGES)):
            late += ended * (EDGES[poll] - EDGES[poll - 1])
            late += masses[poll - 1] * (EDGES[poll] - MIDDLES[poll - 1])
            ended += masses[poll - 1]
            options.append(late + least[poll])
        least[edge] = price * left + min(options)
    return least[0]


def test_names_are_uuids_of_version_7_that_sort_by_time() -> None:
    names = [new_operation_name(NOW + timedelta(milliseconds=step)) for step in range(100)]
    assert names == sorted(names)
    assert len({new_operation_name(NOW) for _ in range(1000)}) == 1000
    identifier = uuid.UUID(names[0].removeprefix("operations/"))
    assert identifier.version == 7
    assert identifier.variant == uuid.RFC_4122
    assert identifier.int >> 80 == int(NOW.timestamp() * 1000)


def test_a_generation_that_ended_between_two_polls_counts_as_one() -> None:
    latencies = learned(60, within=10)
    assert latencies.weight == pytest.approx(1)
    assert 50 <= latencies.median() <= 70
    assert math.fsum(latencies.masses()) == pytest.approx(1)


@given(some.lists(some.tuples(some.floats(0, 5000), some.floats(0, 500)), max_size=30))
def test_what_is_learned_stays_a_probability(ends: list[tuple[float, float]]) -> None:
    latencies = Latencies()
    for running_at, longer in ends:
        latencies.learn(running_at, running_at + longer)
    masses = latencies.masses()
    assert math.fsum(masses) == pytest.approx(1)
    assert min(masses) > 0
    assert 0.9 * len(ends) <= latencies.weight <= len(ends) + 1e-9


def test_what_is_wide_is_narrowed_by_what_is_known() -> None:
    latencies = learned(*[60.0] * 50)
    before = near(latencies, 60)
    latencies.learn(40, 80)
    assert near(latencies, 60) - before > 0.7


def test_newer_generations_outweigh_older_ones() -> None:
    latencies = learned(*[60.0] * 400, *[75.0] * 400)
    assert latencies.median() == pytest.approx(75, abs=2)
    assert latencies.weight < 201


def test_latencies_outlive_other_buckets() -> None:
    latencies = learned(60, 61, 62, 200)
    assert Latencies.restored(latencies.pairs()).weights == pytest.approx(latencies.weights)
    assert Latencies.restored([(60.001, 1.0), (60.002, 2.0)]).weights == {bucket_of(60): 3.0}


@pytest.mark.parametrize("price", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("seconds", [(), (60, 60, 61, 62), (45, 110, 110, 400)])
def test_no_plan_costs_less(seconds: tuple[float, ...], price: float) -> None:
    masses = learned(*seconds).masses()
    plan = plan_at_price(masses, price)
    assert cost(plan, masses, price) == pytest.approx(least_cost(masses, price))
    assert plan.delay_seconds + price * plan.polls == pytest.approx(cost(plan, masses, price))


def test_a_plan_reaches_the_delay_or_spends_what_is_allowed() -> None:
    masses = learned(*[60.0] * 100).masses()
    ample = best_plan(masses, 0.5, most_polls=1000)
    assert ample.delay_seconds <= 0.5
    scarce = best_plan(masses, 0.5, most_polls=2)
    assert scarce.polls <= 2
    assert scarce.delay_seconds > 0.5
    assert best_plan(masses, 1.0, most_polls=1000).polls < ample.polls


def test_polls_are_placed_where_generations_end() -> None:
    polls = polls_of(Pacing().plan(learned(*[60.0] * 100)), until=100)
    assert sum(55 < poll < 65 for poll in polls) >= 3
    assert sum(poll < 50 for poll in polls) <= 1


def test_before_anything_is_known_polls_come_less_often_as_time_goes_by() -> None:
    polls = polls_of(Pacing().plan(Latencies()), until=600)
    waits = [later - earlier for earlier, later in pairwise(polls)]
    assert polls[0] < 5
    assert waits[3] < 5
    assert waits[-1] > 5


def test_the_chance_of_an_end_grows_with_time() -> None:
    plan = Pacing().plan(learned(*[60.0] * 100))
    chances = [plan.chance_of_end(20, now) for now in (20, 50, 59.5, 60.5, 70, 5000)]
    assert chances == sorted(chances)
    assert chances[0] == 0
    assert chances[1] < 0.1
    assert chances[4] > 0.9
    assert chances[-1] == 1


@given(some.floats(0, 10_000), some.floats(0, 1))
def test_waits_are_within_bounds(elapsed: float, chance: float) -> None:
    pacing = Pacing(shortest_seconds=2, longest_seconds=30)
    wait = pacing.until_next_poll(PLAN, elapsed, chance)
    assert 2 <= wait <= 30


PLAN = Pacing().plan(learned(60, 60, 60))


@given(some.integers(1, 10_000), some.floats(0, 1), some.none() | some.floats(0, 1e4))
def test_backoff_is_bounded_and_honours_the_upstream(
    failures: int, chance: float, retry_after: float | None
) -> None:
    seconds = Backoff(1.0, 60.0).after(failures, chance, retry_after)
    assert seconds >= (retry_after or 0.0)
    assert 0.5 <= seconds <= max(60.0, retry_after or 0.0)
