# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store while the database is away, and after."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import OutcomeUnknown, StartFailure, StorageUnavailable
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.session import Session
from longtake_server.storage.postgres.store import PostgresStore
from processes.postgres import schema
from storage.storage_postgres import LossyProxy, clock_of, execute, opened
from storage.storage_records import REQUEST, changed, new_record

from scripts.postgres import PostgresServer, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

_ALL_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Run a server of this module's own, which writes to the disk."""
    with postgres_server({}) as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    with schema(server.url) as url:
        yield url


async def test_connections_that_were_closed_while_idle_are_not_noticed(url: str) -> None:
    async with opened(url) as (store,):
        record = await store.create(new_record(), REQUEST)
        await execute(url, _ALL_OTHERS)
        assert await store.get(record.name) == record
        await store.update(changed(record), 1)
        assert await store.get(record.name) == changed(record)


async def test_news_come_again_after_the_listening_connection_was_lost(url: str) -> None:
    async with opened(url, 2) as (one, other):
        await execute(url, _ALL_OTHERS)
        clock = clock_of(other)
        before = await other.position()
        waiting = asyncio.ensure_future(other.news(before))
        await one.create(new_record(), REQUEST)
        await clock.sleeping()
        clock.advance(1.0)
        await waiting
        assert await other.position() > before


async def test_an_answer_to_a_commit_that_is_lost_is_an_unknown_outcome(
    url: str, server: PostgresServer
) -> None:
    proxy = LossyProxy(server.port)
    async with AsyncExitStack() as closing:
        port = await closing.enter_async_context(proxy.serving())
        (store,) = await closing.enter_async_context(
            opened(url.replace(f":{server.port}/", f":{port}/"))
        )
        record = new_record()
        proxy.lose_commit = True
        with pytest.raises(OutcomeUnknown):
            await store.create(record, REQUEST)
        proxy.lose_commit = False
        assert await store.get(record.name) == record
        assert await store.create(record, REQUEST) == record
        assert await store.position() == 1


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    url: str, server: PostgresServer
) -> None:
    async with opened(url) as (store,):
        clock = clock_of(store)
        record = await store.create(new_record(), REQUEST)
        await asyncio.to_thread(server.kill)
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            await store.get(record.name)
        with pytest.raises(StorageUnavailable):
            await store.update(changed(record), 1)
        await asyncio.to_thread(server.start)
        clock.advance(10.0)
        assert await store.get(record.name) == record
        await store.update(changed(record), 1)
        assert await store.get(record.name) == changed(record)


async def test_a_database_that_does_not_answer_is_given_up(url: str) -> None:
    clock = FakeClock()
    session = Session(DatabaseAddress(url), clock)

    async def wait(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        waiting = asyncio.ensure_future(connection.execute("SELECT pg_sleep(600)"))
        await clock.sleeping()
        clock.advance(20.0)
        await waiting

    with pytest.raises(StorageUnavailable, match="cannot be reached"):
        await session.run(wait)
    await session.close()


async def test_a_database_that_cannot_be_reached_is_waited_for(server: PostgresServer) -> None:
    clock = FakeClock()
    with schema(server.url) as url:
        await asyncio.to_thread(server.stop)
        opening = asyncio.ensure_future(PostgresStore.open(DatabaseAddress(url), clock, 30.0))
        await clock.sleeping()
        await asyncio.to_thread(server.start)
        clock.advance(5.0)
        store = await opening
        assert await store.position() == 0
        await store.close()


async def test_after_the_wait_that_is_set_it_is_given_up() -> None:
    clock = FakeClock()
    address = DatabaseAddress("postgresql://ann:secret@127.0.0.1:1/db")
    opening = asyncio.ensure_future(PostgresStore.open(address, clock, 30.0))
    skipping = asyncio.ensure_future(clock.skip_naps(5.0))
    with pytest.raises(StartFailure) as failure:
        await opening
    skipping.cancel()
    assert str(failure.value) == (
        "the database 127.0.0.1:1/db cannot be reached for 30 seconds: the connection is refused; "
        "start it, or correct LONGTAKE_DATABASE_URL"
    )


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("127.0.0.1:1", "the connection is refused"),
        ("nowhere.invalid", "the host name has no address"),
    ],
)
async def test_without_a_wait_it_is_given_up_at_once(place: str, says: str) -> None:
    address = DatabaseAddress(f"postgresql://ann:secret@{place}/db")
    with pytest.raises(StartFailure) as failure:
        await PostgresStore.open(address, FakeClock())
    assert f"cannot be reached: {says}; start it" in str(failure.value)
    assert "secret" not in str(failure.value)


async def test_hosts_none_of_which_is_the_primary_are_waited_for(
    url: str, server: PostgresServer
) -> None:
    await execute(server.url, "ALTER SYSTEM SET default_transaction_read_only = on")
    await execute(server.url, "SELECT pg_reload_conf()")
    with pytest.raises(StartFailure, match="no host of it is the primary"):
        await PostgresStore.open(DatabaseAddress(url), FakeClock())
    await execute(server.url, "ALTER SYSTEM RESET default_transaction_read_only")
    await execute(server.url, "SELECT pg_reload_conf()")
