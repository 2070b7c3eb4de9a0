# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The guarantees of a watch: ordered, unique, level-triggered, resumable, terminal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from fakes.engine import RETENTION, engine, principal
from longtake_server.errors import (
    OperationDeleted,
    OperationNotFound,
    RevisionAhead,
    ServerDraining,
    TooManyWatches,
)
from longtake_server.identity.principal import ANYONE
from longtake_server.operations import watching as watching_module
from longtake_server.operations.model import (
    CancelRequested,
    OperationRecord,
    State,
    StoredVideo,
    SubmissionAccepted,
    SubmissionPostponed,
    SubmissionStarted,
    Succeeded,
)
from longtake_server.operations.store import Filter
from longtake_server.operations.transition import transition
from longtake_server.operations.view import Changed, Gone, InitialSetComplete, StillWatching
from longtake_server.operations.watching import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from fakes.engine import Engine

SUCCESS = Succeeded((StoredVideo("key"),))


async def finish(parts: Engine, name: str) -> None:
    await parts.ledger.commit(name, SubmissionStarted())
    await parts.ledger.commit(name, SubmissionAccepted("up/1"))
    await parts.ledger.commit(name, SUCCESS)


async def revisions(events: AsyncGenerator[OperationRecord | Heartbeat]) -> list[int]:
    return [event.revision async for event in events]


async def test_the_current_state_comes_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        record = await parts.accept()
        async with aclosing(parts.watching.watch(record.name, 0, 30)) as watch:
            assert await anext(watch) == record


