# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One replica at a time is the engine, and each submission is sent in the term that began it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from fakes.engine import Engine, engine
from fakes.upstream import ScriptedUpstream
from longtake_server.operations.model import CancelRequested, State
from longtake_server.operations.store import EngineReplaced, RevisionConflict
from longtake_server.operations.upstream import OutcomeUnknown
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.telemetry import Telemetry
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from operations.operations_figures import figures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.shared import SharedStore

TERM = 6.0


def replica(
    tmp_path: Path, store: SharedStore, clock: FakeClock, name: str, upstream: ScriptedUpstream
) -> AbstractAsyncContextManager[Engine]:
    return engine(tmp_path, upstream, clock=clock, shared=store, replica=name, term_seconds=TERM)


@asynccontextmanager
async def running(parts: Engine) -> AsyncIterator[asyncio.Task[None]]:
    """Run the election of a replica, and stop it at the end."""
    task = asyncio.create_task(parts.election.run())
    try:
        yield task
        parts.election.stop()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_engine(parts: Engine, clock: FakeClock, *, step: float = 0.5) -> None:
    """Let time pass until a replica is the engine."""
    while parts.election.engine is None:
        await clock.sleeping()
        clock.advance(step)
        await asyncio.sleep(0.001)


async def until_standby(parts: Engine, clock: FakeClock) -> None:
    """Let time pass until a replica is not the engine any more."""
    while parts.election.engine is not None:
        await clock.sleeping()
        clock.advance(0.5)
        await asyncio.sleep(0.001)


