# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A store in a file is copied to PostgreSQL with everything in it, or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import OperationExpired, StartFailure
from longtake_server.operations.accounting import Dimension, UsageQuery
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.model import State
from longtake_server.operations.store import Fence, Filter, Kind
from longtake_server.storage.database import open_database, writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.postgres import copying
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.copied_tables import COPIED_TABLES
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_charged import ANN, PRICE, TERMS, created, priced
from storage.storage_contract_keys import HOUR, new_key
from storage.storage_contract_signing import FIRST
from storage.storage_hooked import ORDERS, webhook
from storage.storage_hooked import ended as ended_with_webhook
from storage.storage_postgres import execute, opened
from storage.storage_records import LEASE, NOON, REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from pathlib import Path

    from longtake_server.storage.postgres.store import PostgresStore

    Store = SqliteStore | PostgresStore

_NAMES = [f"operations/{number:04}" for number in range(1, 8)]
_STORED = REQUEST.SerializeToString()
_KIND = Kind("simulator", "veo", "720p", 4)
_LABELS = {"team": "größe 7", "über": "", "quote\"'\\": "a\tb"}


async def _fill(path: Path) -> None:
    """Write to every table of a new store."""
    store = await SqliteStore.open(path, FakeClock())
    leadership = await store.lead("one", 60.0)
    assert leadership is not None
    await store.set_limits(ANN, Source.COMMAND, Limits(values=Values(cost_per_day=4 * PRICE)))
    await store.set_limits("role/reader", Source.FILE, Limits(values=Values(max_concurrent=3)))
    queued, running, ended, gone, expired, _, _ = [
        await created(store, priced(name=name, labels=_LABELS), TERMS)
        if number < 3
        else await store.create(
            new_record(name, caller="bob", request_id=f"id-{number}", created=number), REQUEST
        )
        for number, name in enumerate(_NAMES)
    ]
    await store.wake(queued.name, at(5))
    for work in await store.take("one", at(10), at(10) + LEASE, 4):
        if work.name == running.name:
            await store.update(changed(running), 1, Fence(leadership.epoch, work))
    await store.update(changed(ended, State.SUCCEEDED, expires=60), 1)
    await store.delete(gone.name)
    await store.compact(NOON + timedelta(days=1))
    await store.delete(expired.name, expired=True)
    await store.keep_latencies(_KIND, [(1.5, 0.25), (3.0, 1.0)])
    key = new_key(expire_time=NOON + HOUR, labels={"team": "ads"})
    with writing_beside(path) as connection:
        KeyTable(connection).add(key)
        KeyTable(connection).add(new_key(create_time=NOON + HOUR, revoke_time=NOON))
    await store.note_key_uses({key.id: NOON})
    await store.add_signing_key(FIRST, NOON - HOUR, NOON - HOUR)
    await store.webhooks.add_webhook(webhook(), 1)
    hooked = await ended_with_webhook(store)
    await store.delete(hooked.name)
    await store.close()


async def _all_reads(store: Store) -> dict[str, Any]:
    """Return what every read of the port says."""
    days = date.min, date.max
    names = [*_NAMES[:3], *_NAMES[5:]]
    return {
        "records": [await store.get(name) for name in names],
        "requests": [await store.get_request(name) for name in names],
        "signing keys": await store.signing_keys(),
        "list": (await store.list(Filter(), 100)).records,
        "by label": (await store.list(Filter(labels=(("team", "größe 7"),)), 100)).records,
        "changes": list(await store.changes(0, 100)),
        "position": await store.position(),
        "position key": await store.position_key(),
        "next due": await store.next_due(NOON),
        "expired": await store.expired(at(100), 10),
        "latencies": await store.latencies(),
        "usage": await store.usage(*days),
        "usage by label": await store.usage_by(
            UsageQuery(*days, None, frozenset({Dimension.LABEL}), "team"), 100
        ),
        "keys": await store.keys(),
        "key version": await store.key_version(),
        "limits": await store.limits(),
        "spending": await store.spending(),
        "allowance": await store.allowance(TERMS, NOON),
        "concurrency": await store.concurrency_limits(["ann", "bob"], NOON),
        "events": await store.budget_events(0, 100),
        "leader": await store.leader(),
        "webhooks": await store.webhooks.list_webhooks(None, 10),
        "deliveries": await store.webhooks.list_deliveries(ORDERS, None, 10),
        "due": await store.webhooks.due_deliveries(at(100), 10, for_each=8),
    }


