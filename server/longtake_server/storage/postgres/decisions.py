# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides on writes of operations in memory. Each changes nothing if it raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import OperationDeleted, OperationExpired, OperationNotFound
from longtake_server.operations.store import EngineReplaced, LeaseLost, RevisionConflict
from longtake_server.storage import budget_changes
from longtake_server.storage.codec import to_micros
from longtake_server.storage.postgres.group import NewOperation, OperationRow, Tombstone
from longtake_server.storage.postgres.webhook_changes import ForWebhook
from longtake_server.webhooks.model import event_of_change

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.errors import ResourceError
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Fence
    from longtake_server.storage.postgres.group import Group


def create(
    group: Group,
    record: OperationRecord,
    request: bytes | None,
    due: datetime | None,
    terms: Terms | None,
) -> OperationRecord:
    """See OperationStore.create.

    A second attempt after an unknown outcome has the same name, and returns what the first stored.

    Args:
        group: The group.
        record: The new operation.
        request: The serialised request, None if it is stored already.
        due: When it is due in the work queue; create_time by default.
        terms: To what it is charged; None for nothing.

    """
    key = (record.caller, record.request_id)
    known = group.request_ids.get(key) if record.request_id else None
    if known is not None:
        return _existing(group, known)
    row = group.operations[record.name]
    if row.record is not None or row.gone is not None:
        return _existing(group, record.name)
    if terms is not None:
        admitted = budget_changes.admit(group, record, terms)
        budget_changes.reserve(group.budgets, admitted)
        record = admitted.record
    row.record, row.position = record, group.next_position()
    row.has_work = not record.done
    time = to_micros(due or record.create_time) if row.has_work else None
    group.new[record.name] = NewOperation(request, time)
    if record.request_id:
        group.request_ids[key] = group.new_request_ids[key] = record.name
    group.usage.created(record)
    group.count_queued(record.caller, None, record)
    return record


def update(
    group: Group, record: OperationRecord, expected_revision: int, fence: Fence | None
) -> None:
    """See OperationStore.update."""
    row = group.operations[record.name]
    before = row.record
    if before is None:
        raise gone(record.name, row.gone)
    if before.revision != expected_revision:
        raise RevisionConflict(record.name)
    if fence is not None:
        _check(group, fence)
    row.record, row.position = record, group.next_position()
    if record.done and not record.may_succeed_late:
        row.has_work, row.owner = False, None
    if record.webhook and (event := event_of_change(before, record)) is not None:
        group.events.append(ForWebhook(record.caller, record.webhook, event))
    group.usage.updated(before, record)
    budget_changes.updated(group.budgets, before, record)
    group.count_queued(record.caller, before, record)


def _check(group: Group, fence: Fence) -> None:
    if fence.epoch != group.epoch:
        raise EngineReplaced(fence.epoch)
    if (work := fence.work) is None:
        return
    row = group.operations[work.name]
    if (row.owner, row.lease) != (work.owner, work.lease):
        raise LeaseLost(work.name)


def delete(group: Group, name: str, *, kind: str, now: datetime) -> OperationRecord:
    """See OperationStore.delete."""
    row = group.operations[name]
    last = row.record
    if last is None:
        raise gone(name, row.gone)
    row.record, row.gone, row.owner = None, kind, None
    row.position, row.has_work = group.next_position(), False
    group.tombstones[name] = Tombstone(kind, to_micros(now), last.caller)
    group.usage.deleted(last)
    budget_changes.deleted(group.budgets, last)
    group.count_queued(last.caller, last, None)
    return last


def gone(name: str, kind: str | None) -> ResourceError:
    """Return the error for a name without an operation: not found, deleted or expired."""
    if kind is None:
        return OperationNotFound(name)
    return OperationExpired(name) if kind == "expired" else OperationDeleted(name)


def _existing(group: Group, name: str) -> OperationRecord:
    row = group.operations.setdefault(name, OperationRow())
    if row.record is None:
        raise gone(name, row.gone)
    return row.record