async def test_a_finished_operation_is_sent_once_and_the_watch_ends(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        await finish(parts, name)
        assert await revisions(parts.watching.watch(name, 0, 30)) == [4]
        assert await revisions(parts.watching.watch(name, 4, 30)) == []


async def test_a_reader_that_keeps_up_sees_every_revision(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        async with aclosing(parts.watching.watch(name, 0, 30)) as watch:
            seen = [(await anext(watch)).revision]
            for event in (SubmissionStarted(), SubmissionAccepted("up/1"), SUCCESS):
                await parts.ledger.commit(name, event)
                seen.append((await anext(watch)).revision)
            assert seen == [1, 2, 3, 4]
            assert [rest async for rest in watch] == []


async def test_a_slow_reader_skips_and_still_sees_the_end(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        async with aclosing(parts.watching.watch(name, 0, 30)) as watch:
            await anext(watch)
            await finish(parts, name)
            assert [event.revision async for event in watch] == [4]


async def test_a_watch_resumes_after_what_the_caller_has(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        resumed = asyncio.ensure_future(revisions(parts.watching.watch(name, 1, 30)))
        await parts.clock.sleeping()
        await finish(parts, name)
        seen = await resumed
        assert seen[-1] == 4
        assert seen == sorted(set(seen))
        assert 1 not in seen


async def test_a_revision_from_the_future_is_refused(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        with pytest.raises(RevisionAhead, match="9"):
            await anext(parts.watching.watch(name, 9, 30))


async def test_silence_is_broken_by_heartbeats(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        async with aclosing(parts.watching.watch(name, 1, 30)) as watch:
            news = asyncio.ensure_future(anext(watch))
            await parts.clock.sleeping()
            parts.topics.note_poll(name)
            polled = parts.clock.now()
            parts.clock.advance(30)
            assert await news == Heartbeat(1, polled)


async def test_a_change_by_another_process_is_seen_at_the_heartbeat(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        record = await parts.accept()
        async with aclosing(parts.watching.watch(record.name, 1, 30)) as watch:
            news = asyncio.ensure_future(anext(watch))
            await parts.clock.sleeping()
            other = transition(record, CancelRequested(), parts.clock.now(), RETENTION)
            await parts.store.update(other, 1)
            parts.clock.advance(30)
            seen = await news
            assert isinstance(seen, OperationRecord)
            assert seen.revision == 2


async def test_deletion_ends_a_watch_with_its_reason(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        watching = asyncio.ensure_future(revisions(parts.watching.watch(name, 0, 30)))
        await parts.clock.sleeping()
        await parts.service.delete(name, ANYONE)
        with pytest.raises(OperationDeleted):
            await watching
        with pytest.raises(OperationNotFound):
            await anext(parts.watching.watch("operations/none", 0, 30))


async def test_a_drain_ends_watches_and_waits_and_refuses_new_ones(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        watching = asyncio.ensure_future(revisions(parts.watching.watch(name, 0, 30)))
        waiting = asyncio.ensure_future(parts.watching.wait(name, None, 30))
        every = asyncio.ensure_future(_all(parts.watching.watch_all(Filter(), None, 30)))
        await parts.clock.sleeping(3)
        parts.watching.drain()
        for task in (watching, waiting, every):
            with pytest.raises(ServerDraining):
                await task
        with pytest.raises(ServerDraining):
            await anext(parts.watching.watch(name, 0, 30))
        assert parts.watching.watches == 0


async def _all(events: AsyncGenerator[object]) -> list[object]:
    return [event async for event in events]


async def test_watches_are_limited_and_freed(tmp_path: Path) -> None:
    async with engine(tmp_path, max_watches=1) as parts:
        name = (await parts.accept()).name
        async with aclosing(parts.watching.watch(name, 0, 30)) as watch:
            await anext(watch)
            with pytest.raises(TooManyWatches):
                await anext(parts.watching.watch(name, 0, 30))
        assert parts.watching.watches == 0
        assert (await anext(parts.watching.watch(name, 0, 30))).revision == 1


async def test_a_watcher_that_leaves_frees_all_and_cancels_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        watching = asyncio.ensure_future(revisions(parts.watching.watch(name, 0, 30)))
        await parts.clock.sleeping()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert parts.watching.watches == 0
        assert parts.clock.sleepers == 0
        assert (await parts.ledger.get(name)).state is State.QUEUED


async def test_no_wake_up_is_lost_between_reading_and_waiting(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        for _ in range(20):
            name = (await parts.accept()).name
            watchers = [
                asyncio.ensure_future(revisions(parts.watching.watch(name, 0, 1e9)))
                for _ in range(3)
            ]
            await finish(parts, name)
            for seen in await asyncio.gather(*watchers):
                assert seen[-1] == 4
                assert seen == sorted(set(seen))


async def test_what_was_forgotten_while_it_was_read_is_not_kept_in_its_older_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        parts.ledger.forget_records()
        read = parts.store.get

        async def read_before_a_change(name: str, _owner: str | None) -> OperationRecord:
            record = await read(name)
            monkeypatch.undo()
            await parts.ledger.commit(name, SubmissionStarted())
            parts.ledger.forget_records()
            return record

        monkeypatch.setattr(parts.store, "get", read_before_a_change)
        assert (await parts.ledger.get(name)).revision == 1
        assert (await parts.ledger.get(name)).revision == 2


async def test_waiting_returns_at_news_or_at_the_timeout(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        assert (await parts.watching.wait(name, 0, 30)).revision == 1
        for_end = asyncio.ensure_future(parts.watching.wait(name, None, 30))
        for_news = asyncio.ensure_future(parts.watching.wait(name, 1, 30))
        await parts.clock.sleeping(2)
        await parts.ledger.commit(name, SubmissionStarted())
        assert (await for_news).revision == 2
        await parts.clock.sleeping()
        parts.clock.advance(30)
        assert (await for_end).state is State.SUBMITTING


async def test_watching_all_marks_the_end_of_an_empty_initial_set(tmp_path: Path) -> None:
    async with (
        engine(tmp_path) as parts,
        aclosing(parts.watching.watch_all(Filter(), None, 30)) as watch,
    ):
        assert await anext(watch) == InitialSetComplete(0)
        record = await parts.accept()
        assert await anext(watch) == Changed(record, 1)
        beat = asyncio.ensure_future(anext(watch))
        await parts.clock.sleeping()
        parts.clock.advance(30)
        assert await beat == StillWatching(1)


async def test_watching_all_resumes_from_a_position_with_deletions(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        first, second = await parts.accept(), await parts.accept()
        async with aclosing(parts.watching.watch_all(Filter(), None, 30)) as watch:
            events = [await anext(watch) for _ in range(3)]
        assert events == [Changed(first, None), Changed(second, None), InitialSetComplete(2)]
        await parts.service.delete(first.name, ANYONE)
        async with aclosing(parts.watching.watch_all(Filter(), 2, 30)) as watch:
            assert await anext(watch) == Gone(first.name, 3)
            assert await anext(watch) == InitialSetComplete(3)


async def test_a_deletion_amid_the_initial_set_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching_module, "_BATCH_SIZE", 2)
    async with engine(tmp_path) as parts:
        records = [await parts.accept() for _ in range(3)]
        async with aclosing(parts.watching.watch_all(Filter(), None, 30)) as watch:
            events = [await anext(watch)]
            await parts.service.delete(records[0].name, ANYONE)
            events += [await anext(watch) for _ in range(4)]
    assert events == [
        *(Changed(record, None) for record in records),
        Gone(records[0].name, None),
        InitialSetComplete(4),
    ]


@pytest.mark.parametrize("after", [None, 1])
async def test_what_others_delete_is_not_told(tmp_path: Path, after: int | None) -> None:
    async with engine(tmp_path) as parts:
        theirs, ours = await parts.accept("alice"), await parts.accept("bob")
        wanted = Filter(caller="bob")
        async with aclosing(parts.watching.watch_all(wanted, after, 30)) as watch:
            assert [await anext(watch) for _ in range(2)] == [
                Changed(ours, after and 2),
                InitialSetComplete(2),
            ]
            await parts.service.delete(theirs.name, principal("alice"))
            await parts.service.delete(ours.name, principal("bob"))
            assert await anext(watch) == Gone(ours.name, 4)


async def test_an_operation_that_stops_matching_is_sent_once_more(tmp_path: Path) -> None:
    queued = Filter(states=frozenset({State.QUEUED}))
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        async with aclosing(parts.watching.watch_all(queued, None, 30)) as watch:
            seen = [await anext(watch) for _ in range(2)]
            await parts.ledger.commit(name, SubmissionStarted())
            left = await anext(watch)
            assert isinstance(left, Changed)
            assert left.record.state is State.SUBMITTING
            await parts.ledger.commit(name, SubmissionPostponed(parts.clock.now()))
            back = await anext(watch)
            assert isinstance(back, Changed)
            assert back.record.revision == 3
            assert len(seen) == 2
