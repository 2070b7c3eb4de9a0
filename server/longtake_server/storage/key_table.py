# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for API keys. Everything here runs inside a transaction that its caller opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.storage.codec import optional_micros, to_micros
from longtake_server.storage.key_rows import COLUMNS, key_of, minute_of, row_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from longtake_server.identity.key_store import StoredKey

_READ = f"SELECT {COLUMNS} FROM keys"  # noqa: S608 - a constant
_PLACES = ", ".join("?" for _ in COLUMNS.split(", "))


class KeyTable:
    """A KeyRegister in the database of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, key: StoredKey) -> None:
        """See KeyRegister.add."""
        self._connection.execute(
            f"INSERT INTO keys ({COLUMNS}) VALUES ({_PLACES})",  # noqa: S608 - constants
            row_of(key),
        )
        self._change_version()

    def find(self, key_id: str) -> StoredKey | None:
        """See KeyRegister.find."""
        row = self._connection.execute(f"{_READ} WHERE id = ?", (key_id,)).fetchone()
        return None if row is None else key_of(row)

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
    return tuple(map(key_of, connection.execute(f"{_READ} ORDER BY create_time, id")))


def redeem(connection: sqlite3.Connection, old: bytes, key: StoredKey, now: datetime) -> bool:
    """See KeyStore.redeem_key."""
    changed = connection.execute(
        """
        UPDATE keys SET hash = ?, last_four = ?, expire_time = ?
        WHERE id = ? AND hash = ? AND revoke_time IS NULL AND coalesce(expire_time > ?, 1)
        """,
        (*(key.hash, key.last_four, optional_micros(key.expire_time)), key.id, old, to_micros(now)),
    )
    if changed.rowcount:
        connection.execute("UPDATE meta SET key_version = key_version + 1")
    return bool(changed.rowcount)


def note_uses(connection: sqlite3.Connection, uses: Mapping[str, datetime]) -> None:
    """See KeyStore.note_key_uses."""
    connection.executemany(
        "UPDATE keys SET last_use_time = max(coalesce(last_use_time, :time), :time) WHERE id = :id",
        [{"id": key_id, "time": minute_of(time)} for key_id, time in uses.items()],
    )
