# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that reads operations. Each function reads from one snapshot."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import (
    OperationDeleted,
    OperationExpired,
    OperationNotFound,
    PositionAhead,
    PositionExpired,
    ResourceError,
)
from longtake_server.operations.store import Change, Page
from longtake_server.storage.codec import decode_record, to_micros
from longtake_server.storage.cursors import decode_cursor, encode_cursor

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Filter


_STORED_NAMES = """
    WITH new (caller, request_id, name) AS (VALUES {})
    SELECT new.name, tombstones.name FROM new CROSS JOIN tombstones USING (name)
    UNION ALL
    SELECT new.name, operations.name FROM new CROSS JOIN operations USING (name)
    UNION ALL
    SELECT new.name, request_ids.name FROM new CROSS JOIN request_ids USING (caller, request_id)
"""


def get(connection: sqlite3.Connection, name: str, owner: str | None = None) -> OperationRecord:
    """See OperationStore.get."""
    found = connection.execute(
        "SELECT record FROM operations WHERE name = :name AND (:owner IS NULL OR caller = :owner)",
        {"name": name, "owner": owner},
    ).fetchone()
    if found is None:
        raise gone(connection, name, owner)
    return decode_record(found[0])


def get_request(connection: sqlite3.Connection, name: str) -> GenerateVideosRequest:
    """See OperationStore.get_request."""
    found = connection.execute("SELECT request FROM requests WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise gone(connection, name)
    return GenerateVideosRequest.FromString(found[0])


def find_by_upstream(connection: sqlite3.Connection, upstream_operation: str) -> str | None:
    """See OperationStore.find_by_upstream."""
    # The second condition makes SQLite use the index, which leaves out empty names.
    found = connection.execute(
        """
        SELECT name FROM operations
        WHERE upstream_operation = ? AND upstream_operation <> ''
        ORDER BY create_time DESC, name DESC LIMIT 1
        """,
        (upstream_operation,),
    ).fetchone()
    return None if found is None else found[0]


def stored_names(
    connection: sqlite3.Connection, records: Sequence[OperationRecord]
) -> Mapping[str, str]:
    """Return the name that is stored for each new operation, by its own. Most have none.

    That is the operation of the same request, or this one, or its tombstone, from an earlier call.
    """
    # As few different statements as possible, because sqlite3 keeps them prepared.
    rows = 1 << (len(records) - 1).bit_length()
    keys = [(each.caller, each.request_id, each.name) for each in records]
    values = chain(*keys, repeat(None, 3 * (rows - len(keys))))
    statement = _STORED_NAMES.format(", ".join(["(?, ?, ?)"] * rows))
    return dict(connection.execute(statement, tuple(values)).fetchall())


def queue_length(connection: sqlite3.Connection, caller: str) -> int:
    """Return how many queued operations a caller has."""
    found = connection.execute(
        "SELECT queued FROM queue_lengths WHERE caller = ?", (caller,)
    ).fetchone()
    return 0 if found is None else found[0]


def gone(connection: sqlite3.Connection, name: str, owner: str | None = None) -> ResourceError:
    """Return the error for a name without an operation: not found, deleted or expired."""
    tombstone = connection.execute(
        "SELECT kind FROM tombstones WHERE name = :name AND (:owner IS NULL OR caller = :owner)",
        {"name": name, "owner": owner},
    ).fetchone()
    if tombstone is None:
        return OperationNotFound(name)
    return OperationExpired(name) if tombstone[0] == "expired" else OperationDeleted(name)


def list_page(
    connection: sqlite3.Connection, wanted: Filter, limit: int, cursor: str | None
) -> Page:
    """See OperationStore.list."""
    conditions, values = _conditions(wanted)
    if cursor is not None:
        conditions.append("(create_time, name) < (?, ?)")
        values.extend(decode_cursor(cursor))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        "SELECT create_time, name, record FROM operations "  # noqa: S608 - the conditions are constants; values are bound
        f"{where} ORDER BY create_time DESC, name DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    page = rows[:limit]
    more = len(rows) > limit
    return Page(
        records=tuple(decode_record(record) for _, _, record in page),
        next_cursor=encode_cursor(page[-1][0], page[-1][1]) if more else None,
    )


def _conditions(wanted: Filter) -> tuple[list[str], list[str | int]]:
    conditions: list[str] = []
    values: list[str | int] = []
    if wanted.caller is not None:
        conditions.append("caller = ?")
        values.append(wanted.caller)
    if wanted.states:
        conditions.append(f"state IN ({', '.join('?' * len(wanted.states))})")
        values.extend(sorted(state.value for state in wanted.states))
    if wanted.model is not None:
        conditions.append("model = ?")
        values.append(wanted.model)
    for label in wanted.labels:
        conditions.append(
            "EXISTS (SELECT 1 FROM labels "
            "WHERE labels.name = operations.name AND key = ? AND value = ?)"
        )
        values.extend(label)
    return conditions, values


def changes(connection: sqlite3.Connection, after: int, limit: int, begun: int) -> Sequence[Change]:
    """See OperationStore.changes."""
    newest, compacted = connection.execute("SELECT position, compacted FROM meta").fetchone()
    if after > newest:
        raise PositionAhead(after)
    if after > 0 and max(after, begun) < compacted:
        raise PositionExpired(after)
    rows = connection.execute(
        """
        SELECT position, name, caller, record FROM operations WHERE position > :after
        UNION ALL
        SELECT position, name, caller, NULL FROM tombstones WHERE position > :after
        ORDER BY position LIMIT :limit
        """,
        {"after": after, "limit": limit},
    ).fetchall()
    return tuple(
        Change(position, name, caller, None if record is None else decode_record(record))
        for position, name, caller, record in rows
    )


def position(connection: sqlite3.Connection) -> int:
    """See OperationStore.position."""
    newest: int = connection.execute("SELECT position FROM meta").fetchone()[0]
    return newest


def position_key(connection: sqlite3.Connection) -> bytes:
    """See OperationStore.position_key."""
    key: bytes = connection.execute("SELECT position_key FROM meta").fetchone()[0]
    return key


def expired(connection: sqlite3.Connection, now: datetime, limit: int) -> Sequence[str]:
    """See OperationStore.expired."""
    rows = connection.execute(
        "SELECT name FROM operations WHERE expire_time <= ? ORDER BY expire_time LIMIT ?",
        (to_micros(now), limit),
    ).fetchall()
    return tuple(name for (name,) in rows)
