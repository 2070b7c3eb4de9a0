# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that writes operations. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors import LongtakeError
from longtake_server.frozen import frozen_by_types
from longtake_server.operations.store import RevisionConflict
from longtake_server.storage import budget_changes, delivery_table, leadership_table
from longtake_server.storage.codec import (
    decode_record,
    encode_record,
    optional_micros,
    to_micros,
)
from longtake_server.storage.queries import get, gone

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Fence
    from longtake_server.storage.transaction import Transaction


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Creation:
    """The change that creates an operation.

    Attributes:
        record: The new operation.
        request: The serialised GenerateVideosRequest.
        due: When the operation is due in the work queue; create_time by default.
        terms: To what the operation is charged; None for nothing.
    """

    record: OperationRecord
    request: bytes
    due: datetime | None = None
    terms: Terms | None = None

    def __call__(self, write: Transaction) -> OperationRecord | LongtakeError:
        """See OperationStore.create.

        A refusal by a budget comes before the first change. It is returned, because an error would
        roll back the commit of other operations, and a spent budget may refuse many.
        """
        record = self.record
        known = _created(write, record) or _stored(write, record)
        if known is not None:
            return known
        if self.terms is not None:
            try:
                admitted = budget_changes.admit(write, record, self.terms)
            except LongtakeError as refusal:
                return refusal
            budget_changes.reserve(write.budgets, admitted)
            record = admitted.record
        write.created.add(record, write.next_position(), self.request, self.due)
        write.usage.created(record)
        return record


def _created(write: Transaction, record: OperationRecord) -> OperationRecord | None:
    """Return what this transaction has created for the same request, or an earlier call for it."""
    created = write.created
    return created.with_request_id(record.caller, record.request_id) or created.with_name(
        record.name
    )


def _stored(write: Transaction, record: OperationRecord) -> OperationRecord | None:
    """Return the stored operation of the same request, or of an earlier call for this one."""
    name = write.stored_name(record)
    return None if name is None else get(write.connection, name)


def update(
    write: Transaction,
    record: OperationRecord,
    expected_revision: int,
    fence: Fence | None = None,
) -> None:
    """See OperationStore.update."""
    connection = write.connection
    found = connection.execute(
        "SELECT revision, record FROM operations WHERE name = ?", (record.name,)
    ).fetchone()
    if found is None:
        raise gone(connection, record.name)
    if found[0] != expected_revision:
        raise RevisionConflict(record.name)
    if fence is not None:
        leadership_table.check(connection, fence)
    before = decode_record(found[1])
    write.usage.updated(before, record)
    budget_changes.updated(write.budgets, before, record)
    write.forget_queue(record.caller)
    connection.execute(
        """
        UPDATE operations SET
            position = ?, revision = ?, state = ?, expire_time = ?, upstream_operation = ?,
            record = ?
        WHERE name = ?
        """,
        (
            write.next_position(),
            record.revision,
            record.state.value,
            optional_micros(record.expire_time),
            record.upstream_operation,
            encode_record(record),
            record.name,
        ),
    )
    if record.webhook:
        delivery_table.note_change(write, before, record)
    if record.done and not record.may_succeed_late:
        connection.execute("DELETE FROM work WHERE name = ?", (record.name,))


def delete(write: Transaction, name: str, *, expired: bool, now: datetime) -> OperationRecord:
    """See OperationStore.delete. Foreign keys delete the request, the labels and the work."""
    connection = write.connection
    last = get(connection, name)
    write.usage.deleted(last)
    budget_changes.deleted(write.budgets, last)
    write.forget_queue(last.caller)
    connection.execute("DELETE FROM operations WHERE name = ?", (name,))
    connection.execute(
        "INSERT INTO tombstones (name, position, kind, time, caller) VALUES (?, ?, ?, ?, ?)",
        (
            name,
            write.next_position(),
            "expired" if expired else "deleted",
            to_micros(now),
            last.caller,
        ),
    )
    return last


def compact(write: Transaction, before: datetime) -> None:
    """See OperationStore.compact. Deletes the request_id of each tombstone that it deletes."""
    connection = write.connection
    made_before = (to_micros(before),)
    # The plus makes SQLite search the index on time instead of scanning all positions.
    last = connection.execute(
        "SELECT max(+position) FROM tombstones WHERE time < ?", made_before
    ).fetchone()[0]
    if last is None:
        return
    connection.execute("UPDATE meta SET compacted = max(compacted, ?)", (last,))
    connection.execute(
        """
        DELETE FROM request_ids
        WHERE name IN (SELECT name FROM tombstones WHERE time < ?)
        """,
        made_before,
    )
    connection.execute("DELETE FROM tombstones WHERE time < ?", made_before)
