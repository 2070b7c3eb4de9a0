# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of a database that a server cannot start on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest
from fakes.clock import FakeClock
from longtake_server.errors import StartFailure
from longtake_server.storage.postgres import schema as migrations
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.commands import PostgresPlace
from longtake_server.storage.postgres.schema import NEWEST_VERSION
from longtake_server.storage.postgres.store import PostgresStore
from processes.postgres import schema
from storage.storage_postgres import Replacements, execute, opened, replacing_proxy
from storage.storage_records import REQUEST, changed, new_record

from scripts.postgres import PostgresServer, postgres_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_ACCESS = """
host all longtake 127.0.0.1/32 trust
host replication longtake 127.0.0.1/32 trust
host all ann 127.0.0.1/32 scram-sha-256
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Run a server that asks the user ann for a password, and admits no bob."""
    with TemporaryDirectory() as folder:
        access = Path(folder, "pg_hba.conf")
        access.write_text(_ACCESS)
        access.chmod(0o644)
        Path(folder).chmod(0o755)
        with postgres_server({"fsync": "off", "hba_file": str(access)}) as server:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE ROLE ann LOGIN PASSWORD 'right'")
                connection.execute("CREATE ROLE bob LOGIN")
                connection.execute("CREATE DATABASE old ENCODING 'LATIN1' TEMPLATE template0")
            yield server


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    with schema(server.url) as url:
        yield url


async def _refusal(url: str) -> str:
    """Return what a start, which would wait, and a command say at once."""
    address = DatabaseAddress(url)
    with pytest.raises(StartFailure) as refused:
        await PostgresStore.open(address, FakeClock(), 30.0)
    with pytest.raises(StartFailure) as refused_command:
        await asyncio.to_thread(_read, address)
    said = str(refused.value)
    assert str(refused_command.value) == said
    assert str(address) in said
    assert "\n" not in said
    assert "wrong" not in said
    return said


def _read(address: DatabaseAddress) -> None:
    with PostgresPlace(address).reading():
        pass


@pytest.mark.parametrize(
    ("user", "rest", "says"),
    [
        ("ann:wrong", "postgres", "refuses the user or the password; correct them in"),
        ("ann", "postgres", "asks for a password; add it to the user in"),
        ("bob:wrong", "postgres", "without TLS; add sslmode=verify-full to"),
        ("longtake", "missing", "does not exist; create it, or correct its name in"),
        ("longtake", "postgres?sslmode=require", "offers no TLS; set it up in the database, or"),
        ("longtake", "postgres?sslmode=verify-full", "offers no TLS"),
        ("longtake", "old", "is in LATIN1; use one in UTF8"),
    ],
)
async def test_what_waiting_does_not_mend_is_refused_at_once(
    server: PostgresServer, user: str, rest: str, says: str
) -> None:
    assert says in await _refusal(f"postgresql://{user}@127.0.0.1:{server.port}/{rest}")


@asynccontextmanager
async def _other_product(server: PostgresServer, replacements: Replacements) -> AsyncIterator[str]:
    async with replacing_proxy(server.port, replacements) as port:
        yield server.url.replace(f":{server.port}/", f":{port}/")


@pytest.mark.parametrize(
    ("product", "says"),
    [
        (b"CockroachDB CCL v24", "is CockroachDB, which is not supported; use PostgreSQL 15"),
        (b"PostgreSQL 15-YB-2.", "is YugabyteDB, which is not supported; use PostgreSQL 15"),
    ],
)
async def test_another_product_is_refused_by_name(
    server: PostgresServer, product: bytes, says: str
) -> None:
    [[version]] = await execute(server.url, "SELECT version()")
    real = version.encode()[: len(product)]
    async with _other_product(server, {real: product}) as url:
        assert says in await _refusal(url)


async def test_an_old_server_is_refused(server: PostgresServer) -> None:
    [[version]] = await execute(server.url, "SHOW server_version")
    real = b"server_version\0" + version.encode()
    async with _other_product(server, {real: b"server_version\x0014." + real[18:]}) as url:
        assert "is PostgreSQL 14; use PostgreSQL 15 or newer" in await _refusal(url)


async def test_a_newer_schema_is_refused_by_name_and_stays_as_it_is(url: str) -> None:
    PostgresPlace(DatabaseAddress(url)).migrate()
    await execute(url, "UPDATE longtake_schema SET version = 999")
    says = f"has schema version 999 and this server knows versions up to {NEWEST_VERSION}; start"
    assert says in await _refusal(url)
    with pytest.raises(StartFailure, match="start the newer server that made it"):
        PostgresPlace(DatabaseAddress(url)).migrate()
    assert await execute(url, "SELECT version FROM longtake_schema") == [(999,)]


async def test_a_missing_right_is_named(server: PostgresServer) -> None:
    url = f"postgresql://ann:right@127.0.0.1:{server.port}/postgres"
    with pytest.raises(StartFailure, match="refused: permission denied for schema public; correct"):
        await PostgresStore.open(DatabaseAddress(url), FakeClock(), 30.0)


async def test_a_migration_says_the_version_before(url: str) -> None:
    place = PostgresPlace(DatabaseAddress(url))
    assert place.migrate() == (0, NEWEST_VERSION)
    assert place.migrate() == (NEWEST_VERSION, NEWEST_VERSION)


async def test_standbys_that_no_commit_waits_for_are_told(
    server: PostgresServer, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with await psycopg.AsyncConnection.connect(
        server.url, replication="true", application_name="standby", autocommit=True
    ):
        await (await PostgresStore.open(DatabaseAddress(url), FakeClock())).close()
    assert "no standby of the database is synchronous" in caplog.text


async def test_a_server_of_the_version_before_goes_on_after_a_migration(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = DatabaseAddress(url)
    with monkeypatch.context() as older:
        older.setattr(migrations, "_MIGRATIONS", migrations._MIGRATIONS[:-1])
        older.setattr(migrations, "NEWEST_VERSION", NEWEST_VERSION - 1)
        before = await PostgresStore.open(address, FakeClock())
        record = await before.create(new_record(), REQUEST)
    async with opened(url) as (after,):
        [[version]] = await execute(url, "SELECT version FROM longtake_schema")
        assert version == NEWEST_VERSION
        assert await after.get(record.name) == record
        await before.update(changed(record), 1)
        assert await after.get(record.name) == changed(record)
        assert await before.lead("before", 0.0) is not None
        assert await after.lead("after", 60.0) is not None
        await before.close()
