# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What commands do with an SQLite file: implements storage.command_store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.storage import (
    budget_table,
    key_table,
    limits_table,
    usage_queries,
    usage_table,
)
from longtake_server.storage.command_store import Migration
from longtake_server.storage.database import migrate_file, reading_beside, writing_beside
from longtake_server.storage.migrations import NEWEST_VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from longtake_server.identity.key_store import StoredKey
    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.model import Charge


class SqliteCommands:
    """A CommandStore on a connection with an open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.register = key_table.KeyTable(connection)

    def keys(self) -> Sequence[StoredKey]:
        """See CommandStore.keys."""
        return key_table.read(self._connection)

    def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """See CommandStore.limits."""
        return limits_table.read(self._connection)

    def limits_of(self, subject: str, source: Source) -> Limits | None:
        """See CommandStore.limits_of."""
        return limits_table.read_one(self._connection, subject, source)

    def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """See CommandStore.set_limits."""
        limits_table.keep(self._connection, subject, source, limits)

    def spending(self) -> Mapping[Charge, Amounts]:
        """See CommandStore.spending."""
        return budget_table.spending(self._connection)

    def resume_submissions(self) -> bool:
        """See CommandStore.resume_submissions."""
        return False

    def change_upstreams(self, upstreams: Mapping[str, str]) -> None:
        """See CommandStore.change_upstreams."""

    def usage(self, since: date, until: date, caller: str | None) -> Mapping[Account, Usage]:
        """See CommandStore.usage."""
        return usage_table.read(self._connection, since, until, caller)

    def usage_by(self, wanted: UsageQuery, limit: int, cursor: str | None) -> UsagePage:
        """See CommandStore.usage_by."""
        return usage_queries.read_page(self._connection, wanted, limit, cursor)


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """The StorePlace of a database file.

    Attributes:
        path: The file.
    """

    path: Path

    def __str__(self) -> str:
        """Return the file."""
        return str(self.path)

    def migrate(self) -> Migration:
        """See StorePlace.migrate."""
        return Migration(migrate_file(self.path), NEWEST_VERSION)

    @contextmanager
    def reading(self) -> Iterator[SqliteCommands]:
        """See StorePlace.reading."""
        with reading_beside(self.path) as connection:
            yield SqliteCommands(connection)

    @contextmanager
    def writing(self) -> Iterator[SqliteCommands]:
        """See StorePlace.writing."""
        with writing_beside(self.path) as connection:
            yield SqliteCommands(connection)
