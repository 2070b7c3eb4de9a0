# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A transaction of the writing connection, and the rows that its writes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.storage import budget_table, delivery_table, usage_table
from longtake_server.storage.budget_rows import BudgetRows
from longtake_server.storage.budget_table import StoredBudgets
from longtake_server.storage.new_operations import NewOperations
from longtake_server.storage.queries import queue_length, stored_names
from longtake_server.storage.usage_rows import UsageRows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from longtake_server.operations.model import OperationRecord

_MOST_REMEMBERED = 1024


class Transaction:
    """A transaction that its caller opened, for one or many writes.

    Most writes change the same few rows: the position, and sums of usage and budgets. These are
    changed in memory, and `flush` stores each of them once. Within the transaction, read them here.

    After a commit it may serve the next transaction, if no other connection has committed since:
    what it has read is still true.

    Args:
        connection: The connection, on which a transaction is open.

    Attributes:
        connection: As above. What is stored through it is stored at once.
        created: The new operations.
        usage: The sums of usage.
        budgets: The sums and the limits of budgets.
        has_enqueued: Whether deliveries of events were made due. Whoever commits sets it back.

    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.created = NewOperations(connection)
        self.usage = UsageRows()
        self.budgets = BudgetRows(StoredBudgets(connection))
        self.has_enqueued = False
        self._position: int | None = None
        self._stored_position: int | None = None
        self._queues: dict[str, int] = {}
        self._not_stored: set[str] = set()

    @property
    def position(self) -> int | None:
        """The position of the last change of this transaction, None if it has none."""
        return self._position

    def next_position(self) -> int:
        """Return the position of another change."""
        if self._position is None:
            found: int = self.connection.execute("SELECT position FROM meta").fetchone()[0]
            self._position = self._stored_position = found
        self._position += 1
        return self._position

    def look_up(self, records: Sequence[OperationRecord]) -> None:
        """Find out for which of several new operations nothing is stored. See `stored_name`."""
        found = stored_names(self.connection, records) if records else {}
        self._not_stored = {record.name for record in records} - found.keys()

    def stored_name(self, record: OperationRecord) -> str | None:
        """Return the name that is stored for a new operation's request or name, or None."""
        if record.name in self._not_stored:
            return None
        return stored_names(self.connection, [record]).get(record.name)

    def queued(self, caller: str) -> int:
        """Return how many queued operations a caller has, with those that are new."""
        stored = self._queues.get(caller)
        if stored is None:
            stored = self._queues[caller] = queue_length(self.connection, caller)
        return stored + self.created.queued(caller)

    def forget_queue(self, caller: str) -> None:
        """Read the length of a caller's queue again, because a stored operation was changed."""
        self._queues.pop(caller, None)

    def flush(self) -> None:
        """Store what is held in memory. Call this once for each transaction, before its commit."""
        self._not_stored.clear()
        if self._position != self._stored_position:
            self.connection.execute("UPDATE meta SET position = ?", (self._position,))
            self._stored_position = self._position
        for caller in self._queues.keys() & self.created.callers:
            self._queues[caller] = self.queued(caller)
        if len(self._queues) > _MOST_REMEMBERED:
            self._queues.clear()
        self.created.flush()
        usage_table.flush(self.connection, self.usage)
        for reached in budget_table.flush(self.connection, self.budgets):
            delivery_table.enqueue(self, reached.principal, None, reached.event)
