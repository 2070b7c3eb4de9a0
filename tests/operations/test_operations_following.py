# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each replica learns what the others change, and the engine works for all of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import engine, principal
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import OperationDeleted, OutcomeUnknown, RevisionAhead
from longtake_server.operations.following import Follower
from longtake_server.operations.model import OperationRecord, QueueMoved, State, StoredVideo
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.store import Filter
from longtake_server.operations.upstream import Finished, Running
from longtake_server.operations.view import Changed, InitialSetComplete
from storage.storage_records import REQUEST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.engine import Engine
    from fakes.shared import SharedStore
    from longtake_server.operations.watching import Heartbeat

ANYONE = principal("")
DONE = Finished((StoredVideo("key"),))
ONE_AT_A_TIME = """
[models."veo-3.1-generate-001"]
max_concurrent = 1
"""


def follower(parts: Engine) -> Follower:
    return Follower(parts.store, parts.ledger, parts.clock, parts.election.hold)


@asynccontextmanager
async def two_replicas(
    tmp_path: Path,
    store: SharedStore,
    clock: FakeClock,
    upstream: ScriptedUpstream | None = None,
    catalogue: Catalogue | None = None,
) -> AsyncIterator[tuple[Engine, Engine]]:
    """Build two replicas. The first is the engine."""
    async with (
        engine(
            tmp_path, upstream, clock=clock, shared=store, replica="one", catalogue=catalogue
        ) as one,
        engine(tmp_path, clock=clock, shared=store, replica="two", catalogue=catalogue) as two,
    ):
        yield one, two


