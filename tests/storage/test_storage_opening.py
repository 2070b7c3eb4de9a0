# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which files a store refuses to open, and what it creates if there is none."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import StartFailure
from longtake_server.operations.accounting import Dimension, UsageQuery, UsageRow
from longtake_server.operations.results.usage import account_of, usage_of
from longtake_server.storage import migrations
from longtake_server.storage.codec import encode_record
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.storage.sqlite_commands import SqlitePlace
from storage.storage_records import REQUEST, new_record

if TYPE_CHECKING:
    from collections.abc import Callable


async def _filled(path: Path) -> None:
    """Create a database with some operations."""
    store = await SqliteStore.open(path, FakeClock())
    await asyncio.gather(*(store.create(new_record(), REQUEST) for _ in range(200)))
    await store.close()


async def _refused(path: Path) -> str:
    """Return the message that says why the path cannot be opened."""
    with pytest.raises(StartFailure) as refused:
        await SqliteStore.open(path, FakeClock())
    line = str(refused.value)
    assert str(path) in line
    assert "\n" not in line
    return line


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"hello, I am a text\n" * 100)


def _too_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4096])


def _overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192:16384] = b"\xa5" * 8192
    path.write_bytes(data)


def _without_schema(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xa5" * 3996
    path.write_bytes(data)


def _newer(path: Path) -> None:
    _sql(path, f"PRAGMA user_version = {migrations.NEWEST_VERSION + 1}")


def _someone_elses(path: Path) -> None:
    path.unlink()
    _sql(path, "CREATE TABLE guests (name TEXT)")


def _of_another_application(path: Path) -> None:
    path.unlink()
    _sql(path, "PRAGMA application_id = 7", "CREATE TABLE guests (name TEXT)")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_not_a_database, "is not a Longtake database"),
        (_too_short, "is not a Longtake database"),
        (_someone_elses, "is not a Longtake database"),
        (_of_another_application, "is not a Longtake database"),
        (_truncated, "is damaged: its end is missing"),
        (_overwritten, "damaged"),
        (_without_schema, "damaged"),
        (_newer, "start the newer server"),
    ],
)
async def test_a_file_that_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "longtake.db"
    await _filled(path)
    spoil(path)
    before = path.read_bytes()
    assert says in await _refused(path)
    assert path.read_bytes() == before
    assert _names(tmp_path) == ["longtake.db", "longtake.db.lock"]
    path.unlink()
    await _filled(path)


async def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in await _refused(tmp_path / "file" / "longtake.db")
    assert "cannot be written" in await _refused(Path("/proc/longtake/longtake.db"))


async def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "longtake.db").mkdir()
    assert "cannot be written" in await _refused(tmp_path / "longtake.db")


async def test_the_folder_and_the_file_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "longtake.db"
    store = await SqliteStore.open(path, FakeClock())
    try:
        await store.create(new_record(), REQUEST)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert modes == dict.fromkeys(
            ["longtake.db", "longtake.db-wal", "longtake.db-shm", "longtake.db.lock"], 0o600
        )
    finally:
        await store.close()


async def test_a_second_store_of_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    store = await SqliteStore.open(path, FakeClock())
    try:
        assert "in use by another server" in await _refused(path)
        await store.create(new_record(), REQUEST)
    finally:
        await store.close()
    await _filled(path)


async def test_a_start_that_was_broken_off_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    path.touch()
    await _filled(path)
    path.unlink()
    _sql(path, "PRAGMA journal_mode = WAL")
    await _filled(path)


async def test_a_start_that_is_cancelled_gives_the_file_back(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    opening = asyncio.ensure_future(SqliteStore.open(path, FakeClock()))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await _filled(path)


async def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "longtake.db"
    with monkeypatch.context() as patched:
        patched.setattr(
            migrations, "_MIGRATIONS", (("CREATE TABLE half (way)", "CREATE nonsense"),)
        )
        assert "nonsense" in await _refused(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        assert migrations.schema_version(connection) == 0
    await _filled(path)


async def test_an_older_store_is_migrated_with_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "longtake.db"
    record = replace(new_record(labels={"team": "ads"}), upstream_operation="upstream/1")
    with monkeypatch.context() as older:
        older.setattr(migrations, "_MIGRATIONS", migrations._MIGRATIONS[:1])
        older.setattr(migrations, "NEWEST_VERSION", 1)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrations.migrate(connection)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            """
            INSERT INTO operations (
                name, position, revision, caller, request_id, state, model, create_time, record
            ) VALUES (?, 1, 1, '', '', 'RUNNING', 'veo', 0, ?)
            """,
            (record.name, encode_record(record)),
        )
        connection.execute("UPDATE meta SET position = 1")
        assert migrations.schema_version(connection) == 1
    store = await SqliteStore.open(path, FakeClock())
    try:
        assert await store.find_by_upstream("upstream/1") == record.name
        assert await store.get(record.name) == record
        assert len(await store.position_key()) == 32
        assert await store.usage(date.min, date.max) == {account_of(record): usage_of(record)}
        by_team = UsageQuery(date.min, date.max, None, frozenset({Dimension.LABEL}), "team")
        assert (await store.usage_by(by_team, 10)).rows == (
            UsageRow(None, None, None, "ads", usage_of(record)),
        )
    finally:
        await store.close()


async def test_a_store_that_was_migrated_is_not_migrated_again(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    await _filled(path)
    store = await SqliteStore.open(path, FakeClock())
    try:
        assert await store.position() == 200
        assert migrations.schema_version(store._database.writing) == migrations.NEWEST_VERSION
    finally:
        await store.close()


async def test_a_migration_by_command_says_the_version_before(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path / "data" / "longtake.db")
    newest = migrations.NEWEST_VERSION
    assert place.migrate() == (0, newest)
    assert place.migrate() == (newest, newest)
    store = await SqliteStore.open(place.path, FakeClock())
    try:
        assert place.migrate() == (newest, newest)
        _sql(place.path, f"PRAGMA user_version = {newest - 1}")
        with pytest.raises(StartFailure, match="in use by another server"):
            place.migrate()
        _newer(place.path)
        with pytest.raises(StartFailure, match="start the newer server that wrote it"):
            place.migrate()
    finally:
        await store.close()


def test_a_migration_by_command_refuses_another_file(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    _not_a_database(path)
    before = path.read_bytes()
    with pytest.raises(StartFailure, match=r"longtake\.db cannot be read"):
        SqlitePlace(path).migrate()
    assert path.read_bytes() == before


async def test_each_store_has_a_position_key_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    keys = []
    for name in ("one.db", "other.db", "one.db"):
        store = await SqliteStore.open(tmp_path / name, FakeClock())
        keys.append(await store.position_key())
        await store.close()
    assert keys[0] == keys[2] != keys[1]
