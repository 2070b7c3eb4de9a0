# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for usage. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from longtake_server.operations.results.usage import account_of, usage_after_deletion, usage_of
from longtake_server.operations.store import SUMS, Account, Usage, sums_of
from longtake_server.storage.codec import decode_record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from longtake_server.operations.model import OperationRecord

_ADD = (
    f"INSERT INTO usage (day, caller, model, {', '.join(SUMS)}) "  # noqa: S608 - the names are the fields of Usage
    f"VALUES ({', '.join('?' * (3 + len(SUMS)))}) ON CONFLICT (day, caller, model) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
)
_READ = (
    f"SELECT day, caller, model, {', '.join(SUMS)} FROM usage "  # noqa: S608 - the names are the fields of Usage
    "WHERE day BETWEEN ? AND ? AND (? IS NULL OR caller = ?) ORDER BY day, caller, model"
)


def created(connection: sqlite3.Connection, record: OperationRecord) -> None:
    """Count a new operation."""
    _add(connection, account_of(record), usage_of(record))


def updated(
    connection: sqlite3.Connection, before: OperationRecord, record: OperationRecord
) -> None:
    """Replace the counts of an operation's earlier state with those of its present one."""
    old, new = account_of(before), account_of(record)
    if old == new:
        change = usage_of(record) - usage_of(before)
        if change != Usage():
            _add(connection, new, change)
        return
    _add(connection, old, Usage() - usage_of(before))
    _add(connection, new, usage_of(record))
    connection.execute(
        "DELETE FROM usage WHERE day = ? AND caller = ? AND model = ? AND accepted = 0",
        (old.day.isoformat(), old.caller, old.model),
    )


def deleted(connection: sqlite3.Connection, last: OperationRecord) -> None:
    """Count a deletion; what the operation cost stays in the sums."""
    change = usage_after_deletion(last) - usage_of(last)
    if change != Usage():
        _add(connection, account_of(last), change)


def count_all(connection: sqlite3.Connection) -> None:
    """Count all stored operations. Call this once, when none of them has been counted."""
    for (record,) in connection.execute("SELECT record FROM operations"):
        created(connection, decode_record(record))


def read(
    connection: sqlite3.Connection, since: date, until: date, caller: str | None
) -> Mapping[Account, Usage]:
    """See OperationStore.usage."""
    rows = connection.execute(_READ, (since.isoformat(), until.isoformat(), caller, caller))
    return {
        Account(date.fromisoformat(day), owner, model): Usage(*sums)
        for day, owner, model, *sums in rows
    }


def _add(connection: sqlite3.Connection, account: Account, change: Usage) -> None:
    key = (account.day.isoformat(), account.caller, account.model)
    connection.execute(_ADD, (*key, *sums_of(change)))
