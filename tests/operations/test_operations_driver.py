# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Single steps: what the driver stores for each answer of the upstream."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from google.protobuf.duration_pb2 import Duration
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.model import (
    CancelRequested,
    Code,
    Failure,
    State,
    StoredVideo,
    SubmissionStarted,
)
from longtake_server.operations.upstream import (
    Broken,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
)

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no such thing")
BROKEN = Failure(Code.INTERNAL, "UPSTREAM_FAILED", "it failed")
BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")


async def test_the_way_to_success(tmp_path: Path) -> None:
    upstream = ScriptedUpstream(
        submissions=["up/1"], polls=[Running(), Finished((StoredVideo("key", size_bytes=1),))]
    )
    async with engine(tmp_path, upstream) as parts:
        name = (await parts.accept()).name
        assert await parts.driver.step(name) == parts.clock.now() + timedelta(seconds=1)
        running = await parts.ledger.get(name)
        assert (running.state, running.upstream_operation) == (State.RUNNING, "up/1")
        assert await parts.driver.step(name) is not None
        assert await parts.driver.step(name) is None
        ended = await parts.ledger.get(name)
        assert ended.state is State.SUCCEEDED
        assert [video.location for video in ended.videos] == ["key"]
        assert ended.revision == 4
        assert await parts.driver.step(name) is None


async def test_a_refusal_fails_the_operation(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[Rejected(REFUSED)])) as parts:
        name = (await parts.accept()).name
        assert await parts.driver.step(name) is None
        ended = await parts.ledger.get(name)
        assert (ended.state, ended.failure) == (State.FAILED, REFUSED)


async def test_not_now_goes_back_to_the_queue_and_honours_the_wait(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0), "up/1"])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        due = await parts.driver.step(name)
        assert due == parts.clock.now() + timedelta(seconds=30)
        waiting = await parts.ledger.get(name)
        assert (waiting.state, waiting.next_retry_time) == (State.QUEUED, due)
        assert await parts.driver.step(name) == due
        assert len(script.submitted) == 1
        parts.clock.advance(30)
        await parts.driver.step(name)
        assert (await parts.ledger.get(name)).state is State.RUNNING


async def test_not_now_for_too_long_fails_with_the_upstreams_words(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0)])
    async with engine(tmp_path, script, limits=Limits(queue=timedelta(seconds=10))) as parts:
        name = (await parts.accept()).name
        assert await parts.driver.step(name) is None
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert failure == replace(BUSY, metadata={**BUSY.metadata, "attempts": "1"})


async def test_an_unknown_outcome_is_never_sent_again_unasked(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[OutcomeUnknown()])) as parts:
        name = (await parts.accept()).name
        assert await parts.driver.step(name) is None
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert (failure.code, failure.reason) == (Code.ABORTED, "SUBMISSION_OUTCOME_UNKNOWN")


async def test_an_unknown_outcome_is_sent_again_where_the_caller_allows_it(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[OutcomeUnknown()] * 3)
    async with engine(tmp_path, script, limits=Limits(submissions=3)) as parts:
        name = (await parts.accept(resubmit_if_unknown=True)).name
        while (due := await parts.driver.step(name)) is not None:
            parts.clock.advance((due - parts.clock.now()).total_seconds())
        ended = await parts.ledger.get(name)
        assert ended.attempts == 3
        assert ended.failure is not None
        assert ended.failure.reason == "SUBMISSION_OUTCOME_UNKNOWN"


async def test_submitting_found_after_a_crash_is_an_unknown_outcome(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        await parts.ledger.commit(name, SubmissionStarted())
        assert await parts.driver.step(name) is None
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert failure.reason == "SUBMISSION_OUTCOME_UNKNOWN"


async def test_the_queue_timeout_ends_the_wait_with_nothing_submitted(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept(queue_timeout=Duration(seconds=5))).name
        parts.clock.advance(5)
        assert await parts.driver.step(name) is None
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert failure.reason == "QUEUE_TIMEOUT"


async def test_polls_that_fail_are_repeated_more_and_more_slowly(tmp_path: Path) -> None:
    polls = (NotNow(BUSY), OutcomeUnknown(), NotNow(BUSY), Broken(BROKEN))
    async with engine(tmp_path, ScriptedUpstream(submissions=["up/1"], polls=polls)) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        waits = []
        while (due := await parts.driver.step(name)) is not None:
            waits.append((due - parts.clock.now()).total_seconds())
            parts.clock.advance(waits[-1])
        assert waits == [1.0, 2.0, 4.0]
        assert (await parts.ledger.get(name)).failure == BROKEN


async def test_an_operation_that_the_upstream_lost_fails(tmp_path: Path) -> None:
    lost = Failure(Code.ABORTED, "UPSTREAM_LOST", "unknown operation")
    script = ScriptedUpstream(submissions=["up/1"], polls=[Rejected(lost)])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        await parts.driver.step(name)
        assert (await parts.ledger.get(name)).failure == lost


async def test_a_generation_that_never_ends_is_given_up(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        parts.clock.advance(3601)
        assert await parts.driver.step(name) == parts.clock.now() + timedelta(seconds=1)
        await parts.driver.step(name)
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert failure.reason == "GENERATION_TIMEOUT"


async def test_what_ended_while_no_server_ran_is_fetched_however_long_that_was(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with engine(tmp_path, ScriptedUpstream(submissions=["up/1"]), clock=clock) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
    clock.advance(2 * 3600)
    script = ScriptedUpstream(polls=[Finished((StoredVideo("key"),))])
    async with engine(tmp_path, script, clock=clock) as parts:
        assert await parts.driver.step(name) is None
        record = await parts.ledger.get(name)
        assert (record.state, script.polled) == (State.SUCCEEDED, [name])


async def test_what_fails_in_each_poll_is_given_up_too(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[KeyError("defect")])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        parts.clock.advance(3601)
        with pytest.raises(KeyError):
            await parts.driver.step(name)
        await parts.driver.step(name)
        assert (await parts.ledger.get(name)).state is State.FAILED


@pytest.mark.parametrize(("told", "words"), [(True, "was told"), (False, "could not be told")])
async def test_cancelling_while_running(tmp_path: Path, told: bool, words: str) -> None:
    script = ScriptedUpstream(submissions=["up/1"], cancels=[told])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        assert (await parts.service.cancel(name, ANYONE)).cancel_requested
        assert await parts.driver.step(name) is None
        ended = await parts.ledger.get(name)
        assert ended.state is State.CANCELLED
        assert words in ended.warnings[0]


async def test_cancelling_while_queued_never_submits(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        assert (await parts.service.cancel(name, ANYONE)).state is State.CANCELLED
        assert await parts.driver.step(name) is None
        assert parts.upstream.submitted == []


async def test_cancelling_while_submitting_takes_effect_after_it(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], cancels=[False])
    script.let_submit.clear()
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        step = asyncio.ensure_future(parts.driver.step(name))
        await script.submitting.wait()
        await parts.ledger.commit(name, CancelRequested())
        script.let_submit.set()
        assert await step == parts.clock.now()
        assert await parts.driver.step(name) is None
        assert (await parts.ledger.get(name)).state is State.CANCELLED
