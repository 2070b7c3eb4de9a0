# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for API keys. Everything here runs inside a transaction that its caller opened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.storage.codec import from_micros, to_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_MINUTE_MICROS = 60_000_000
_READ = """
    SELECT id, hash, last_four, principal, roles, labels, create_time, expire_time, revoke_time,
        last_use_time
    FROM keys
"""


class KeyTable:
    """A KeyRegister in the database of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, key: StoredKey) -> None:
        """See KeyRegister.add."""
        self._connection.execute(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(key.id, key.hash, key.last_four, key.principal),
                ",".join(sorted(role.value for role in key.roles)),
                json.dumps(dict(key.labels), ensure_ascii=False, sort_keys=True),
                to_micros(key.create_time),
                *map(_micros, (key.expire_time, key.revoke_time, key.last_use_time)),
            ),
        )
        self._change_version()

    def find(self, key_id: str) -> StoredKey | None:
        """See KeyRegister.find."""
        row = self._connection.execute(f"{_READ} WHERE id = ?", (key_id,)).fetchone()
        return None if row is None else _key(row)

    def revoke(self, key_id: str, now: datetime) -> None:
        """See KeyRegister.revoke."""
        self._connection.execute(
            "UPDATE keys SET revoke_time = ? WHERE id = ? AND revoke_time IS NULL",
            (to_micros(now), key_id),
        )
        self._change_version()

    def expire(self, key_id: str, expire_time: datetime) -> None:
        """See KeyRegister.expire."""
        self._connection.execute(
            "UPDATE keys SET expire_time = min(coalesce(expire_time, :time), :time) WHERE id = :id",
            {"id": key_id, "time": to_micros(expire_time)},
        )
        self._change_version()

    def _change_version(self) -> None:
        self._connection.execute("UPDATE meta SET key_version = key_version + 1")


def version(connection: sqlite3.Connection) -> int:
    """See KeyStore.key_version."""
    number: int = connection.execute("SELECT key_version FROM meta").fetchone()[0]
    return number


def read(connection: sqlite3.Connection) -> Sequence[StoredKey]:
    """See KeyStore.keys."""
    return tuple(map(_key, connection.execute(f"{_READ} ORDER BY create_time, id")))


def note_uses(connection: sqlite3.Connection, uses: Mapping[str, datetime]) -> None:
    """See KeyStore.note_key_uses."""
    connection.executemany(
        "UPDATE keys SET last_use_time = max(coalesce(last_use_time, :time), :time) WHERE id = :id",
        [{"id": key_id, "time": _minute(time)} for key_id, time in uses.items()],
    )


def _minute(time: datetime) -> int:
    micros = to_micros(time)
    return micros - micros % _MINUTE_MICROS


def _key(row: tuple[Any, ...]) -> StoredKey:
    key_id, hashed, last_four, principal, roles, labels, created, *times = row
    return StoredKey(
        *(key_id, hashed, last_four, principal),
        frozenset(map(Role, roles.split(","))),
        json.loads(labels),
        from_micros(created),
        *(None if micros is None else from_micros(micros) for micros in times),
    )


def _micros(time: datetime | None) -> int | None:
    return None if time is None else to_micros(time)
