# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that counts usage: by account, and for each label of the operations by its value, too.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from longtake_server.operations.accounting import SUMS, Account, Usage
from longtake_server.storage.codec import decode_record
from longtake_server.storage.usage_rows import UsageRows, rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from longtake_server.operations.model import OperationRecord

_NAMES = ", ".join(SUMS)
_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
_ADD = (
    f"INSERT INTO usage (day, caller, model, {_NAMES}) "  # noqa: S608 - the names are the fields of Usage
    f"VALUES ({', '.join('?' * (3 + len(SUMS)))}) "
    f"ON CONFLICT (day, caller, model) DO UPDATE SET {_ADDED}"
)
_ADD_TO_LABEL = (
    f"INSERT INTO label_usage (day, caller, model, key, value, {_NAMES}) "  # noqa: S608 - as above
    f"VALUES ({', '.join('?' * (5 + len(SUMS)))}) "
    f"ON CONFLICT (key, caller, day, model, value) DO UPDATE SET {_ADDED}"
)
_DELETE_EMPTY = "DELETE FROM usage WHERE day = ? AND caller = ? AND model = ? AND accepted = 0"
_DELETE_EMPTY_LABEL = (
    "DELETE FROM label_usage WHERE day = ? AND caller = ? AND model = ? AND key = ? "
    "AND value = ? AND accepted = 0"
)
_READ = (
    f"SELECT day, caller, model, {_NAMES} FROM usage "  # noqa: S608 - as above
    "WHERE day BETWEEN ? AND ? AND (? IS NULL OR caller = ?) ORDER BY day, caller, model"
)


def flush(connection: sqlite3.Connection, rows: UsageRows) -> None:
    """Store the changes, and begin another transaction."""
    if rows.changes:
        connection.executemany(_ADD, rows_of(rows.changes))
    if rows.label_changes:
        connection.executemany(_ADD_TO_LABEL, rows_of(rows.label_changes))
    for key, labels in rows.left.items():
        connection.execute(_DELETE_EMPTY, key)
        connection.executemany(_DELETE_EMPTY_LABEL, [(*key, *label) for label in labels])
    rows.begin()


def count_all(connection: sqlite3.Connection) -> None:
    """Count all stored operations by account. Call this once, when none has been counted."""
    rows = UsageRows()
    for record in _stored(connection):
        rows.add_to_account(record)
    flush(connection, rows)


def count_labels(connection: sqlite3.Connection) -> None:
    """Count all stored operations by label. Call this once, when none has been counted so."""
    rows = UsageRows()
    for record in _stored(connection):
        rows.add_to_labels(record)
    flush(connection, rows)


def read(
    connection: sqlite3.Connection, since: date, until: date, caller: str | None
) -> Mapping[Account, Usage]:
    """See OperationStore.usage."""
    rows = connection.execute(_READ, (since.isoformat(), until.isoformat(), caller, caller))
    return {
        Account(date.fromisoformat(day), owner, model): Usage(*sums)
        for day, owner, model, *sums in rows
    }


def _stored(connection: sqlite3.Connection) -> Iterator[OperationRecord]:
    for (record,) in connection.execute("SELECT record FROM operations"):
        yield decode_record(record)
