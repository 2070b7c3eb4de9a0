# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What commands do with a PostgreSQL database: implements storage.command_store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.storage.command_store import Migration
from longtake_server.storage.postgres import (
    agreement_queries,
    budget_queries,
    key_queries,
    usage_queries,
)
from longtake_server.storage.postgres.connecting import failing_to_start
from longtake_server.storage.postgres.query import ask_blocking
from longtake_server.storage.postgres.schema import (
    NEWEST_VERSION,
    check_version,
    migrate,
    refuse_newer,
    schema_version,
)
from longtake_server.storage.postgres.server_checks import check_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from psycopg import Connection

    from longtake_server.identity.key_store import StoredKey
    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.model import Charge
    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.query import Row


class PostgresCommands:
    """A CommandStore on a connection with an open transaction."""

    def __init__(self, connection: Connection[Row]) -> None:
        self._connection = connection
        self.register = key_queries.KeyTable(connection)

    def keys(self) -> Sequence[StoredKey]:
        """See CommandStore.keys."""
        return ask_blocking(self._connection, key_queries.read())

    def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """See CommandStore.limits."""
        return ask_blocking(self._connection, budget_queries.all_limits())

    def limits_of(self, subject: str, source: Source) -> Limits | None:
        """See CommandStore.limits_of."""
        return ask_blocking(self._connection, budget_queries.limits_of(subject, source))

    def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """See CommandStore.set_limits."""
        ask_blocking(self._connection, budget_queries.set_limits(subject, source, limits))

    def spending(self) -> Mapping[Charge, Amounts]:
        """See CommandStore.spending."""
        return ask_blocking(self._connection, budget_queries.spending())

    def resume_submissions(self) -> bool:
        """See CommandStore.resume_submissions."""
        return ask_blocking(self._connection, agreement_queries.resume())

    def change_upstreams(self, upstreams: Mapping[str, str]) -> None:
        """See CommandStore.change_upstreams."""
        ask_blocking(self._connection, agreement_queries.replace(upstreams))

    def usage(self, since: date, until: date, caller: str | None) -> Mapping[Account, Usage]:
        """See CommandStore.usage."""
        return ask_blocking(self._connection, usage_queries.read(since, until, caller))

    def usage_by(self, wanted: UsageQuery, limit: int, cursor: str | None) -> UsagePage:
        """See CommandStore.usage_by."""
        return ask_blocking(self._connection, usage_queries.read_page(wanted, limit, cursor))


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """The StorePlace of a database.

    Attributes:
        address: The database.
    """

    address: DatabaseAddress

    def __str__(self) -> str:
        """Return the name of the database for people."""
        return f"the database {self.address}"

    def migrate(self) -> Migration:
        """See StorePlace.migrate."""
        with self._connected() as connection:
            return Migration(migrate(connection, self.address), NEWEST_VERSION)

    def check(self) -> None:
        """Check that a server can start on the database. Changes nothing.

        Raises:
            StartFailure: It cannot be reached or used, or its schema is newer than this program.

        """
        with self._connected() as connection:
            refuse_newer(self.address, schema_version(connection))

    @contextmanager
    def reading(self) -> Iterator[PostgresCommands]:
        """See StorePlace.reading."""
        with self._connected() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            check_version(connection, self.address)
            yield PostgresCommands(connection)

    @contextmanager
    def writing(self) -> Iterator[PostgresCommands]:
        """See StorePlace.writing. Makes the tables if there are none."""
        with self._connected() as connection:
            migrate(connection, self.address)
            yield PostgresCommands(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection[Row]]:
        with failing_to_start(self.address), self.address.connect_blocking() as connection:
            check_server(connection, self.address)
            connection.commit()
            yield connection
