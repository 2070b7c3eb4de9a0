# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An open store reports the faults of SQLite and recovers from them."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import StorageUnavailable
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_records import LEASE, NOON, REQUEST, changed, new_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake_server.storage.transaction import Transaction

_LARGE = GenerateVideosRequest(prompt="x" * 1_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "longtake.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, FakeClock())
    yield store
    await store.close()


def _pragma(store: SqliteStore, text: str) -> None:
    """Set a pragma on the writing connection while nothing is being written."""
    store._database.writing.execute(f"PRAGMA {text}").fetchall()


def _overwrite_all_but_the_first_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


async def test_a_full_disk_refuses_only_what_does_not_fit(store: SqliteStore) -> None:
    _pragma(store, "max_page_count = 100")
    large = new_record(request_id="large")
    small = [new_record() for _ in range(20)]
    writes = [store.create(record, REQUEST) for record in small]
    writes.insert(10, store.create(large, _LARGE))
    results = await asyncio.gather(*writes, return_exceptions=True)
    refused = results.pop(10)
    assert isinstance(refused, StorageUnavailable)
    assert "the disk is full" in str(refused)
    assert results == small
    assert await store.position() == len(small)

    _pragma(store, "max_page_count = 1000000")
    assert await store.create(large, _LARGE) == large
    assert len(await store.take("me", NOON, NOON + LEASE, 100)) == len(small) + 1


async def test_a_locked_database_refuses_and_recovers(store: SqliteStore, path: Path) -> None:
    record = new_record()
    await store.create(record, REQUEST)
    _pragma(store, "busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked by another program"):
            await store.update(changed(record), 1)
        assert await store.get(record.name) == record
        other.execute("ROLLBACK")
    finally:
        other.close()
    await store.update(changed(record), 1)
    assert await store.get(record.name) == changed(record)


async def test_a_database_that_became_read_only_still_reads(store: SqliteStore) -> None:
    record = new_record()
    await store.create(record, REQUEST)
    _pragma(store, "query_only = ON")
    with pytest.raises(StorageUnavailable, match="read-only"):
        await store.update(changed(record), 1)
    assert await store.get(record.name) == record


async def test_damage_under_an_open_store_is_said(store: SqliteStore, path: Path) -> None:
    records = [new_record() for _ in range(200)]
    await asyncio.gather(*(store.create(record, REQUEST) for record in records))
    _pragma(store, "wal_checkpoint(TRUNCATE)")
    _overwrite_all_but_the_first_page(path)
    with pytest.raises(StorageUnavailable, match="damaged"):
        await store.get(records[0].name)


async def test_a_defect_in_one_write_does_not_fail_the_others(store: SqliteStore) -> None:
    def defect(write: Transaction) -> None:
        write.connection.execute("UPDATE meta SET position = 1000")
        raise ZeroDivisionError

    records = [new_record() for _ in range(10)]
    results = await asyncio.gather(
        store._writer.run(defect),
        *(store.create(record, REQUEST) for record in records),
        return_exceptions=True,
    )
    assert isinstance(results[0], ZeroDivisionError)
    assert results[1:] == records
    assert await store.position() == 10


async def test_a_row_that_breaks_the_schema_is_refused(store: SqliteStore) -> None:
    def second_row(write: Transaction) -> None:
        write.connection.execute("UPDATE meta SET only_row = 2")

    await store.create(new_record(), REQUEST)
    with pytest.raises(StorageUnavailable, match="CONSTRAINT"):
        await store._writer.run(second_row)
    assert await store.position() == 1


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".lock"])
async def test_nothing_is_acknowledged_once_a_file_is_gone(
    store: SqliteStore, path: Path, suffix: str
) -> None:
    await store.create(new_record(), REQUEST)
    file = path.with_name(path.name + suffix)
    file.unlink()
    says = f"{file.name} was removed while the server was running"
    with pytest.raises(StorageUnavailable, match=says):
        await store.create(new_record(), REQUEST)
    assert await store.lost() == says
    with pytest.raises(StorageUnavailable, match=says):
        await store.position()
    file.touch()
    with pytest.raises(StorageUnavailable, match=says):
        await store.create(new_record(), REQUEST)


async def test_a_commit_amid_which_the_file_is_replaced_is_not_acknowledged(
    store: SqliteStore, path: Path
) -> None:
    def replace(write: Transaction) -> None:
        write.connection.execute("SELECT 1")
        copy = path.with_name("copy")
        copy.write_bytes(path.read_bytes())
        copy.rename(path)

    with pytest.raises(StorageUnavailable, match=r"longtake\.db was replaced"):
        await store._writer.run(replace)
