# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a stored operation and an idle replica cost a PostgreSQL database."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from longtake_server.clock import SystemClock
from longtake_server.operations.model import State
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.store import PostgresStore
from longtake_server.storage.sqlite import SqliteStore

from benchmarks.report import Table
from benchmarks.servers import generation, longtake
from benchmarks.stored import record
from scripts.postgres import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake_server.operations.model import OperationRecord
    from longtake_server.stores import Store

_TOGETHER = 64
_MANY = 10_000_000
_GIBIBYTE = 1 << 30
_PROMPT = "A paper boat drifts down a rain gutter, past leaves as big as ships. " * 3
_UPSTREAM_OPERATION = (
    "projects/longtake/locations/us-central1/publishers/google/models/veo-3.1-generate-001/"
    "operations/0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
)
_SIZES = """
    SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid))
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_LOG = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
_COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes of all operations.

    Attributes:
        tables: In tables.
        indexes: In indexes; 0 if the store does not tell them apart.
        log: Written to the write-ahead log; 0 if the store does not tell.
    """

    tables: float
    indexes: float = 0.0
    log: float = 0.0


def measure(*, stored: int = 5_000, idle_seconds: float = 30.0) -> Table:
    """Store operations from their acceptance to their end, and let replicas idle."""
    with tempfile.TemporaryDirectory(prefix="longtake-footprint-") as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(postgres_server({}))
        with psycopg.connect(database.url, autocommit=True) as connection:
            ours = asyncio.run(_postgres(connection, database.url, stored))
            one, two = _idle(connection, database.url, folder, idle_seconds)
        file = folder / "longtake.db"
        asyncio.run(_sqlite(file, stored))
        theirs = Stored(file.stat().st_size)
    return Table(
        title="Footprint in the database",
        note=f"{stored} operations with a prompt of {len(_PROMPT)} characters and one video, each "
        "written four times: accepted, being submitted, running, succeeded. PostgreSQL after "
        f"VACUUM. The rows of {_MANY:,} operations are computed from those above. Commits of "
        f"replicas that do nothing are over {idle_seconds:g} s, without API keys.",
        columns=("what", "PostgreSQL", "SQLite"),
        rows=(
            ("bytes of an operation", *_each(stored, ours, theirs)),
            ("of these in indexes", f"{ours.indexes / stored:.0f}", "-"),
            ("bytes of log to write it", f"{ours.log / stored:.0f}", "-"),
            (f"GiB of {_MANY:,} operations", *_gibibytes(stored, ours, theirs)),
            ("commits a second of one idle replica, the engine", f"{one:.1f}", "-"),
            ("commits a second of one more idle replica", f"{two - one:.1f}", "-"),
        ),
    )


def _each(count: int, *stores: Stored) -> Iterator[str]:
    return (f"{(each.tables + each.indexes) / count:.0f}" for each in stores)


def _gibibytes(count: int, *stores: Stored) -> Iterator[str]:
    return (f"{(each.tables + each.indexes) / count * _MANY / _GIBIBYTE:.1f}" for each in stores)


async def _postgres(connection: psycopg.Connection, url: str, count: int) -> Stored:
    store = await PostgresStore.open(DatabaseAddress(url), SystemClock())
    try:
        before, log_before = _sizes(connection), _number(connection, _LOG)
        await _fill(store, count)
        log = _number(connection, _LOG) - log_before
    finally:
        await store.close()
    connection.execute("VACUUM")
    after = _sizes(connection)
    return Stored(after[0] - before[0], after[1] - before[1], log)


async def _sqlite(file: Path, count: int) -> None:
    store = await SqliteStore.open(file, SystemClock())
    try:
        await _fill(store, count)
    finally:
        await store.close()


async def _fill(store: Store, count: int) -> None:
    places = asyncio.Semaphore(_TOGETHER)

    async def one() -> None:
        async with places:
            await _live(store)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(one())


async def _live(store: Store) -> None:
    """Store an operation as the server does, from its acceptance to its end."""
    end = record(State.SUCCEEDED)
    now = datetime.now(UTC)
    begun = replace(end, revision=1, state=State.QUEUED, end_time=None, expire_time=None, videos=())
    begun = replace(begun, prompt_excerpt=_PROMPT[:100])
    await store.create(begun, generation(_PROMPT), now + timedelta(days=1))
    running = replace(begun, upstream_operation=_UPSTREAM_OPERATION, submit_time=now, attempts=1)
    for state, changed in (
        (State.SUBMITTING, replace(begun, attempts=1)),
        (State.RUNNING, running),
        (State.SUCCEEDED, _ended(running, end)),
    ):
        revision = begun.revision
        begun = replace(changed, revision=revision + 1, state=state)
        await store.update(begun, revision)


def _ended(running: OperationRecord, end: OperationRecord) -> OperationRecord:
    return replace(
        running,
        end_time=end.end_time,
        expire_time=end.expire_time,
        videos=end.videos,
        billed_seconds=8.0,
        cost_micros=3_200_000,
    )


def _idle(
    connection: psycopg.Connection, url: str, folder: Path, seconds: float
) -> tuple[float, float]:
    """Return the commits a second of one replica and of two."""
    found = []
    with ExitStack() as stack:
        for name in ("one", "two"):
            settings = {"database_url": url, "media_url": (folder / "media").as_uri()}
            stack.enter_context(longtake(folder / name, **settings))
            # What the start has committed is counted late: idle sessions tell every 10 seconds.
            time.sleep(seconds)
            before, begun = _number(connection, _COMMITS), time.monotonic()
            time.sleep(seconds)
            commits = _number(connection, _COMMITS) - before
            found.append(commits / (time.monotonic() - begun))
    one, two = found
    return one, two


def _sizes(connection: psycopg.Connection) -> Sequence[float]:
    return [float(each) for each in connection.execute(_SIZES).fetchone() or ()]


def _number(connection: psycopg.Connection, sql: str) -> float:
    [number] = connection.execute(sql).fetchone() or (0,)
    return float(number)
