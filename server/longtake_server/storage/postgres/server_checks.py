# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a database must be, whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.query import Row

_OLDEST_VERSION = 150_000
# They speak the protocol of PostgreSQL. What identifies each of them in version(), and its name.
_UNSUPPORTED: Mapping[str, str] = {"CockroachDB": "CockroachDB", "-YB-": "YugabyteDB"}
# Tools connect in the same way as standbys.
_HAS_ASYNCHRONOUS_STANDBYS = """
    SELECT current_setting('synchronous_standby_names') = '' AND EXISTS (
        SELECT FROM pg_stat_replication
        WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')
    )
"""


def check_server(connection: Connection[Row], address: DatabaseAddress) -> None:
    """Refuse a database that the store cannot use.

    Raises:
        StartFailure: It is another product, too old, or does not store Unicode.

    """
    said: str = _value(connection, "SELECT version()")
    for sign, name in _UNSUPPORTED.items():
        if sign in said:
            raise StartFailure(
                f"the database {address} is {name}, which is not supported; use PostgreSQL "
                f"{_OLDEST_VERSION // 10_000} or newer"
            )
    info = connection.info
    if info.server_version < _OLDEST_VERSION:
        raise StartFailure(
            f"the database {address} is PostgreSQL {info.server_version // 10_000}; use "
            f"PostgreSQL {_OLDEST_VERSION // 10_000} or newer"
        )
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StartFailure(f"the database {address} is in {encoding}; use one in UTF8")


def has_asynchronous_standbys(connection: Connection[Row]) -> bool:
    """Return whether the database has standbys, and none that it waits for."""
    found: bool = _value(connection, _HAS_ASYNCHRONOUS_STANDBYS)
    return found


def _value(connection: Connection[Row], sql: str) -> Any:
    found = connection.execute(sql).fetchone()
    return None if found is None else found[0]
