# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Polls stay within the limit per second, and the likeliest ends are polled first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fakes.clock import FakeClock
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from hypothesis import given
from hypothesis import strategies as some
from longtake_server.operations.breaker import Breakers
from longtake_server.operations.model import Code, Failure, State, StoredVideo
from longtake_server.operations.polling.budget import PollBudget
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.upstream import Finished, Running
from storage.storage_records import new_record

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.model import OperationRecord

DOWN = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "refused")
DONE = Finished((StoredVideo("key"),))


def budget(
    most: int, clock: FakeClock, chances: dict[str, float] | None = None
) -> tuple[PollBudget, asyncio.Event]:
    changed = asyncio.Event()
    likely = chances or {}
    breakers = Breakers(clock, lambda _failures, _asked: 1.0, lambda _upstream, _failure: None)
    polls = PollBudget(most, clock, lambda name: likely.get(name, 1.0), breakers, changed)
    return polls, changed


class TickingClock(FakeClock):
    """Never returns the same time twice, like a real clock."""

    def monotonic(self) -> float:
        self.advance(1e-6)
        return super().monotonic()


def test_one_that_waits_for_an_upstream_that_was_away_goes_once_it_may_be_tried() -> None:
    clock = TickingClock()
    breakers = Breakers(clock, lambda _failures, _asked: 1.0, lambda _upstream, _failure: None)
    polls = PollBudget(10, clock, lambda _name: 1.0, breakers, asyncio.Event())
    first, second = records(2)
    breakers.unanswered("one", first.name, DOWN, surely=True)
    assert not polls.admit(first)
    assert not polls.admit(second)
    assert polls.granted() == frozenset()
    clock.advance(1.0)
    (name,) = polls.granted()
    assert polls.granted() == frozenset()
    assert polls.admit(first if name == first.name else second)


def records(number: int, upstream: str = "one") -> list[OperationRecord]:
    return [replace(new_record(), upstream=upstream) for _ in range(number)]


def test_so_many_go_and_the_others_wait_a_second() -> None:
    clock = FakeClock()
    polls, changed = budget(2, clock)
    first, second, third = records(3)
    assert [polls.admit(each) for each in (first, second)] == [True, True]
    assert not changed.is_set()
    assert not polls.admit(third)
    assert changed.is_set()
    assert polls.granted() == frozenset()
    assert polls.seconds_to_next() == 1.0
    clock.advance(1.0)
    assert polls.granted() == {third.name}
    assert polls.granted() == frozenset()
    assert polls.admit(third)
    assert polls.seconds_to_next() is None


def test_each_upstream_has_its_own() -> None:
    polls, _ = budget(1, FakeClock())
    assert polls.admit(records(1, "one")[0])
    assert polls.admit(records(1, "two")[0])


def test_those_go_first_that_have_likely_ended() -> None:
    clock = FakeClock()
    going, *waiting = records(4)
    chances = {record.name: chance for record, chance in zip(waiting, (0.1, 0.9, 0.5), strict=True)}
    polls, _ = budget(1, clock, chances)
    polls.admit(going)
    for record in waiting:
        assert not polls.admit(record)
    order: list[float] = []
    while len(order) < 3:
        clock.advance(1.0)
        (name,) = polls.granted()
        assert polls.admit(next(record for record in waiting if record.name == name))
        order.append(chances[name])
    assert order == [0.9, 0.5, 0.1]


def test_a_place_that_is_not_taken_goes_to_another() -> None:
    clock = FakeClock()
    polls, changed = budget(1, clock)
    going, gone, waiting = records(3)
    polls.admit(going)
    polls.admit(gone)
    clock.advance(1.0)
    assert polls.granted() == {gone.name}
    assert not polls.admit(waiting)
    changed.clear()
    polls.forget(gone.name)
    assert changed.is_set()
    assert polls.granted() == {waiting.name}


@given(some.integers(1, 4), some.lists(some.tuples(some.integers(0, 9), some.floats(0, 0.7))))
def test_the_limit_holds_in_every_second(most: int, calls: list[tuple[int, float]]) -> None:
    clock = FakeClock()
    polls, _ = budget(most, clock)
    all_records = records(10)
    began: list[float] = []
    for number, pause in calls:
        clock.advance(pause)
        polls.granted()
        if polls.admit(all_records[number]):
            began.append(clock.monotonic())
    for time in began:
        assert sum(time - 1.0 < other <= time for other in began) <= most


async def _step_all_due(parts: Engine) -> None:
    await parts.dispatcher.step()
    now = parts.clock.now()
    for work in await parts.store.take("test", now, now + timedelta(minutes=1), 100):
        due = await parts.driver.step(work.name)
        if due is not None:
            await parts.store.again(work, due)


async def test_all_are_polled_though_few_at_a_time(tmp_path: Path) -> None:
    script = ScriptedUpstream(
        submissions=[f"up/{number}" for number in range(6)], polls=[Running()] * 6 + [DONE] * 6
    )
    pacing = Pacing(1.0, 1.0)
    async with engine(tmp_path, script, pacing=pacing, max_polls_per_second=2) as parts:
        accepted = [await parts.accept() for _ in range(6)]
        await _step_all_due(parts)
        assert script.polled == []
        for second in range(1, 7):
            parts.clock.advance(1.0)
            await _step_all_due(parts)
            assert len(script.polled) == 2 * second
        states = [(await parts.ledger.get(record.name)).state for record in accepted]
        assert states == [State.SUCCEEDED] * 6
