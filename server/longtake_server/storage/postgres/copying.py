# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies an SQLite store to an empty database, and compares all rows with what was stored.

All of it is one transaction, and no row but the present one is in memory. The file is locked
meanwhile, for servers and for commands.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Jsonb

from longtake_server.errors import StartFailure
from longtake_server.storage.database import open_database
from longtake_server.storage.faults import cause_of
from longtake_server.storage.postgres.connecting import failing_to_start
from longtake_server.storage.postgres.copied_tables import COPIED_TABLES
from longtake_server.storage.postgres.schema import migrate_within
from longtake_server.storage.postgres.server_checks import check_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg import Connection

    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.copied_tables import CopiedTable
    from longtake_server.storage.postgres.query import Row

_META = "position, compacted, key_version, position_key, epoch"
# Only a database that no server has ever used has these values.
_UNUSED = "position = 0 AND compacted = 0 AND key_version = 0 AND epoch = 0 AND engine IS NULL"
_PLAIN_VALUES = (str, bytes, bool, int, float, type(None))


def copy_store(path: Path, address: DatabaseAddress, tell: Callable[[str, int], None]) -> None:
    """Copy a store. If it fails, the database is as it was. Blocks.

    Args:
        path: The file of the SQLite store. It is brought to the newest schema.
        address: The database. It must be empty, or have empty tables.
        tell: Called with each table and its number of rows, once they are compared.

    Raises:
        StartFailure: The file does not exist or is in use, the database is not empty or cannot be
            used, or the copy differs.

    """
    with (
        _locked(path) as source,
        failing_to_start(address),
        address.connect_blocking() as target,
    ):
        check_server(target, address)
        migrate_within(target, address)
        _refuse_used(target, address)
        for table in COPIED_TABLES:
            _copy(table, source, target)
        _copy_counters(source, target)
        for table in COPIED_TABLES:
            tell(table.name, _compare(table, source, target))
        _compare_counters(source, target)
        target.execute("ANALYZE")


@contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for this process alone."""
    if not path.exists():
        raise StartFailure(
            f"{path} does not exist; set LONGTAKE_DATA_FOLDER to the data folder to copy from"
        )
    with closing(open_database(path)) as database:
        try:
            database.writing.execute("BEGIN IMMEDIATE")
            yield database.writing
            database.writing.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            raise StartFailure(f"{path} cannot be read: {cause_of(error)} ({error})") from error


def _refuse_used(target: Connection[Row], address: DatabaseAddress) -> None:
    # The lock keeps all writers out until the end.
    is_unused = target.execute(f"SELECT {_UNUSED} FROM meta FOR UPDATE").fetchone() == (True,)  # noqa: S608 - a constant
    for table in COPIED_TABLES:
        is_empty = target.execute(f"SELECT FROM {table.name} LIMIT 1").fetchone() is None
        is_unused = is_unused and is_empty
    if not is_unused:
        raise StartFailure(
            f"the database {address} is not empty: a server has used it; name an empty database in "
            "LONGTAKE_DATABASE_URL, or an empty schema in its options"
        )


def _copy(table: CopiedTable, source: sqlite3.Connection, target: Connection[Row]) -> None:
    columns = ", ".join(table.columns)
    with target.cursor() as cursor:
        try:
            with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for row in _source_rows(table, source):
                    copy.write_row([_storable(value) for value in row])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise StartFailure(
                f"the table {table.name} has a row that PostgreSQL does not store "
                f"({error.sqlstate or 'a text with a NUL character'}); nothing was copied"
            ) from None


def _copy_counters(source: sqlite3.Connection, target: Connection[Row]) -> None:
    """Copy the row of `meta`, and from where numbers go on."""
    target.execute(
        f"UPDATE meta SET ({_META}) = (%s, %s, %s, %s, %s)",  # noqa: S608 - constants
        source.execute(f"SELECT {_META} FROM meta").fetchone(),  # noqa: S608 - constants
    )
    leases = source.execute("SELECT leases FROM meta").fetchone()[0]
    target.execute(f"ALTER SEQUENCE work_leases RESTART WITH {leases + 1:d}")
    for table in ("budget_events", "webhook_deliveries"):
        last = source.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (table,)
        ).fetchone()[0]
        target.execute(f"ALTER TABLE {table} ALTER number RESTART WITH {last + 1:d}")


def _compare(table: CopiedTable, source: sqlite3.Connection, target: Connection[Row]) -> int:
    """Compare all rows, and return their number."""
    count = 0
    for before, after in zip_longest(_source_rows(table, source), _stored_rows(table, target)):
        if before != after:
            raise _different(table.name)
        count += 1
    return count


def _compare_counters(source: sqlite3.Connection, target: Connection[Row]) -> None:
    query = f"SELECT {_META} FROM meta"  # noqa: S608 - constants
    if source.execute(query).fetchone() != target.execute(query).fetchone():
        raise _different("meta")


def _source_rows(table: CopiedTable, source: sqlite3.Connection) -> Iterator[Row]:
    conversions = [table.converted.get(name) for name in table.columns]
    with closing(source.execute(table.sqlite_query)) as rows:
        for row in rows:
            yield tuple(
                value if convert is None else convert(value)
                for value, convert in zip(row, conversions, strict=True)
            )


def _stored_rows(table: CopiedTable, target: Connection[Row]) -> Iterator[Row]:
    columns = target.execute(f"{table.postgres_query} LIMIT 0").description or ()
    with target.cursor().copy(f"COPY ({table.postgres_query}) TO STDOUT") as copy:
        copy.set_types([column.type_code for column in columns])
        yield from copy.rows()


def _storable(value: object) -> object:
    return value if isinstance(value, _PLAIN_VALUES) else Jsonb(value)


def _different(table: str) -> StartFailure:
    return StartFailure(
        f"the copy of the table {table} differs from the original; nothing was copied, so copy "
        "again, and report this if it stays so"
    )
