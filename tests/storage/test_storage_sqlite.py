# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The SQLite store keeps the contract of every store and its own guarantees."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.replica_store import Leadership
from longtake_server.operations.store import Filter
from longtake_server.storage.database import writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.storage.writer import Writer
from storage.storage_contract import OperationStoreContract
from storage.storage_records import NOON, REQUEST, new_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from storage.storage_contract_keys import OpenRegister


class Opener:
    """Holds the only open store of a test."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.path = path
        self.clock = clock
        self.store: SqliteStore | None = None

    async def __call__(self) -> SqliteStore:
        await self.close()
        self.store = await SqliteStore.open(self.path, self.clock)
        return self.store

    async def close(self) -> None:
        if self.store is not None:
            await self.store.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def reopen(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Opener]:
    opener = Opener(tmp_path / "longtake.db", clock)
    yield opener
    await opener.close()


@pytest.fixture
async def store(reopen: Opener) -> SqliteStore:
    return await reopen()


@pytest.fixture
def register(reopen: Opener) -> OpenRegister:
    @contextmanager
    def opened() -> Iterator[KeyTable]:
        with writing_beside(reopen.path) as connection:
            yield KeyTable(connection)

    return opened


class TestSqliteStore(OperationStoreContract):
    """Tests the contract with a database file."""


async def test_a_write_may_take_place_although_its_caller_left(store: SqliteStore) -> None:
    records = [new_record() for _ in range(20)]
    creating = [asyncio.ensure_future(store.create(record, REQUEST)) for record in records]
    await asyncio.sleep(0)
    for task in creating[::2]:
        task.cancel()
    results = await asyncio.gather(*creating, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert results[1::2] == records[1::2]
    stored = (await store.list(Filter(), 100)).records
    assert {record.name for record in records[1::2]} <= {record.name for record in stored}
    assert await store.position() == len(stored)


async def test_more_writes_than_fit_into_the_queue_wait_for_their_turn(store: SqliteStore) -> None:
    await asyncio.gather(*(store.wake("operations/never", NOON) for _ in range(3000)))
    records = [new_record() for _ in range(1500)]
    assert await asyncio.gather(*(store.create(one, REQUEST) for one in records)) == records


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of writes in the groups that the writer commits."""
    sizes: list[int] = []
    commit = Writer._commit_to_files

    def counted(writer: Writer, writes: Sequence[Any]) -> Sequence[Any]:
        sizes.append(len(writes))
        return commit(writer, writes)

    monkeypatch.setattr(Writer, "_commit_to_files", counted)
    return sizes


async def test_after_a_large_group_the_next_one_waits_for_more(
    store: SqliteStore, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    commits, waits = Pause(), Pause()
    monkeypatch.setattr("longtake_server.storage.writer.sleep", waits)
    alone = asyncio.ensure_future(store._writer.run(commits))
    await asyncio.to_thread(commits.begun.wait)
    await creates(store, 5, commits.passed.set)
    await alone
    first = asyncio.ensure_future(store.create(new_record(), REQUEST))
    await asyncio.to_thread(waits.begun.wait)
    await creates(store, 2, waits.passed.set)
    await first
    assert groups == [1, 5, 3]


class Pause:
    """A function that holds the thread which calls it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.passed = threading.Event()

    def __call__(self, _: object) -> None:
        self.begun.set()
        self.passed.wait()


async def creates(store: SqliteStore, count: int, begun: Callable[[], None]) -> None:
    """Create operations at the same time. `begun` is called once the writer has them all."""
    creating = [asyncio.ensure_future(store.create(new_record(), REQUEST)) for _ in range(count)]
    await asyncio.sleep(0)
    begun()
    await asyncio.gather(*creating)


class Arrivals:
    """Stands for the pauses of the writer. During each of the first ones, another write comes."""

    def __init__(self, store: SqliteStore, count: int) -> None:
        self.pauses = 0
        self.creating: list[asyncio.Future[object]] = []
        self._store = store
        self._count = count
        self._loop = asyncio.get_running_loop()

    def __call__(self, _: float) -> None:
        self.pauses += 1
        if self.pauses <= self._count:
            asyncio.run_coroutine_threadsafe(self._arrive(), self._loop).result()

    async def _arrive(self) -> None:
        self.creating.append(asyncio.ensure_future(self._store.create(new_record(), REQUEST)))
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("arriving", "together", "pauses"), [(0, 1, 1), (1, 2, 2), (3, 4, 4), (8, 9, 8)]
)
async def test_it_waits_for_more_only_while_they_come(
    store: SqliteStore,
    groups: list[int],
    monkeypatch: pytest.MonkeyPatch,
    arriving: int,
    together: int,
    pauses: int,
) -> None:
    commits, arrivals = Pause(), Arrivals(store, arriving)
    monkeypatch.setattr("longtake_server.storage.writer.sleep", arrivals)
    alone = asyncio.ensure_future(store._writer.run(commits))
    await asyncio.to_thread(commits.begun.wait)
    await creates(store, 5, commits.passed.set)
    await store.create(new_record(), REQUEST)
    await asyncio.gather(alone, *arrivals.creating)
    assert (groups, arrivals.pauses) == ([1, 5, together], pauses)


async def test_few_writes_do_not_wait_for_more(
    store: SqliteStore, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("longtake_server.storage.writer.sleep", waits.append)
    for _ in range(5):
        await store.create(new_record(), REQUEST)
    assert (groups, waits) == ([1] * 5, [])


async def test_what_was_begun_is_finished_before_it_closes(
    store: SqliteStore, reopen: Opener
) -> None:
    records = [new_record() for _ in range(50)]
    creating = [asyncio.ensure_future(store.create(record, REQUEST)) for record in records]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*creating) == records
    reopened = await reopen()
    assert await reopened.position() == 50


async def test_a_closed_store_says_so(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await store.get("operations/one")
    with pytest.raises(StorageUnavailable, match="closed"):
        await store.create(new_record(), REQUEST)


async def test_a_close_that_is_cancelled_goes_on(store: SqliteStore, reopen: Opener) -> None:
    closing = asyncio.ensure_future(store.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await reopen()


async def test_a_clock_that_steps_back_does_not_bring_back_forgotten_positions(
    store: SqliteStore, clock: FakeClock
) -> None:
    first, second = new_record(), new_record()
    for record in (first, second):
        await store.create(record, REQUEST)
    await store.delete(first.name)
    clock.step_back(100)
    await store.delete(second.name)
    await store.compact(clock.now() + timedelta(seconds=1))
    assert [change.name for change in await store.changes(0, 10)] == [first.name]


async def test_a_process_that_has_the_files_leads_at_once(store: SqliteStore) -> None:
    crashed = await store.lead("crashed", 3600.0)
    restarted = await store.lead("restarted", 6.0)
    assert crashed is not None
    assert restarted == Leadership(crashed.epoch + 1, is_new=True)


async def test_a_renewal_writes_nothing(store: SqliteStore, reopen: Opener) -> None:
    await store.lead("one", 6.0)
    log = reopen.path.with_name(f"{reopen.path.name}-wal")
    size = log.stat().st_size
    assert await store.lead("one", 6.0) == Leadership(1, is_new=False)
    assert log.stat().st_size == size
