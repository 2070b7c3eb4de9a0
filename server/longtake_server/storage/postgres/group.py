# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A group of writes in memory: the rows that they read, and what they change of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longtake_server.operations.model import State
from longtake_server.storage.budget_rows import BudgetRows
from longtake_server.storage.usage_rows import UsageRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.postgres.budget_reads import ReadBudgets
    from longtake_server.storage.postgres.webhook_changes import ForWebhook


@dataclass(slots=True)
class OperationRow:
    """An operation as the group sees it.

    Attributes:
        record: The record, None if there is no such operation.
        gone: How the operation ended if it was deleted: `deleted` or `expired`.
        owner: The owner of the lease of its work, None if it has none.
        lease: The token of that lease.
        is_stored: Whether the database has the operation.
        position: The position of the change that the group made, 0 for none.
        has_work: Whether the group leaves its work in the queue.
    """

    record: OperationRecord | None = None
    gone: str | None = None
    owner: str | None = None
    lease: int = 0
    is_stored: bool = False
    position: int = 0
    has_work: bool = True


@dataclass(frozen=True, slots=True)
class NewOperation:
    """What is stored of a new operation besides its record.

    Attributes:
        request: The serialised request, None if it is stored already.
        due: When its work is due, in microseconds; None for no work.
    """

    request: bytes | None = field(repr=False)
    due: int | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is stored of a deleted operation. See the columns of the table."""

    kind: str
    time: int
    caller: str


class Group:
    """The rows that the writes of a group have in common.

    Args:
        position: The position of the store before the group.
        epoch: The epoch of the engine.
        operations: The operations by name.
        request_ids: The names of operations by caller and request_id.
        budgets: What was read of budgets.

    Attributes:
        position: The position after the changes so far.
        epoch, operations, request_ids: As above, with the changes so far.
        budgets, usage: The changes of budgets and usage.
        new: The new operations by name.
        new_request_ids: The request_ids among them.
        tombstones: The deleted operations by name.
        queue_changes: By how much the number of queued operations of a caller changes.
        events: The events of operations for webhooks.

    """

    def __init__(
        self,
        position: int,
        epoch: int,
        operations: Mapping[str, OperationRow],
        request_ids: Mapping[tuple[str, str], str],
        budgets: ReadBudgets,
    ) -> None:
        self.position = position
        self.epoch = epoch
        self.operations = dict(operations)
        self.request_ids = dict(request_ids)
        self.budgets = BudgetRows(budgets)
        self.usage = UsageRows()
        self.new: dict[str, NewOperation] = {}
        self.new_request_ids: dict[tuple[str, str], str] = {}
        self.tombstones: dict[str, Tombstone] = {}
        self.queue_changes: Counter[str] = Counter()
        self.events: list[ForWebhook] = []
        self._read_position = position
        self._queue_lengths = budgets.queue_lengths

    @property
    def has_new_position(self) -> bool:
        """Whether an operation was changed."""
        return self.position > self._read_position

    def next_position(self) -> int:
        """Return the position of another change."""
        self.position += 1
        return self.position

    def queued(self, caller: str) -> int:
        """Return how many queued operations a caller has, with the changes so far."""
        return self._queue_lengths.get(caller, 0) + self.queue_changes[caller]

    def count_queued(
        self, caller: str, before: OperationRecord | None, after: OperationRecord | None
    ) -> None:
        """Count that an operation of a caller entered or left the queue."""
        self.queue_changes[caller] += _is_queued(after) - _is_queued(before)


def _is_queued(record: OperationRecord | None) -> bool:
    return record is not None and record.state is State.QUEUED
