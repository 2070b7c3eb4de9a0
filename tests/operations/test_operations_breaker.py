# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An upstream that does not answer is probed by one call at a time; the others wait."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.breaker import Breakers
from longtake_server.operations.model import Code, Failure, OperationRecord, State
from longtake_server.operations.polling.backoff import Backoff
from longtake_server.operations.store import Filter
from longtake_server.operations.upstream import NotNow, OutcomeUnknown, Rejected, Running
from operations.operations_admitted import step_until_none_goes

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine

DOWN = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "connection refused", {"upstream": "up"})
BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")
QUEUED = 40


def away() -> NotNow:
    """Return the error of a call that reaches no upstream."""
    return NotNow(DOWN, reached=False)


class Told:
    """Breakers and the changes that they reported."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.changes: list[tuple[str, Failure | None]] = []
        backoff = Backoff(longest_seconds=2.0)
        self.breakers = Breakers(
            self.clock,
            lambda failures, retry_after: backoff.after(failures, 0.0, retry_after),
            lambda upstream, failure: self.changes.append((upstream, failure)),
        )

    def fail(self, name: str = "a", *, surely: bool = True) -> float:
        self.breakers.begin("up", name)
        return self.breakers.unanswered("up", name, DOWN, surely=surely)


def test_one_call_that_surely_started_nothing_opens_it() -> None:
    told = Told()
    assert told.fail() == 1.0
    assert not told.breakers.allows("up", "a")
    assert told.breakers.allows("another", "a")
    assert told.changes == [("up", DOWN)]


def test_a_call_that_may_have_failed_by_its_own_fault_opens_it_the_third_time_in_a_row() -> None:
    told = Told()
    for _ in range(2):
        assert told.fail(surely=False) == 0.0
    told.breakers.answered("up")
    for _ in range(2):
        told.fail(surely=False)
    assert told.breakers.is_closed("up")
    told.fail(surely=False)
    assert not told.breakers.is_closed("up")


def test_one_call_at_a_time_probes_and_the_waits_grow() -> None:
    told = Told()
    told.fail()
    waits = []
    for _ in range(5):
        opens_at = told.breakers.opens_at("up")
        assert opens_at is not None
        told.clock.advance(opens_at - told.clock.monotonic())
        assert told.breakers.allows("up", "a")
        told.breakers.begin("up", "a")
        assert told.breakers.opens_at("up") is None
        assert told.breakers.allows("up", "a")
        assert not told.breakers.allows("up", "b")
        waits.append(told.breakers.unanswered("up", "a", DOWN))
    assert waits == [2.0, 2.0, 2.0, 2.0, 2.0]
    assert told.changes == [("up", DOWN)]


def test_an_answer_closes_it_and_is_told_once() -> None:
    told = Told()
    told.fail()
    told.breakers.answered("up")
    told.breakers.answered("up")
    assert told.changes == [("up", DOWN), ("up", None)]
    assert told.breakers.answering() == {"up": True}
    assert told.fail() == 1.0


def test_calls_under_way_when_it_opens_make_the_wait_no_longer() -> None:
    told = Told()
    for name in "abc":
        told.breakers.begin("up", name)
    assert [told.breakers.unanswered("up", name, DOWN, surely=True) for name in "abc"] == [1.0] * 3


def test_a_wait_that_the_upstream_asks_for_is_honoured() -> None:
    told = Told()
    assert told.breakers.unanswered("up", "a", DOWN, 30.0, surely=True) == 30.0


def test_a_probe_that_is_not_made_frees_the_place_after_a_second() -> None:
    told = Told()
    told.fail()
    told.clock.advance(1.0)
    told.breakers.begin("up", "gone")
    told.breakers.release("up", "other")
    assert not told.breakers.allows("up", "a")
    told.breakers.release("up", "gone")
    assert not told.breakers.allows("up", "a")
    told.clock.advance(1.0)
    assert told.breakers.allows("up", "a")


def test_after_a_restart_one_call_finds_out_and_nothing_is_told_yet() -> None:
    told = Told()
    told.breakers.suspect(["up"])
    assert told.breakers.allows("up", "a")
    told.breakers.begin("up", "a")
    assert not told.breakers.allows("up", "b")
    assert told.breakers.outage("up") is None
    told.breakers.answered("up")
    assert told.changes == []


def test_an_outage_says_why_and_when_it_is_tried_again() -> None:
    told = Told()
    assert told.breakers.outage("up") is None
    told.fail()
    outage = told.breakers.outage("up")
    assert outage is not None
    assert outage.failure == DOWN
    assert outage.retry_time == told.clock.now() + timedelta(seconds=1)
    assert told.breakers.answering() == {"up": False}


async def accept_many(parts: Engine) -> list[OperationRecord]:
    return [await parts.accept() for _ in range(QUEUED)]


async def stored(parts: Engine, records: list[OperationRecord]) -> list[OperationRecord]:
    return [await parts.store.get(record.name) for record in records]


async def pass_seconds(parts: Engine, seconds: int) -> None:
    for _ in range(seconds):
        parts.clock.advance(1.0)
        await step_until_none_goes(parts)


async def test_many_that_wait_cost_one_attempt_a_second_and_no_revision(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[away()] * 60)
    async with engine(tmp_path, script) as parts:
        await parts.accept()
        await step_until_none_goes(parts)
        records = await accept_many(parts)
        await pass_seconds(parts, 60)
        assert 10 <= len(script.submitted) <= 60
        tried = set(script.submitted)
        waiting = [one for one in await stored(parts, records) if one.name not in tried]
        assert len(waiting) >= QUEUED // 2
        assert {one.revision for one in waiting} == {1}
        assert len(parts.outages) == 1
        script.forget_left()


async def test_all_go_on_within_ten_seconds_of_the_first_answer(tmp_path: Path) -> None:
    down: list[str | Exception] = [away()] * 5
    up: list[str | Exception] = [f"up/{number}" for number in range(QUEUED)]
    async with engine(
        tmp_path, ScriptedUpstream(submissions=[*down, *up], polls=[Running()] * 1000)
    ) as parts:
        records = await accept_many(parts)
        await step_until_none_goes(parts)
        while len(parts.upstream.submitted) <= len(down):
            await pass_seconds(parts, 1)
        await pass_seconds(parts, 10)
        assert {one.state for one in await stored(parts, records)} == {State.RUNNING}
        assert parts.outages == [("scripted", DOWN), ("scripted", None)]
        parts.upstream.forget_left()


async def test_who_waits_is_told_why_without_a_revision(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[away()])) as parts:
        tried, waits = await parts.accept(), await parts.accept()
        await parts.driver.step(tried.name)
        told = await parts.service.get(waits.name, ANYONE)
        assert told.revision == 1
        assert told.last_refusal is not None
        assert told.last_refusal.reason == "UPSTREAM_UNAVAILABLE"
        assert told.last_refusal.message == DOWN.message
        assert told.next_retry_time == parts.clock.now() + timedelta(seconds=1)
        page = await parts.service.list(Filter(), ANYONE, 10, None)
        assert [one.last_refusal for one in page.records] == [told.last_refusal] * 2
        async with aclosing(await parts.service.watch(waits.name, ANYONE, 0, 30)) as watch:
            assert await anext(watch) == told
        assert await parts.service.wait(waits.name, ANYONE, 0, 30) == told
        assert (await parts.store.get(waits.name)).last_refusal is None
        assert (await parts.store.get(tried.name)).last_refusal == told.last_refusal


async def test_a_refusal_is_forgotten_once_a_submission_is_accepted(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[NotNow(BUSY, 5.0), "up/1"])) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        refusal = (await parts.store.get(name)).last_refusal
        assert refusal is not None
        assert refusal.reason == "UPSTREAM_QUOTA"
        assert parts.outages == []
        parts.clock.advance(5.0)
        await parts.driver.step(name)
        assert (await parts.store.get(name)).last_refusal is None


@pytest.mark.parametrize("answer", ["up/1", Rejected(BUSY), NotNow(BUSY)])
async def test_any_answer_to_the_probe_lets_the_others_go(
    tmp_path: Path, answer: str | Exception
) -> None:
    script = ScriptedUpstream(submissions=[away(), answer])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        parts.clock.advance(1.0)
        await parts.driver.step(name)
        assert parts.core.breakers.is_closed("scripted")


async def test_answers_of_503_hold_the_others_back_after_three(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(DOWN)] * 3)
    async with engine(tmp_path, script) as parts:
        records = await accept_many(parts)
        for record in records[:4]:
            await parts.driver.step(record.name)
        assert len(script.submitted) == 3
        assert parts.outages == [("scripted", DOWN)]


async def test_unknown_outcomes_hold_the_others_back_after_three(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[OutcomeUnknown("HTTP 500")] * 3)
    async with engine(tmp_path, script) as parts:
        records = await accept_many(parts)
        for record in records[:4]:
            await parts.driver.step(record.name)
        assert len(script.submitted) == 3
        assert (await parts.store.get(records[3].name)).state is State.QUEUED


async def test_polls_find_out_that_the_upstream_is_away_and_one_probes_it(tmp_path: Path) -> None:
    script = ScriptedUpstream(
        submissions=["up/1", "up/2", "up/3"], polls=[*[NotNow(DOWN)] * 3, Running()]
    )
    async with engine(tmp_path, script) as parts:
        records = [await parts.accept() for _ in range(3)]
        for record in records:
            await parts.driver.step(record.name)
        for record in records:
            await parts.driver.step(record.name)
        assert parts.outages == [("scripted", DOWN)]
        waits = await parts.accept()
        await parts.driver.step(waits.name)
        assert len(script.submitted) == 3
        for record in records:
            due = await parts.driver.step(record.name)
            assert due == parts.clock.now() + timedelta(seconds=60)
        assert len(script.polled) == 3
        parts.clock.advance(1.0)
        await parts.dispatcher.step()
        for record in records:
            await parts.driver.step(record.name)
        assert len(script.polled) == 4
        assert parts.outages[1:] == [("scripted", None)]


async def test_a_running_one_is_given_up_when_the_upstream_stays_away(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[away()])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        for _ in range(3):
            await parts.driver.step(name)
        parts.clock.advance(timedelta(days=1, hours=1, seconds=1).total_seconds())
        await parts.driver.step(name)
        failure = (await parts.store.get(name)).failure
        assert failure is not None
        assert failure.reason == "GENERATION_TIMEOUT"


@pytest.mark.parametrize("leaving", ["cancel", "delete"])
async def test_a_probe_that_leaves_holds_nobody_up(tmp_path: Path, leaving: str) -> None:
    script = ScriptedUpstream(submissions=[away(), "up/1"], polls=[Running()] * 9)
    async with engine(tmp_path, script) as parts:
        first, second = await parts.accept(), await parts.accept()
        await parts.driver.step(first.name)
        await parts.driver.step(second.name)
        parts.clock.advance(1.0)
        # The dispatcher grants the probe to the waiting operation.
        await parts.dispatcher.step()
        await getattr(parts.service, leaving)(second.name, ANYONE)
        await pass_seconds(parts, 2)
        assert (await parts.store.get(first.name)).state is State.RUNNING
        script.forget_left()


async def test_after_a_restart_one_goes_first(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream()) as parts:
        records = await accept_many(parts)
    script = ScriptedUpstream(submissions=[away()])
    async with engine(tmp_path, script, clock=parts.clock) as parts:
        for record in records:
            await parts.driver.step(record.name)
        assert len(script.submitted) == 1
