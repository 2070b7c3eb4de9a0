# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A command writes to the database beside the server that owns it."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import StartFailure
from longtake_server.storage import migrations
from longtake_server.storage.database import open_database, writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_contract_keys import new_key
from storage.storage_records import REQUEST, changed, new_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "longtake.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, FakeClock())
    yield store
    await store.close()


def _add_keys(path: Path, count: int) -> None:
    for _ in range(count):
        with writing_beside(path) as connection:
            KeyTable(connection).add(new_key())


def test_a_database_that_is_made_is_its_owners_alone(path: Path) -> None:
    _add_keys(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_keys_can_be_made_before_the_first_start(path: Path) -> None:
    _add_keys(path, 1)
    store = await SqliteStore.open(path, FakeClock())
    try:
        assert len(await store.keys()) == 1
        await store.create(new_record(), REQUEST)
    finally:
        await store.close()


async def test_no_commit_of_the_server_is_lost_beside_a_writer(
    store: SqliteStore, path: Path
) -> None:
    async def serve() -> None:
        for _ in range(40):
            record = new_record()
            await store.create(record, REQUEST)
            await store.update(changed(record), 1)

    writing = asyncio.gather(*(asyncio.to_thread(_add_keys, path, 20) for _ in range(2)))
    await asyncio.gather(*(serve() for _ in range(5)))
    await writing
    assert await store.position() == 400
    assert len(await store.keys()) == await store.key_version() == 40


async def test_a_commit_of_the_server_waits_for_a_writer(store: SqliteStore, path: Path) -> None:
    began, end = threading.Event(), threading.Event()

    def write() -> None:
        with writing_beside(path) as connection:
            KeyTable(connection).add(new_key())
            began.set()
            end.wait()

    writing = asyncio.ensure_future(asyncio.to_thread(write))
    await asyncio.to_thread(began.wait)
    record = new_record()
    creating = asyncio.ensure_future(store.create(record, REQUEST))
    assert await store.keys() == ()
    assert not creating.done()
    end.set()
    await writing
    assert await creating == record
    assert len(await store.keys()) == 1


async def test_keys_are_read_while_all_other_reads_wait(store: SqliteStore, path: Path) -> None:
    _add_keys(path, 1)
    end = threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT 1")
        end.wait()

    holding = [asyncio.ensure_future(store._readers.run(hold)) for _ in range(10)]
    waiting = asyncio.ensure_future(store.position())
    assert await store.key_version() == len(await store.keys()) == 1
    assert not waiting.done()
    end.set()
    await asyncio.gather(*holding)
    assert await waiting == 0


async def test_a_restarted_server_has_what_was_written_while_it_was_stopped(
    store: SqliteStore, path: Path
) -> None:
    record = new_record()
    await store.create(record, REQUEST)
    await store.close()
    _add_keys(path, 3)
    assert not path.with_name(f"{path.name}-wal").exists()
    reopened = await SqliteStore.open(path, FakeClock())
    try:
        assert len(await reopened.keys()) == 3
        assert await reopened.get(record.name) == record
    finally:
        await reopened.close()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {migrations.NEWEST_VERSION + 1}")


def _older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {migrations.NEWEST_VERSION - 1}")


def _of_another_application(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")
        connection.execute(f"PRAGMA user_version = {migrations.NEWEST_VERSION}")


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_newer, "start the newer server"),
        (_older, "or the start of this server, brings it to"),
        (_of_another_application, "is not a Longtake database"),
        (_not_a_database, "the database is damaged"),
        (_empty, "or the start of this server, brings it to"),
    ],
)
def test_another_file_is_refused_and_left_as_it_is(
    path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    open_database(path).close()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StartFailure) as refused:
        _add_keys(path, 1)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_is_named() -> None:
    with pytest.raises(StartFailure, match="cannot be written"):
        _add_keys(Path("/proc/longtake/longtake.db"), 1)
