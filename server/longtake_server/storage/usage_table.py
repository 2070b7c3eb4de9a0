# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that counts usage: by account, and for each label of the operations by its value, too.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from longtake_server.operations.accounting import SUMS, Account, Usage, sums_of
from longtake_server.operations.results.usage import account_of, usage_after_deletion, usage_of
from longtake_server.storage.codec import decode_record

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
_READ = (
    f"SELECT day, caller, model, {_NAMES} FROM usage "  # noqa: S608 - as above
    "WHERE day BETWEEN ? AND ? AND (? IS NULL OR caller = ?) ORDER BY day, caller, model"
)


def created(connection: sqlite3.Connection, record: OperationRecord) -> None:
    """Count a new operation."""
    _add(connection, account_of(record), record.labels, usage_of(record))


def updated(
    connection: sqlite3.Connection, before: OperationRecord, record: OperationRecord
) -> None:
    """Replace the counts of an operation's earlier state with those of its present one."""
    old, new = account_of(before), account_of(record)
    if old == new:
        change = usage_of(record) - usage_of(before)
        if change != Usage():
            _add(connection, new, record.labels, change)
        return
    _add(connection, old, before.labels, Usage() - usage_of(before))
    _add(connection, new, record.labels, usage_of(record))
    key = _key(old)
    connection.execute(
        "DELETE FROM usage WHERE day = ? AND caller = ? AND model = ? AND accepted = 0", key
    )
    connection.executemany(
        "DELETE FROM label_usage WHERE day = ? AND caller = ? AND model = ? AND key = ? "
        "AND value = ? AND accepted = 0",
        [(*key, *label) for label in before.labels.items()],
    )


def deleted(connection: sqlite3.Connection, last: OperationRecord) -> None:
    """Count a deletion; what the operation cost stays in the sums."""
    change = usage_after_deletion(last) - usage_of(last)
    if change != Usage():
        _add(connection, account_of(last), last.labels, change)


def count_all(connection: sqlite3.Connection) -> None:
    """Count all stored operations by account. Call this once, when none has been counted."""
    for record in _stored(connection):
        _add_to_account(connection, account_of(record), usage_of(record))


def count_labels(connection: sqlite3.Connection) -> None:
    """Count all stored operations by label. Call this once, when none has been counted so."""
    for record in _stored(connection):
        _add_to_labels(connection, account_of(record), record.labels, usage_of(record))


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


def _add(
    connection: sqlite3.Connection, account: Account, labels: Mapping[str, str], change: Usage
) -> None:
    _add_to_account(connection, account, change)
    if labels:
        _add_to_labels(connection, account, labels, change)


def _add_to_account(connection: sqlite3.Connection, account: Account, change: Usage) -> None:
    connection.execute(_ADD, (*_key(account), *sums_of(change)))


def _add_to_labels(
    connection: sqlite3.Connection, account: Account, labels: Mapping[str, str], change: Usage
) -> None:
    key, sums = _key(account), sums_of(change)
    connection.executemany(_ADD_TO_LABEL, [(*key, *label, *sums) for label in labels.items()])


def _key(account: Account) -> tuple[str, str, str]:
    return account.day.isoformat(), account.caller, account.model