@asynccontextmanager
async def following(*replicas: Engine) -> AsyncIterator[None]:
    """Run the followers of replicas."""
    followers = [follower(parts) for parts in replicas]
    for each in followers:
        await each.start()
    tasks = [asyncio.create_task(each.run()) for each in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_watcher_of_another_replica_gets_each_change_once(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two), following(one, two):
        record = await one.accept()
        here, there = (parts.watching.watch(record.name, 0, 1000.0) for parts in (one, two))
        seen: list[list[OperationRecord | Heartbeat]] = [[await anext(here)], [await anext(there)]]
        await one.driver.step(record.name)
        for watch, states in zip((here, there), seen, strict=True):
            while getattr(states[-1], "state", None) is not State.RUNNING:
                states.append(await anext(watch))
            revisions = [state.revision for state in states]
            assert revisions == sorted(set(revisions))
            await watch.aclose()


async def test_an_operation_of_another_replica_is_submitted(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two), following(one, two):
        running = asyncio.create_task(one.election.run())
        record = await two.accept()
        await upstream.submitting.wait()
        state = await two.service.wait(record.name, ANYONE, 2, 1000.0)
        assert state.state is State.RUNNING
        one.election.stop()
        await running
        upstream.forget_left()


async def test_the_quota_holds_for_operations_that_the_feed_has_not_brought_yet(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    catalogue = Catalogue.load(_catalogue(tmp_path))
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with two_replicas(tmp_path, store, clock, upstream, catalogue) as (one, two):
        first, second = await two.accept(), await two.accept()
        await one.driver.step(first.name)
        await one.driver.step(second.name)
        assert upstream.submitted == [first.name]
        assert (await store.get(second.name)).state is State.QUEUED


async def test_an_operation_that_an_engine_of_before_stored_for_its_own_queue_is_submitted(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1", "up/2"], polls=[Running()] * 9)
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two), following(one, two):
        running = asyncio.create_task(one.election.run())
        first = await two.accept()
        await two.service.wait(first.name, ANYONE, 2, 1000.0)
        record = replace(first, name="operations/late")
        await store.create(record, REQUEST, record.create_time + timedelta(days=1))
        await one.watching.wait(record.name, 0, 1000.0)
        upstream.submitting.clear()
        clock.advance(11)
        await upstream.submitting.wait()
        assert upstream.submitted[-1] == record.name
        one.election.stop()
        await running
        upstream.forget_left()


async def test_an_operation_whose_commit_was_never_answered_is_submitted(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    catalogue = Catalogue.load(_catalogue(tmp_path))
    upstream = ScriptedUpstream(submissions=["up/1", "up/2"], polls=[DONE])
    async with (
        two_replicas(tmp_path, store, clock, upstream, catalogue) as (one, _),
        following(one),
    ):
        first = await one.accept()
        await one.driver.step(first.name)
        # It is stored for the queue of this engine, which does not know it.
        store.unknown_creations = [True, True]
        with pytest.raises(OutcomeUnknown):
            await one.accept()
        await one.driver.step(first.name)
        upstream.submitting.clear()
        running = asyncio.create_task(one.election.run())
        clock.advance(11)
        await upstream.submitting.wait()
        one.election.stop()
        await running
        upstream.forget_left()


def _catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(ONE_AT_A_TIME)
    return path


async def test_a_cancellation_at_another_replica_frees_the_place_in_the_queue(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with two_replicas(tmp_path, store, clock) as (one, two), following(one, two):
        record = await one.accept()
        assert one.admission.known(record.name) is not None
        watch = one.watching.watch(record.name, 1, 1000.0)
        ended = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0)
        await two.service.cancel(record.name, ANYONE)
        assert (await ended).revision == 2
        assert one.admission.known(record.name) is None
        await watch.aclose()


async def test_a_deletion_at_another_replica_ends_watches(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with two_replicas(tmp_path, store, clock) as (one, two), following(one, two):
        record = await one.accept()
        watch = one.watching.watch(record.name, 1, 1000.0)
        ended = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0)
        await two.service.delete(record.name, ANYONE)
        with pytest.raises(OperationDeleted):
            await ended
        assert one.admission.known(record.name) is None


async def test_a_hint_at_another_replica_is_polled_within_a_second(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two):
        record = await one.accept()
        due = await one.driver.step(record.name)
        (work,) = await store.take("test", clock.now(), clock.now(), 1)
        assert due is not None
        await store.again(work, due)
        running = asyncio.create_task(one.runner.run())
        await clock.sleeping()
        assert await two.service.hint("up/1")
        clock.advance(1.0)
        await upstream.poll_begun.wait()
        one.runner.stop()
        await running


async def test_a_watch_resumes_at_a_replica_that_is_behind(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two):
        record = await one.accept()
        await two.service.get(record.name, ANYONE)
        await one.driver.step(record.name)
        watch = two.watching.watch(record.name, 3, 1.0)
        silent = asyncio.ensure_future(anext(watch))
        await clock.sleeping()
        clock.advance(1.0)
        assert (await silent).revision == 3
        await watch.aclose()
        with pytest.raises(RevisionAhead):
            await anext(two.watching.watch(record.name, 4, 1.0))


async def test_a_change_that_was_read_before_its_news_wakes_all_watchers(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two):
        record = await one.accept()
        late = follower(two)
        await late.start()
        watch = two.watching.watch(record.name, 0, 1e9)
        assert (await anext(watch)).revision == 1
        everything = two.watching.watch_all(Filter(), None, 1e9)
        assert isinstance(await anext(everything), Changed)
        assert isinstance(await anext(everything), InitialSetComplete)
        state = asyncio.ensure_future(anext(watch))
        news = asyncio.ensure_future(anext(everything))
        await clock.sleeping(2)
        await one.driver.step(record.name)
        await two.service.get(record.name, ANYONE)
        assert (await state).revision == 3
        await late.step()
        change = await news
        assert isinstance(change, Changed)
        assert change.record.revision == 3
        await watch.aclose()
        await everything.aclose()


async def test_a_deletion_that_precedes_the_news_of_a_change_is_not_forgotten(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with two_replicas(tmp_path, store, clock) as (one, two):
        record = await one.accept()
        late = follower(one)
        await late.start()
        update = store.update

        async def update_and_delete(*change: Any) -> None:
            await update(*change)
            await two.service.delete(record.name, ANYONE)
            await late.step()

        store.update = update_and_delete  # type: ignore[assignment,method-assign]  # the answer comes late
        await one.ledger.commit(record.name, QueueMoved(7, None))
        assert one.ledger.cached(record.name) is None
        assert one.admission.known(record.name) is None


async def test_a_read_at_a_replica_that_is_behind_returns_the_newest_state(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with two_replicas(tmp_path, store, clock, upstream) as (one, two):
        record = await two.accept()
        await one.driver.step(record.name)
        assert (await two.service.get(record.name, ANYONE)).state is State.RUNNING


async def test_a_store_that_went_back_stops_submissions_of_this_and_later_terms(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with two_replicas(tmp_path, store, clock) as (one, two):
        record = await one.accept()
        behind = [follower(parts) for parts in (one, two)]
        for each in behind:
            await each.start()
            each._position += 5
            await each.step()
        assert one.election.is_holding
        later = clock.now() + timedelta(seconds=60)
        assert await one.driver.step(record.name) == later
        await store.resign("one")
        await two.election.start()
        assert await two.driver.step(record.name) == later
        assert (await store.get(record.name)).state is State.QUEUED
        await behind[0].step()


async def test_a_follower_that_missed_deletions_begins_anew(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with two_replicas(tmp_path, store, clock) as (one, two):
        record = await one.accept()
        late = follower(two)
        await late.start()
        await two.service.get(record.name, ANYONE)
        await one.service.delete(record.name, ANYONE)
        clock.advance(1.0)
        await store.compact(clock.now())
        await late.step()
        assert two.ledger.cached(record.name) is None
        assert not two.election.is_holding
