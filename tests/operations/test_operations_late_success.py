# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation that succeeds after its operation failed is settled once, at what it delivered."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import RETENTION, engine
from fakes.media import put
from fakes.upstream import ScriptedUpstream
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.accounting import Usage
from longtake_server.operations.model import Code, Failure, State, StoredVideo
from longtake_server.operations.upstream import (
    Broken,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.upstream import PollResult

HOUR = timedelta(hours=1)
DONE = Finished((StoredVideo("gs://bucket/1"),))
LOST = Rejected(Failure(Code.ABORTED, "UPSTREAM_LOST", "unknown operation"))
REJECTED = Rejected(Failure(Code.PERMISSION_DENIED, "UPSTREAM_REJECTED", "not allowed"))
BROKEN = Broken(Failure(Code.INTERNAL, "UPSTREAM_FAILED", "it failed"))
AWAY = NotNow(Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "no connection"), reached=False)


@asynccontextmanager
async def timed_out(
    folder: Path, *polls: PollResult | Exception
) -> AsyncIterator[tuple[Engine, OperationRecord]]:
    """An operation that has just failed with GENERATION_TIMEOUT; `polls` are what follows."""
    script = ScriptedUpstream(submissions=["up/1"], polls=[Running(), *polls])
    async with engine(folder, script) as parts:
        name = (await parts.accept()).name
        await step_when_due(parts)
        parts.clock.advance(HOUR.total_seconds() + 1)
        await step_when_due(parts)
        await step_when_due(parts)
        record = await parts.ledger.get(name)
        assert record.failure is not None
        assert record.failure.reason == "GENERATION_TIMEOUT"
        yield parts, record


async def step_when_due(parts: Engine) -> None:
    """Advance the clock until work is due, and run its step as the runner does."""
    due = await parts.store.next_due(parts.clock.now())
    assert due is not None
    parts.clock.advance(max(0.0, (due - parts.clock.now()).total_seconds()))
    await step_what_is_due(parts)


async def step_what_is_due(parts: Engine) -> bool:
    """Run the step of the work that is due now, and return whether there was any."""
    now = parts.clock.now()
    taken = await parts.store.take("test", now, now + timedelta(seconds=60), 1)
    for work in taken:
        await parts.runner._run_step(work)
    return bool(taken)


def settled_late(before: OperationRecord, now: OperationRecord) -> None:
    """Check that the operation is settled at one video, and otherwise as it was."""
    assert now.late_success
    assert now.revision == before.revision + 1
    assert (now.state, now.failure, now.videos) == (State.FAILED, before.failure, ())
    assert (now.end_time, now.expire_time) == (before.end_time, before.expire_time)
    assert now.billed_seconds == 8.0
    assert before.cost_micros is not None
    assert now.cost_micros == before.cost_micros > 0
    assert len(now.warnings) == len(before.warnings) + 1


async def test_the_last_poll_comes_one_limit_later_and_settles_once(tmp_path: Path) -> None:
    async with timed_out(tmp_path, DONE) as (parts, failed):
        assert failed.end_time is not None
        assert await parts.store.next_due(parts.clock.now()) == failed.end_time + HOUR
        await step_when_due(parts)
        record = await parts.store.get(failed.name)
        settled_late(failed, record)
        assert await parts.ledger.get(failed.name) == record
        assert await parts.store.next_due(parts.clock.now()) is None
        assert not await parts.service.hint("up/1")
        sums = await parts.store.usage(date.min, date.max)
        assert list(sums.values()) == [
            Usage(
                accepted=1,
                failed=1,
                billed_milliseconds=8000,
                settled_micros=record.cost_micros or 0,
            )
        ]


