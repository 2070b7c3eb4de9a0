# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Admission within the quota of a model: limits, fairness, refusals and restarts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fakes.clock import FakeClock
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from google.protobuf.duration_pb2 import Duration
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.model import Code, Failure, State, StoredVideo
from longtake_server.operations.upstream import Finished, NotNow, OutcomeUnknown
from operations.operations_admitted import quotas, step_until_none_goes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.model import OperationRecord

DONE = Finished((StoredVideo("key"),))
BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")


def names(number: int) -> list[str]:
    return [f"up/{count}" for count in range(number)]


async def accept(parts: Engine, caller: str = "", **fields: object) -> OperationRecord:
    """Accept an operation one second after the previous one."""
    parts.clock.advance(1)
    return await parts.accept(caller, **fields)


async def states(parts: Engine, records: list[OperationRecord]) -> list[str]:
    return [(await parts.ledger.get(record.name)).state.name[0] for record in records]


async def test_no_more_run_than_the_model_takes_at_once(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(3), polls=[DONE] * 2)
    catalogue = quotas(tmp_path, max_concurrent=2)
    async with engine(tmp_path, script, catalogue=catalogue) as parts:
        records = [await accept(parts) for _ in range(3)]
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["R", "R", "Q"]
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["S", "S", "R"]


async def test_who_waits_is_not_looked_at_again_and_again(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(1))
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        for _ in range(3):
            await accept(parts)
        await step_until_none_goes(parts)
        now = parts.clock.now()
        await parts.store.take("test", now + timedelta(seconds=1), now + timedelta(days=9), 1)
        due = await parts.store.next_due(now)
        assert due == now - timedelta(seconds=1) + Limits().queue


async def test_a_minute_takes_as_many_as_the_model_does(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(3), polls=[DONE] * 2)
    catalogue = quotas(tmp_path, requests_per_minute=2)
    async with engine(tmp_path, script, catalogue=catalogue) as parts:
        records = [await accept(parts)]
        await step_until_none_goes(parts)
        parts.clock.advance(18)
        records += [await accept(parts), await accept(parts)]
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["S", "R", "Q"]
        assert parts.admission.seconds_to_next() == 40
        parts.clock.advance(39)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["S", "S", "Q"]
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["S", "S", "R"]


async def test_callers_take_turns_and_a_callers_own_go_by_priority(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(8), polls=[DONE] * 7)
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        await accept(parts, "first")
        await step_until_none_goes(parts)
        of = {
            (await accept(parts, caller, priority=priority)).name: f"{caller}{priority}"
            for caller, priority in (
                ("a", 0), ("a", 0), ("a", 0), ("a", 7), ("b", 0), ("b", 9), ("c", -5),
            )
        }  # fmt: skip
        for name in of:
            await parts.driver.step(name)
        while len(script.submitted) < 8:
            await step_until_none_goes(parts)
            parts.clock.advance(1)
        order = [of[name] for name in script.submitted[1:]]
        assert order == ["a7", "b9", "c-5", "a0", "b0", "a0", "a0"]
        of_a = [name for name in script.submitted if of.get(name) == "a0"]
        assert of_a == sorted(of_a)


async def test_a_restart_keeps_limits_and_order(tmp_path: Path) -> None:
    catalogue = quotas(tmp_path, max_concurrent=2, requests_per_minute=3)
    clock = FakeClock()
    script = ScriptedUpstream(submissions=names(2), polls=[DONE])
    async with engine(tmp_path, script, catalogue=catalogue, clock=clock) as parts:
        records = [await accept(parts, caller) for caller in "aaabb"]
        await step_until_none_goes(parts)
        clock.advance(10)
        await parts.driver.step(records[0].name)
        assert await states(parts, records) == ["S", "R", "Q", "Q", "Q"]
    script = ScriptedUpstream(submissions=names(3), polls=[DONE] * 2)
    async with engine(tmp_path, script, catalogue=catalogue, clock=clock) as parts:
        await step_until_none_goes(parts)
        # Caller a was served last, so b is next. It is the third submission of this minute.
        assert await states(parts, records) == ["S", "S", "Q", "R", "Q"]
        clock.advance(50)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["S", "S", "R", "S", "R"]


async def test_a_restart_counts_what_may_have_been_submitted(tmp_path: Path) -> None:
    catalogue, clock = quotas(tmp_path, requests_per_minute=1), FakeClock()
    unknown = OutcomeUnknown("the connection broke off")
    script = ScriptedUpstream(submissions=[unknown])
    async with engine(tmp_path, script, catalogue=catalogue, clock=clock) as parts:
        records = [await accept(parts), await accept(parts)]
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["F", "Q"]
    script = ScriptedUpstream(submissions=names(1))
    async with engine(tmp_path, script, catalogue=catalogue, clock=clock) as parts:
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["F", "Q"]
        clock.advance(60)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["F", "R"]


async def test_a_refusal_slows_the_model_down_for_everyone(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0), *names(3)])
    async with engine(tmp_path, script, catalogue=quotas(tmp_path)) as parts:
        records = [await accept(parts) for _ in range(3)]
        await step_until_none_goes(parts)
        assert script.submitted == [records[0].name]
        waiting = await parts.ledger.get(records[0].name)
        assert (waiting.state, waiting.failure) == (State.QUEUED, None)
        assert waiting.next_retry_time == parts.clock.now() + timedelta(seconds=30)
        parts.clock.advance(29)
        await step_until_none_goes(parts)
        assert len(script.submitted) == 1
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert await states(parts, records) == ["R", "R", "R"]


