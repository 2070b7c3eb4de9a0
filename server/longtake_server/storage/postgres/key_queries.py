# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.storage.codec import optional_micros, to_micros
from longtake_server.storage.key_rows import COLUMNS, key_of, minute_of, row_of
from longtake_server.storage.postgres.query import Query, ask_blocking, first_value, nothing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg import Connection

    from longtake_server.identity.key_store import StoredKey
    from longtake_server.storage.postgres.query import Row

_NAMES = COLUMNS.split(", ")
_CHANGE_VERSION: Query[None] = Query("UPDATE meta SET key_version = key_version + 1", {}, nothing)


class KeyTable:
    """A KeyRegister in the transaction of a connection."""

    def __init__(self, connection: Connection[Row]) -> None:
        self._connection = connection

    def add(self, key: StoredKey) -> None:
        """See KeyRegister.add."""
        places = ", ".join(f"%({name})s" for name in _NAMES)
        self._change(
            f"INSERT INTO keys ({COLUMNS}) VALUES ({places})",  # noqa: S608 - constants
            dict(zip(_NAMES, row_of(key), strict=True)),
        )

    def find(self, key_id: str) -> StoredKey | None:
        """See KeyRegister.find."""
        found: Query[StoredKey | None] = Query(
            f"SELECT {COLUMNS} FROM keys WHERE id = %(id)s",  # noqa: S608 - constants
            {"id": key_id},
            lambda rows: key_of(rows[0]) if rows else None,
        )
        return ask_blocking(self._connection, found)

    def revoke(self, key_id: str, now: datetime) -> None:
        """See KeyRegister.revoke."""
        self._change(
            "UPDATE keys SET revoke_time = %(time)s WHERE id = %(id)s AND revoke_time IS NULL",
            {"id": key_id, "time": to_micros(now)},
        )

    def expire(self, key_id: str, expire_time: datetime) -> None:
        """See KeyRegister.expire."""
        self._change(
            # The lesser one that is not null.
            "UPDATE keys SET expire_time = least(expire_time, %(time)s::bigint) WHERE id = %(id)s",
            {"id": key_id, "time": to_micros(expire_time)},
        )

    def _change(self, sql: str, values: Mapping[str, object]) -> None:
        # The version comes first, so that two registers never wait for each other.
        ask_blocking(self._connection, _CHANGE_VERSION)
        ask_blocking(self._connection, Query(sql, values, nothing))


def version() -> Query[int]:
    """See KeyStore.key_version."""
    return Query("SELECT key_version FROM meta", {}, first_value)


def read() -> Query[Sequence[StoredKey]]:
    """See KeyStore.keys."""
    return Query(
        f"SELECT {COLUMNS} FROM keys ORDER BY create_time, id",  # noqa: S608 - constants
        {},
        lambda rows: tuple(map(key_of, rows)),
    )


def redeem(old: bytes, key: StoredKey, now: datetime) -> Query[bool]:
    """See KeyStore.redeem_key."""
    return Query(
        """
        WITH changed AS (
            UPDATE keys SET hash = %(new)s, last_four = %(last_four)s, expire_time = %(ends)s
            WHERE id = %(id)s AND hash = %(old)s AND revoke_time IS NULL
            AND coalesce(expire_time > %(now)s::bigint, true)
            RETURNING id
        )
        UPDATE meta SET key_version = key_version + 1 FROM changed RETURNING changed.id
        """,
        {
            "id": key.id,
            "old": old,
            "new": key.hash,
            "last_four": key.last_four,
            "ends": optional_micros(key.expire_time),
            "now": to_micros(now),
        },
        bool,
    )


def note_uses(uses: Mapping[str, datetime]) -> Query[None]:
    """See KeyStore.note_key_uses."""
    return Query(
        """
        UPDATE keys SET last_use_time = greatest(last_use_time, used.time)
        FROM unnest(%(ids)s::text[], %(times)s::bigint[]) AS used (id, time)
        WHERE keys.id = used.id
        """,
        {"ids": list(uses), "times": [minute_of(time) for time in uses.values()]},
        nothing,
    )