async def test_a_push_brings_a_poll_forward(tmp_path: Path) -> None:
    async with timed_out(tmp_path, Running(), DONE) as (parts, failed):
        assert not await step_what_is_due(parts)
        assert await parts.service.hint("up/1")
        assert await step_what_is_due(parts)
        # It was early: nothing changes, and the last poll is still to come.
        assert await parts.store.get(failed.name) == failed
        assert failed.end_time is not None
        assert await parts.store.next_due(parts.clock.now()) == failed.end_time + HOUR
        assert await parts.service.hint("up/1")
        assert await step_what_is_due(parts)
        settled_late(failed, await parts.store.get(failed.name))


async def test_a_push_after_the_last_poll_settles_too(tmp_path: Path) -> None:
    async with timed_out(tmp_path, Running(), DONE) as (parts, failed):
        await step_when_due(parts)
        assert await parts.store.get(failed.name) == failed
        parts.clock.advance(24 * HOUR.total_seconds())
        assert not await step_what_is_due(parts)
        assert await parts.service.hint("up/1")
        await step_what_is_due(parts)
        settled_late(failed, await parts.store.get(failed.name))


@pytest.mark.parametrize("seen", [Running(), BROKEN, LOST, REJECTED], ids=repr)
async def test_what_is_no_late_success_changes_nothing(
    tmp_path: Path, seen: PollResult | Exception
) -> None:
    async with timed_out(tmp_path, seen) as (parts, failed):
        await step_when_due(parts)
        assert await parts.store.get(failed.name) == failed
        due = await parts.store.next_due(parts.clock.now())
        assert failed.expire_time is not None
        assert due is not None
        assert due > failed.expire_time


@pytest.mark.parametrize("refusal", [LOST, REJECTED], ids=["lost", "rejected"])
async def test_a_generation_that_was_lost_or_refused_may_succeed_late(
    tmp_path: Path, refusal: Exception
) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[refusal, DONE])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        for _ in range(2):
            await step_when_due(parts)
        failed = await parts.store.get(name)
        assert failed.state is State.FAILED
        await step_when_due(parts)
        settled_late(failed, await parts.store.get(name))


async def test_a_generation_that_failed_is_not_polled_again(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[BROKEN])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        for _ in range(2):
            await step_when_due(parts)
        assert (await parts.store.get(name)).state is State.FAILED
        assert await parts.store.next_due(parts.clock.now()) is None
        assert not await parts.service.hint("up/1")


async def test_what_was_delivered_counts_and_not_what_was_asked(tmp_path: Path) -> None:
    withheld = Finished((), filtered_count=1, filtered_reasons=("a reason",))
    async with timed_out(tmp_path, withheld) as (parts, failed):
        await step_when_due(parts)
        record = await parts.store.get(failed.name)
        assert record.late_success
        assert (record.billed_seconds, record.cost_micros, record.filtered_count) == (0.0, 0, 0)


async def test_videos_that_came_inline_are_not_kept(tmp_path: Path) -> None:
    async with timed_out(tmp_path, DONE) as (parts, failed):
        await put(parts.media, failed.name, 0, b"video")
        await step_when_due(parts)
        assert (await parts.store.get(failed.name)).late_success
        assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_a_last_poll_without_an_answer_is_repeated_for_one_more_limit(
    tmp_path: Path,
) -> None:
    async with timed_out(tmp_path, *[OutcomeUnknown()] * 2, DONE) as (parts, failed):
        for _ in range(3):
            assert not (await parts.store.get(failed.name)).late_success
            await step_when_due(parts)
        settled_late(failed, await parts.store.get(failed.name))


async def test_a_last_poll_that_is_never_answered_is_given_up(tmp_path: Path) -> None:
    async with timed_out(tmp_path, *[OutcomeUnknown()] * 10_000) as (parts, failed):
        assert failed.end_time is not None
        assert failed.expire_time is not None
        while (due := await parts.store.next_due(parts.clock.now())) is not None:
            if due > failed.expire_time:
                break
            await step_when_due(parts)
            await parts.dispatcher.step()
        assert parts.clock.now() > failed.end_time + 2 * HOUR
        assert await parts.store.get(failed.name) == failed
        parts.upstream.forget_left()