async def test_the_queue_timeout_is_exact_while_waiting_for_a_place(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(1))
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        first = await accept(parts)
        late = await accept(parts, queue_timeout=Duration(seconds=5))
        await parts.driver.step(first.name)
        assert await parts.driver.step(late.name) == parts.clock.now() + timedelta(seconds=5)
        parts.clock.advance(5)
        assert await parts.driver.step(late.name) is None
        failure = (await parts.ledger.get(late.name)).failure
        assert failure is not None
        assert (failure.code, failure.reason) == (Code.DEADLINE_EXCEEDED, "QUEUE_TIMEOUT")
        assert late.name not in script.submitted


async def test_the_operators_limit_ends_the_wait_too(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(1))
    limits = Limits(queue=timedelta(seconds=60))
    catalogue = quotas(tmp_path, max_concurrent=1)
    async with engine(tmp_path, script, catalogue=catalogue, limits=limits) as parts:
        await accept(parts)
        late = await accept(parts)
        await step_until_none_goes(parts)
        parts.clock.advance(60)
        assert await parts.driver.step(late.name) is None
        failure = (await parts.ledger.get(late.name)).failure
        assert failure is not None
        assert failure.metadata == {"limit_seconds": "60"}


async def test_who_is_cancelled_or_deleted_frees_the_place(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(2))
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        records = [await accept(parts) for _ in range(3)]
        await step_until_none_goes(parts)
        await parts.service.cancel(records[1].name, ANYONE)
        await parts.service.delete(records[0].name, ANYONE)
        await step_until_none_goes(parts)
        assert (await parts.ledger.get(records[2].name)).state is State.RUNNING


async def test_watchers_are_told_where_they_stand_at_most_once_a_second(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(3), polls=[DONE] * 2)
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        records = [await accept(parts) for _ in range(4)]
        await step_until_none_goes(parts)
        async with watching(parts, records[3].name) as seen:
            await parts.dispatcher.step()
            told = await seen.get()
            assert (told.state, told.queue_position) == (State.QUEUED, 3)
            assert told.estimated_start_time is None
            await parts.service.cancel(records[2].name, ANYONE)
            parts.clock.advance(0.5)
            assert await parts.dispatcher.step() == 0.5
            assert (await parts.ledger.get(told.name)).revision == told.revision
            parts.clock.advance(0.5)
            await step_until_none_goes(parts)
            again = await seen.get()
            assert (again.queue_position, again.revision) == (2, told.revision + 1)
            parts.clock.advance(1)
            await parts.dispatcher.step()
            again = await seen.get()
            assert (again.queue_position, again.revision) == (1, told.revision + 2)
            assert again.estimated_start_time is not None
            await step_until_none_goes(parts)
            while (last := await seen.get()).state is not State.RUNNING:
                pass
            assert (last.queue_position, last.estimated_start_time) == (None, None)
        assert (await parts.ledger.get(records[1].name)).revision == 4


@asynccontextmanager
async def watching(parts: Engine, name: str) -> AsyncIterator[asyncio.Queue[OperationRecord]]:
    """Watch from now on. Skipped states do not count."""
    seen: asyncio.Queue[OperationRecord] = asyncio.Queue()
    begun = asyncio.Event()

    async def watch() -> None:
        async for event in parts.watching.watch(name, 0, 1e9):
            if begun.is_set():
                seen.put_nowait(event)  # type: ignore[arg-type]  # a heartbeat would be too late
            begun.set()

    task = asyncio.create_task(watch())
    try:
        await begun.wait()
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_ended_before_it_was_sent_holds_no_place(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(1))
    async with engine(tmp_path, script, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        stale = await accept(parts)
        other = await accept(parts)
        await parts.service.delete(stale.name, ANYONE)
        assert parts.admission.admit(stale)
        await step_until_none_goes(parts)
        assert await states(parts, [other]) == ["R"]


async def test_what_has_to_wait_is_no_work_before_its_turn(tmp_path: Path) -> None:
    upstream = ScriptedUpstream(submissions=names(2), polls=[DONE])
    async with engine(tmp_path, upstream, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        first = await parts.accept()
        await step_until_none_goes(parts)
        second = await parts.accept()

        now = parts.clock.now()
        assert not await parts.store.take("test", now, now + timedelta(minutes=1), 100)

        parts.clock.advance(10)
        await step_until_none_goes(parts)
        assert (await parts.ledger.get(first.name)).done
        assert (await parts.ledger.get(second.name)).state is State.RUNNING


async def test_a_place_that_comes_free_while_an_operation_is_stored_is_given_to_it(
    tmp_path: Path,
) -> None:
    async with engine(tmp_path, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        record = await parts.accept()
        late = replace(record, name="operations/late")
        parts.admission.changed.clear()

        parts.admission.committed(record.name, None)
        parts.admission.committed(late.name, late)
        parts.admission.created(late, late.create_time + timedelta(days=1))

        assert parts.admission.changed.is_set()
        assert parts.admission.granted() == {late.name}


async def test_what_waits_is_due_when_its_callers_patience_ends(tmp_path: Path) -> None:
    upstream = ScriptedUpstream(submissions=names(1))
    async with engine(tmp_path, upstream, catalogue=quotas(tmp_path, max_concurrent=1)) as parts:
        await parts.accept()
        await step_until_none_goes(parts)

        waiting = await parts.accept(queue_timeout=Duration(nanos=500_000_000))

        assert waiting.queue_deadline is not None
        assert await parts.store.next_due(parts.clock.now()) == waiting.queue_deadline
