# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that counts usage: by account, and for each label of the operations by its value, too.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from longtake_server.operations.accounting import SUMS, Account, Usage, sums_of
from longtake_server.operations.results.usage import account_of, usage_after_deletion, usage_of
from longtake_server.storage.codec import decode_record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from longtake_server.operations.model import OperationRecord

_K = TypeVar("_K", bound=tuple[str, ...])

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


class UsageRows:
    """Changes of sums of usage, held in memory until `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._begin()

    def _begin(self) -> None:
        self._changes: dict[tuple[str, str, str], Usage] = {}
        self._label_changes: dict[tuple[str, str, str, str, str], Usage] = {}
        self._left: dict[tuple[str, str, str], set[tuple[str, str]]] = {}

    def created(self, record: OperationRecord) -> None:
        """Count a new operation."""
        self._add(_key(account_of(record)), record.labels, usage_of(record))

    def updated(self, before: OperationRecord, record: OperationRecord) -> None:
        """Replace the counts of an operation's earlier state with those of its present one."""
        old, new = account_of(before), account_of(record)
        if old == new:
            change = usage_of(record) - usage_of(before)
            if change != Usage():
                self._add(_key(new), record.labels, change)
            return
        self._add(_key(old), before.labels, Usage() - usage_of(before))
        self._add(_key(new), record.labels, usage_of(record))
        self._left.setdefault(_key(old), set()).update(before.labels.items())

    def deleted(self, last: OperationRecord) -> None:
        """Count a deletion; what the operation cost stays in the sums."""
        change = usage_after_deletion(last) - usage_of(last)
        if change != Usage():
            self._add(_key(account_of(last)), last.labels, change)

    def add_to_account(self, record: OperationRecord) -> None:
        """Count an operation in its account."""
        self._add(_key(account_of(record)), {}, usage_of(record))

    def add_to_labels(self, record: OperationRecord) -> None:
        """Count an operation in each of its labels."""
        self._add_labels(_key(account_of(record)), record.labels, usage_of(record))

    def _add(self, key: tuple[str, str, str], labels: Mapping[str, str], change: Usage) -> None:
        _sum(self._changes, key, change)
        self._add_labels(key, labels, change)

    def _add_labels(
        self, key: tuple[str, str, str], labels: Mapping[str, str], change: Usage
    ) -> None:
        for name, value in labels.items():
            _sum(self._label_changes, (*key, name, value), change)

    def flush(self) -> None:
        """Store the changes."""
        connection = self._connection
        if self._changes:
            connection.executemany(_ADD, _rows(self._changes))
        if self._label_changes:
            connection.executemany(_ADD_TO_LABEL, _rows(self._label_changes))
        for key, labels in self._left.items():
            connection.execute(_DELETE_EMPTY, key)
            connection.executemany(_DELETE_EMPTY_LABEL, [(*key, *label) for label in labels])
        self._begin()


def _sum(changes: dict[_K, Usage], key: _K, change: Usage) -> None:
    known = changes.get(key)
    changes[key] = change if known is None else known + change


def _rows(changes: Mapping[_K, Usage]) -> list[tuple[object, ...]]:
    return [(*key, *sums_of(change)) for key, change in changes.items()]


def count_all(connection: sqlite3.Connection) -> None:
    """Count all stored operations by account. Call this once, when none has been counted."""
    rows = UsageRows(connection)
    for record in _stored(connection):
        rows.add_to_account(record)
    rows.flush()


def count_labels(connection: sqlite3.Connection) -> None:
    """Count all stored operations by label. Call this once, when none has been counted so."""
    rows = UsageRows(connection)
    for record in _stored(connection):
        rows.add_to_labels(record)
    rows.flush()


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


def _key(account: Account) -> tuple[str, str, str]:
    return account.day.isoformat(), account.caller, account.model
