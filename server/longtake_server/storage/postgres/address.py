# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The address of a database, with its password, and how to connect there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection, Connection

    from longtake_server.storage.postgres.query import Row

# Of several hosts, the primary. A dead host is noticed although nothing is sent to it.
_DEFAULTS = {
    "application_name": "longtake-server",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    "keepalives_count": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "target_session_attrs": "read-write",
    "tcp_user_timeout": "15000",
}
# A process that stops within a transaction holds the lock of all writers, so its time is limited.
_LIMITS = {
    "idle_in_transaction_session_timeout": "2s",
    "lock_timeout": "5s",
    "statement_timeout": "15s",
}
_TRANSACTION_LIMIT = {"transaction_timeout": "15s"}
_HAS_TRANSACTION_TIMEOUT = 170_000
# What is acknowledged must be on the disk, whatever the default of the database is.
_DURABLE = """
    set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit')
        IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""


class DatabaseAddress:
    """Where a database is. It never shows the password.

    Args:
        url: A URL of libpq, for example postgresql://user:password@host:5432/name.

    Raises:
        StartFailure: It is no such URL.

    """

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            # The error quotes the URL.
            raise StartFailure(
                "LONGTAKE_DATABASE_URL: libpq does not know a parameter in it; accepted is a URL "
                "of PostgreSQL, for example postgresql://user:password@host:5432/name"
            ) from None
        self._parameters: Mapping[str, str] = {
            **_DEFAULTS,
            **{name: str(value) for name, value in given.items() if value is not None},
        }
        self._conninfo = make_conninfo(**self._parameters)

    def __str__(self) -> str:
        """Return the hosts and the name of the database."""
        hosts = self._parameters.get("host", "localhost").split(",")
        ports = self._parameters.get("port", "5432").split(",")
        if len(ports) < len(hosts):
            ports = ports[:1] * len(hosts)
        places = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=False))
        return f"{places}/{self._parameters.get('dbname', '')}"

    __repr__ = __str__

    async def connect(self) -> AsyncConnection[Row]:
        """Return a new connection that commits each statement unless a transaction is begun.

        Raises:
            psycopg.Error: The database cannot be reached, or refuses.

        """
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            await connection.execute(_set_up(connection.info.server_version))
        except BaseException:
            await connection.close()
            raise
        return connection

    def connect_blocking(self) -> Connection[Row]:
        """Return a new connection for a command. Raises as `connect`."""
        connection = psycopg.connect(self._conninfo)
        try:
            connection.execute(_set_up(connection.info.server_version))
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection


def _set_up(version: int) -> str:
    limits = _LIMITS | (_TRANSACTION_LIMIT if version >= _HAS_TRANSACTION_TIMEOUT else {})
    changes = (f"set_config('{name}', '{value}', false)" for name, value in limits.items())
    return f"SELECT {_DURABLE}, {', '.join(changes)}"
