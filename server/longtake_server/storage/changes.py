# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that writes operations. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import LongtakeError
from longtake_server.operations.store import RevisionConflict
from longtake_server.storage import budget_table, usage_table
from longtake_server.storage.codec import decode_record, encode_record, to_micros
from longtake_server.storage.queries import get, gone

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord


def create(
    connection: sqlite3.Connection,
    record: OperationRecord,
    request: bytes,
    due: datetime | None = None,
    terms: Terms | None = None,
) -> OperationRecord | LongtakeError:
    """See OperationStore.create.

    A refusal by a budget comes before the first write. It is returned, because an error would roll
    back the commit of other operations, and a spent budget may refuse many.

    Args:
        connection: The writing connection.
        record: The new operation.
        request: The serialised GenerateVideosRequest.
        due: When the operation is due in the work queue; create_time by default.
        terms: To what the operation is charged; None for nothing.

    """
    if record.request_id:
        known = connection.execute(
            "SELECT name FROM request_ids WHERE caller = ? AND request_id = ?",
            (record.caller, record.request_id),
        ).fetchone()
        if known is not None:
            return get(connection, known[0])
    if terms is not None:
        try:
            admitted = budget_table.admit(connection, record, terms)
        except LongtakeError as refusal:
            return refusal
        budget_table.reserve(connection, admitted)
        record = admitted.record
    if record.request_id:
        connection.execute(
            "INSERT INTO request_ids (caller, request_id, name) VALUES (?, ?, ?)",
            (record.caller, record.request_id, record.name),
        )
    _insert(connection, record)
    usage_table.created(connection, record)
    connection.execute("INSERT INTO requests (name, request) VALUES (?, ?)", (record.name, request))
    connection.executemany(
        "INSERT INTO labels (name, key, value) VALUES (?, ?, ?)",
        [(record.name, key, value) for key, value in record.labels.items()],
    )
    if not record.done:
        connection.execute(
            "INSERT INTO work (name, due) VALUES (?, ?)",
            (record.name, to_micros(due or record.create_time)),
        )
    return record


def _insert(connection: sqlite3.Connection, record: OperationRecord) -> None:
    connection.execute(
        """
        INSERT INTO operations (
            name, position, revision, caller, request_id, state, model,
            create_time, expire_time, upstream_operation, record
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            record.name,
            _next_position(connection),
            record.revision,
            record.caller,
            record.request_id,
            record.state.value,
            record.model,
            to_micros(record.create_time),
            _optional_micros(record.expire_time),
            record.upstream_operation,
            encode_record(record),
        ),
    )


def update(connection: sqlite3.Connection, record: OperationRecord, expected_revision: int) -> None:
    """See OperationStore.update."""
    found = connection.execute(
        "SELECT revision, record FROM operations WHERE name = ?", (record.name,)
    ).fetchone()
    if found is None:
        raise gone(connection, record.name)
    if found[0] != expected_revision:
        raise RevisionConflict(record.name)
    before = decode_record(found[1])
    usage_table.updated(connection, before, record)
    budget_table.updated(connection, before, record)
    connection.execute(
        """
        UPDATE operations SET
            position = ?, revision = ?, state = ?, expire_time = ?, upstream_operation = ?,
            record = ?
        WHERE name = ?
        """,
        (
            _next_position(connection),
            record.revision,
            record.state.value,
            _optional_micros(record.expire_time),
            record.upstream_operation,
            encode_record(record),
            record.name,
        ),
    )
    if record.done and not record.may_succeed_late:
        connection.execute("DELETE FROM work WHERE name = ?", (record.name,))


def delete(
    connection: sqlite3.Connection, name: str, *, expired: bool, now: datetime
) -> OperationRecord:
    """See OperationStore.delete. Foreign keys delete the request, the labels and the work."""
    last = get(connection, name)
    usage_table.deleted(connection, last)
    budget_table.deleted(connection, last)
    connection.execute("DELETE FROM operations WHERE name = ?", (name,))
    connection.execute(
        "INSERT INTO tombstones (name, position, kind, time, caller) VALUES (?, ?, ?, ?, ?)",
        (
            name,
            _next_position(connection),
            "expired" if expired else "deleted",
            to_micros(now),
            last.caller,
        ),
    )
    return last


def compact(connection: sqlite3.Connection, before: datetime) -> None:
    """See OperationStore.compact. Deletes the request_id of each tombstone that it deletes."""
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


def _next_position(connection: sqlite3.Connection) -> int:
    position: int = connection.execute(
        "UPDATE meta SET position = position + 1 RETURNING position"
    ).fetchone()[0]
    return position


def _optional_micros(time: datetime | None) -> int | None:
    return None if time is None else to_micros(time)