async def _copied(path: Path, url: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    await asyncio.to_thread(copying.copy_store, path, DatabaseAddress(url), counts.__setitem__)
    return counts


async def test_a_copy_answers_every_read_as_the_original_does(
    tmp_path: Path, database_url: str
) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    counts = await _copied(path, database_url)
    assert set(counts) == {table.name for table in COPIED_TABLES}
    assert min(counts.values()) > 0, counts
    original = await SqliteStore.open(path, FakeClock())
    try:
        # The engine of the original does not lead any more.
        await original.resign("one")
        async with opened(database_url) as (copy,):
            assert await _all_reads(copy) == await _all_reads(original)
    finally:
        await original.close()


async def test_a_copy_goes_on_where_the_original_ended(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    with closing(sqlite3.connect(path)) as connection:
        position, epoch, leases = connection.execute(
            "SELECT position, epoch, leases FROM meta"
        ).fetchone()
        (events,) = connection.execute("SELECT max(number) FROM budget_events").fetchone()
    await _copied(path, database_url)
    async with opened(database_url) as (copy,):
        with pytest.raises(OperationExpired):
            await copy.get(_NAMES[4])
        again = await copy.create(new_record(caller="bob", request_id="id-5"), REQUEST)
        assert again.name == _NAMES[5]
        leadership = await copy.lead("other", 60.0)
        assert leadership is not None
        assert leadership.epoch == epoch + 1
        await copy.release_leases(leadership.epoch)
        await created(copy, priced(), TERMS)
        assert await copy.position() == position + 1
        assert (await copy.changes(position, 10))[0].position == position + 1
        works = await copy.take("other", at(1000), at(2000), 10)
        assert min(work.lease for work in works) > leases
        assert await copy.newest_budget_event() > events


async def test_each_table_and_column_of_both_stores_is_copied(
    tmp_path: Path, database_url: str
) -> None:
    copied = {(table.name, column) for table in COPIED_TABLES for column in table.columns}
    meta = {("meta", name) for name in ("only_row", "position", "compacted", "key_version")}
    meta |= {("meta", name) for name in ("position_key", "epoch", "engine")}
    # A store of one server has no agreement, and its engine has no end.
    shared = {("meta", name) for name in ("engine_until", "upstreams", "is_held")}
    path = tmp_path / "longtake.db"
    with closing(open_database(path)) as database:
        columns = database.writing.execute(
            "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table' AND t.name NOT IN ('labels', 'sqlite_sequence')"
        ).fetchall()
    # A sequence of PostgreSQL gives the numbers of leases, and request_ids has the request IDs.
    assert set(columns) - {("meta", "leases"), ("operations", "request_id")} == (
        (copied | meta) - {("operations", "labels")}
    )
    async with opened(database_url):
        found = await execute(
            database_url,
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name <> 'longtake_schema'",
        )
    assert set(found) - {("requests", "early_since")} == copied | meta | shared


async def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "data" / "longtake.db"
    with pytest.raises(StartFailure, match="does not exist; set LONGTAKE_DATA_FOLDER"):
        await _copied(path, database_url)
    assert not path.parent.exists()
    assert await _tables(database_url) == 0


async def test_a_file_that_a_server_uses_is_refused(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "longtake.db"
    store = await SqliteStore.open(path, FakeClock())
    try:
        with pytest.raises(StartFailure, match="is in use by another server; stop that one"):
            await _copied(path, database_url)
    finally:
        await store.close()
    assert await _tables(database_url) == 0


@pytest.mark.parametrize(
    "use",
    [
        "UPDATE meta SET epoch = 1",
        "INSERT INTO latencies VALUES ('simulator', 'veo', '720p', 4, '[]')",
    ],
)
async def test_a_database_that_was_used_is_refused(
    tmp_path: Path, database_url: str, use: Any
) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    async with opened(database_url):
        await execute(database_url, use)
    with pytest.raises(StartFailure, match="is not empty: a server has used it"):
        await _copied(path, database_url)
    assert await execute(database_url, "SELECT count(*) FROM operations") == [(0,)]


async def test_a_database_with_empty_tables_is_filled(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    async with opened(database_url):
        pass
    assert (await _copied(path, database_url))["operations"] == 5


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("UPDATE keys SET principal = 'a' || char(0) || 'b'", "the table keys has a row that"),
        ("UPDATE label_usage SET accepted = 9e18, value = char(0)", "the table label_usage has"),
    ],
)
async def test_a_copy_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, database_url: str, spoil: str, says: str
) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(spoil)
    with pytest.raises(StartFailure, match=says):
        await _copied(path, database_url)
    assert await _tables(database_url) == 0


async def test_a_copy_that_differs_is_undone(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "longtake.db"
    await _fill(path)
    storable = copying._storable
    monkeypatch.setattr(
        copying, "_storable", lambda value: storable(value[:-1] if value == _STORED else value)
    )
    with pytest.raises(StartFailure, match="the copy of the table requests differs"):
        await _copied(path, database_url)
    assert await _tables(database_url) == 0


async def _tables(url: str) -> int:
    [[count]] = await execute(
        url, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    )
    return int(count)
