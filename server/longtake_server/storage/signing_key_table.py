# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for signing keys. Each function runs inside its caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.identity.signing_keys import SigningKey
from longtake_server.storage.codec import from_micros, to_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime


def read(connection: sqlite3.Connection) -> Sequence[SigningKey]:
    """See SigningKeyStore.signing_keys."""
    rows = connection.execute(
        "SELECT id, secret, create_time FROM signing_keys ORDER BY create_time DESC, id"
    )
    return tuple(SigningKey(name, secret, from_micros(made)) for name, secret, made in rows)


def add(
    connection: sqlite3.Connection,
    key: SigningKey,
    unless_since: datetime,
    forget_before: datetime,
) -> None:
    """See SigningKeyStore.add_signing_key."""
    connection.execute(
        "DELETE FROM signing_keys WHERE create_time < ?", (to_micros(forget_before),)
    )
    connection.execute(
        """
        INSERT INTO signing_keys SELECT ?, ?, ?
        WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE create_time > ?)
        """,
        (key.id, key.secret, to_micros(key.create_time), to_micros(unless_since)),
    )
