# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The sums of usage that the writes of a transaction change, whatever the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.accounting import Account, Usage, sums_of
from longtake_server.operations.results.usage import account_of, usage_after_deletion, usage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.model import OperationRecord

AccountKey = tuple[str, str, str]
"""The day, the caller and the model."""

LabelKey = tuple[str, str, str, str, str]
"""The day, the caller, the model, and the key and the value of the label."""


class UsageRows:
    """Changes of sums of usage, held in memory until the store takes them.

    Attributes:
        changes: What to add to the sums of each account.
        label_changes: What to add to those of each label.
        left: The accounts that an operation left, each with its labels. Without any other
            operation, their sums are deleted.

    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin another transaction, after the store wrote the changes."""
        self.changes: dict[AccountKey, Usage] = {}
        self.label_changes: dict[LabelKey, Usage] = {}
        self.left: dict[AccountKey, set[tuple[str, str]]] = {}

    def created(self, record: OperationRecord) -> None:
        """Count a new operation."""
        self._add(key_of(account_of(record)), record.labels, usage_of(record))

    def updated(self, before: OperationRecord, record: OperationRecord) -> None:
        """Replace the counts of an operation's earlier state with those of its present one."""
        old, new = account_of(before), account_of(record)
        if old == new:
            change = usage_of(record) - usage_of(before)
            if change != Usage():
                self._add(key_of(new), record.labels, change)
            return
        self._add(key_of(old), before.labels, Usage() - usage_of(before))
        self._add(key_of(new), record.labels, usage_of(record))
        self.left.setdefault(key_of(old), set()).update(before.labels.items())

    def deleted(self, last: OperationRecord) -> None:
        """Count a deletion; what the operation cost stays in the sums."""
        change = usage_after_deletion(last) - usage_of(last)
        if change != Usage():
            self._add(key_of(account_of(last)), last.labels, change)

    def add_to_account(self, record: OperationRecord) -> None:
        """Count an operation in its account."""
        self._add(key_of(account_of(record)), {}, usage_of(record))

    def add_to_labels(self, record: OperationRecord) -> None:
        """Count an operation in each of its labels."""
        if record.labels:
            self._add_labels(key_of(account_of(record)), record.labels, usage_of(record))

    def _add(self, key: AccountKey, labels: Mapping[str, str], change: Usage) -> None:
        known = self.changes.get(key)
        self.changes[key] = change if known is None else known + change
        self._add_labels(key, labels, change)

    def _add_labels(self, key: AccountKey, labels: Mapping[str, str], change: Usage) -> None:
        for name, value in labels.items():
            row = (*key, name, value)
            known = self.label_changes.get(row)
            self.label_changes[row] = change if known is None else known + change


def rows_of(
    changes: Mapping[AccountKey, Usage] | Mapping[LabelKey, Usage],
) -> list[tuple[object, ...]]:
    """Return each key followed by its sums."""
    return [(*key, *sums_of(change)) for key, change in changes.items()]


def key_of(account: Account) -> AccountKey:
    """Return the key of an account."""
    return account.day.isoformat(), account.caller, account.model