async def test_the_first_replica_is_the_engine_and_the_second_stands_by(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with (
        replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one,
        replica(tmp_path, store, clock, "two", ScriptedUpstream()) as two,
    ):
        assert one.election.engine is not None
        assert two.election.engine is None
        assert await store.leader() == "one"


async def test_a_replica_that_stops_hands_over_at_once(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with (
        replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one,
        replica(tmp_path, store, clock, "two", ScriptedUpstream()) as two,
    ):
        async with running(one):
            pass
        assert await store.leader() is None
        async with running(two):
            await until_engine(two, clock)
            assert await store.leader() == "two"


async def test_an_engine_that_renews_stays_the_engine(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with (
        replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one,
        running(one),
    ):
        first = one.election.engine
        for _ in range(6):
            store.asked.clear()
            store.answered.clear()
            while not store.asked.is_set():
                clock.advance(0.25)
                await asyncio.sleep(0.001)
            await store.answered.wait()
            assert await store.lead("two", TERM) is None
        assert one.election.engine is first


async def test_an_engine_that_is_cut_off_stops_before_another_begins(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with (
        replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one,
        replica(tmp_path, store, clock, "two", upstream) as two,
        running(one),
    ):
        await clock.sleeping()
        store.cut_off.add("one")
        await until_standby(one, clock)
        record = await one.accept()
        async with running(two):
            await until_engine(two, clock)
            assert one.election.engine is None
            await upstream.submitting.wait()
            assert upstream.submitted == [record.name]
            store.cut_off.clear()


async def test_an_engine_that_could_not_renew_begins_again(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with replica(tmp_path, store, clock, "one", upstream) as one, running(one):
        await clock.sleeping()
        store.cut_off.add("one")
        await until_standby(one, clock)
        await one.accept()
        assert upstream.submitted == []
        store.cut_off.clear()
        await until_engine(one, clock)
        await upstream.submitting.wait()


async def test_a_replaced_engine_begins_no_submission(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one:
        record = await one.accept()
        await store.resign("one")
        await store.lead("two", TERM)
        with pytest.raises(EngineReplaced):
            await one.driver.step(record.name)
        assert (await store.get(record.name)).state is State.QUEUED
        assert one.upstream.submitted == []


async def test_a_conflict_is_not_decided_anew(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one:
        stale = await one.accept()
        await one.ledger.commit(stale.name, CancelRequested())
        with pytest.raises(RevisionConflict):
            await one.ledger.start_submission(stale, one.core.driver._submission._term.fence(""))
        assert (await store.get(stale.name)).state is State.CANCELLED


async def test_what_is_prepared_when_the_term_runs_out_is_not_sent(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream()
    async with replica(tmp_path, store, clock, "one", upstream) as one:
        record = await one.accept()
        upstream.let_prepare.clear()
        step = asyncio.ensure_future(one.driver.step(record.name))
        await upstream.preparing.wait()
        clock.advance(TERM - 0.9)
        upstream.let_prepare.set()
        assert await step == clock.now()
        handed_back = await store.get(record.name)
        assert (handed_back.state, handed_back.may_have_started) == (State.QUEUED, False)
        assert upstream.submitted == []


async def test_another_engine_submits_what_was_not_sent(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream, second = ScriptedUpstream(), ScriptedUpstream(submissions=["up/1"])
    async with (
        replica(tmp_path, store, clock, "one", upstream) as one,
        replica(tmp_path, store, clock, "two", second) as two,
        running(one),
        running(two),
    ):
        upstream.let_prepare.clear()
        record = await one.accept()
        await upstream.preparing.wait()
        store.cut_off.add("one")
        await until_engine(two, clock)
        await second.submitting.wait()
        assert upstream.submitted == []
        assert second.submitted == [record.name]
        store.cut_off.clear()


async def test_what_was_sent_is_stored_after_the_term(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    upstream.let_submit.clear()
    async with replica(tmp_path, store, clock, "one", upstream) as one, running(one):
        record = await one.accept()
        await upstream.submitting.wait()
        store.cut_off.add("one")
        await until_standby(one, clock)
        upstream.let_submit.set()
        async for state in one.watching.watch(record.name, 0, 1000.0):
            if getattr(state, "state", None) is State.RUNNING:
                break
        assert (await store.get(record.name)).upstream_operation == "up/1"
        store.cut_off.clear()


async def test_the_upstreams_name_is_kept_of_what_another_engine_gave_up(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    upstream.let_submit.clear()
    async with replica(tmp_path, store, clock, "one", upstream) as one:
        record = await one.accept()
        step = asyncio.ensure_future(one.driver.step(record.name))
        await upstream.submitting.wait()
        clock.advance(TERM)
        async with replica(tmp_path, store, clock, "two", ScriptedUpstream()) as two:
            assert await two.driver.step(record.name) is None
        upstream.let_submit.set()
        assert await step is None
        ended = await store.get(record.name)
        assert ended.state is State.FAILED
        assert ended.failure is not None
        assert ended.failure.reason == "SUBMISSION_OUTCOME_UNKNOWN"
        assert ended.upstream_operation == "up/1"


async def test_a_late_answer_does_not_decide_a_later_attempt(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    upstream.let_submit.clear()
    second = ScriptedUpstream(submissions=["up/2"])
    second.let_submit.clear()
    async with replica(tmp_path, store, clock, "one", upstream) as one:
        record = await one.accept(resubmit_if_unknown=True)
        late = asyncio.ensure_future(one.driver.step(record.name))
        await upstream.submitting.wait()
        clock.advance(TERM)
        async with replica(tmp_path, store, clock, "two", second) as two:
            due = await two.driver.step(record.name)
            assert due is not None
            clock.advance((due - clock.now()).total_seconds())
            again = asyncio.ensure_future(two.driver.step(record.name))
            await second.submitting.wait()
            upstream.let_submit.set()
            with pytest.raises(RevisionConflict):
                await late
            assert (await store.get(record.name)).state is State.SUBMITTING
            second.let_submit.set()
            await again
            assert (await store.get(record.name)).upstream_operation == "up/2"


async def test_a_lost_answer_is_looked_up(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1", OutcomeUnknown("lost")])
    async with replica(tmp_path, store, clock, "one", upstream) as one:
        first = await one.accept()
        store.unknown = [True, True]
        await one.driver.step(first.name)
        assert (await store.get(first.name)).upstream_operation == "up/1"
        second = await one.accept()
        store.unknown = [True]
        await one.driver.step(second.name)
        ended = await store.get(second.name)
        assert ended.failure is not None
        assert ended.failure.reason == "SUBMISSION_OUTCOME_UNKNOWN"


async def test_an_operation_whose_answer_was_lost_is_created_once(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one:
        store.unknown_creations = [True]
        record = await one.accept()
        assert (await store.get(record.name)) == record
        assert await store.position() == 1


async def test_a_start_that_was_not_stored_sends_nothing(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one:
        record = await one.accept()
        store.unknown = [False]
        with pytest.raises(Exception, match="the connection broke"):
            await one.driver.step(record.name)
        assert one.upstream.submitted == []
        assert (await store.get(record.name)).state is State.QUEUED


async def test_an_engine_that_stops_at_its_end_gives_back_its_leases(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream()
    async with replica(tmp_path, store, clock, "one", upstream) as one:
        upstream.let_prepare.clear()
        records = [await one.accept() for _ in range(3)]
        async with running(one) as election:
            await upstream.preparing.wait()
            store.cut_off.add("one")
            await until_standby(one, clock)
            one.election.stop()
            await election
        taken = await store.take("two", clock.now(), clock.now(), 10)
        assert {work.name for work in taken} == {record.name for record in records}
        states = {(await store.get(record.name)).state for record in records}
        assert states == {State.QUEUED}
        store.cut_off.clear()


async def test_a_term_is_renewed_while_a_new_engine_reads_the_store(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with replica(tmp_path, store, clock, "one", ScriptedUpstream()) as one:
        await store.resign("one")
        store.let_read.clear()
        starting = asyncio.create_task(one.election.start())
        for _ in range(6):
            store.answered.clear()
            while not store.answered.is_set():
                await clock.sleeping()
                clock.advance(0.25)
                await asyncio.sleep(0.001)
            assert await store.lead("two", TERM) is None
        store.let_read.set()
        await starting
        assert one.election.engine is not None


async def test_an_engine_whose_epoch_is_over_takes_no_work_and_ends_its_term(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    reader = InMemoryMetricReader()
    telemetry = Telemetry(meter_provider=MeterProvider([reader]))
    async with engine(
        tmp_path, clock=clock, shared=store, replica="one", telemetry=telemetry
    ) as one:
        assert figures(reader)["longtake.engine"] == 1
        assert figures(reader)["longtake.engine.elections"] == 1
        assert figures(reader)["longtake.engine.takeover.duration"] == 1
        assert figures(reader)["longtake.engine.refused_writes"] == 0
        await store.resign("one")
        await SqliteStore.lead(store, "two", TERM)
        record = await one.accept()
        await one.runner.run()
        assert one.core._term.seconds_left < 0
        assert figures(reader)["longtake.engine.refused_writes"] == 1
        assert (await store.get(record.name)).state is State.QUEUED