async def test_a_last_poll_waits_for_an_upstream_that_does_not_answer(tmp_path: Path) -> None:
    async with timed_out(tmp_path, AWAY, DONE) as (parts, failed):
        polls = len(parts.upstream.polled)
        await step_when_due(parts)
        assert parts.outages[-1][1] is not None
        # A hint does not break the limit either.
        assert await parts.service.hint("up/1")
        await step_what_is_due(parts)
        assert len(parts.upstream.polled) == polls + 1
        parts.clock.advance(2.0)
        await parts.dispatcher.step()
        await step_what_is_due(parts)
        assert parts.outages[-1] == ("scripted", None)
        settled_late(failed, await parts.store.get(failed.name))


async def test_a_last_poll_waits_for_the_poll_budget(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"] * 2, polls=[LOST, LOST, DONE, Running()])
    async with engine(tmp_path, script, max_polls_per_second=1) as parts:
        for _ in range(2):
            await parts.accept()
        for _ in range(4):
            await step_when_due(parts)
            parts.clock.advance(1.0)
            await parts.dispatcher.step()
        assert len(script.polled) == 2
        parts.clock.advance(HOUR.total_seconds())
        while await step_what_is_due(parts):
            pass
        assert len(script.polled) == 3
        parts.clock.advance(1.0)
        await parts.dispatcher.step()
        await step_what_is_due(parts)
        assert len(script.polled) == 4


async def test_a_last_poll_without_settings_of_its_upstream_is_given_up(tmp_path: Path) -> None:
    async with timed_out(tmp_path) as (parts, failed):
        pass
    async with engine(tmp_path, ScriptedUpstream(name="another"), clock=parts.clock) as parts:
        await step_when_due(parts)
        due = await parts.store.next_due(parts.clock.now())
        assert failed.expire_time is not None
        assert due is not None
        assert due > failed.expire_time


async def test_a_restart_keeps_the_last_poll(tmp_path: Path) -> None:
    async with timed_out(tmp_path) as (parts, failed):
        pass
    script = ScriptedUpstream(polls=[DONE])
    async with engine(tmp_path, script, clock=parts.clock) as parts:
        assert failed.end_time is not None
        assert await parts.store.next_due(parts.clock.now()) == failed.end_time + HOUR
        await step_when_due(parts)
        settled_late(failed, await parts.store.get(failed.name))


@pytest.mark.parametrize("removal", ["deletion", "expiry"])
async def test_a_removed_operation_is_not_polled_any_more(tmp_path: Path, removal: str) -> None:
    async with timed_out(tmp_path) as (parts, failed):
        if removal == "deletion":
            await parts.service.delete(failed.name, ANYONE)
        else:
            parts.clock.advance(RETENTION.total_seconds())
            assert await parts.core.retention.sweep() == 1
        assert await parts.store.next_due(parts.clock.now()) is None
        assert not await parts.service.hint("up/1")


async def test_a_process_that_died_before_it_settled_settles_once(tmp_path: Path) -> None:
    clock = FakeClock()
    async with timed_out(tmp_path) as (parts, failed):
        clock = parts.clock
        clock.advance(HOUR.total_seconds())
        # The process dies with the lease, after the answer and before the commit.
        now = clock.now()
        assert await parts.store.take("test", now, now + timedelta(seconds=60), 1)
    script = ScriptedUpstream(polls=[DONE])
    async with engine(tmp_path, script, clock=clock) as parts:
        await step_when_due(parts)
        settled_late(failed, await parts.store.get(failed.name))
        [sums] = (await parts.store.usage(date.min, date.max)).values()
    assert sums.billed_milliseconds == 8000
    async with engine(tmp_path, ScriptedUpstream(), clock=clock) as parts:
        assert await parts.store.next_due(clock.now()) is None
        assert list((await parts.store.usage(date.min, date.max)).values()) == [sums]
