# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that reads operations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import PositionAhead, PositionExpired
from longtake_server.operations.store import Change, Page
from longtake_server.storage.codec import decode_record, to_micros
from longtake_server.storage.cursors import decode_cursor, encode_cursor
from longtake_server.storage.postgres.decisions import gone
from longtake_server.storage.postgres.query import Query, first_value, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.operations.store import Filter
    from longtake_server.storage.postgres.query import Row


def get_request(name: str) -> Query[GenerateVideosRequest]:
    """See OperationStore.get_request."""

    def answer(rows: Sequence[Row]) -> GenerateVideosRequest:
        request, kind = rows[0]
        if request is None:
            raise gone(name, kind)
        return GenerateVideosRequest.FromString(request)

    return Query(
        """
        SELECT
            (SELECT request FROM requests WHERE name = %(name)s AND early_since IS NULL),
            (SELECT kind FROM tombstones WHERE name = %(name)s)
        """,
        {"name": name},
        answer,
    )


def keep_request(name: str, request: bytes) -> Query[None]:
    """Return what stores a request before its operation is. Without one, it is swept later."""
    return Query(
        """
        INSERT INTO requests (name, request, early_since)
        VALUES (%(name)s, %(request)b, clock_timestamp()) ON CONFLICT (name) DO NOTHING
        """,
        {"name": name, "request": request},
        nothing,
    )


def find_by_upstream(upstream_operation: str) -> Query[str | None]:
    """See OperationStore.find_by_upstream."""
    return Query(
        # The second condition lets PostgreSQL use the index, which leaves out empty names.
        """
        SELECT name FROM operations
        WHERE upstream_operation = %(upstream_operation)s AND upstream_operation <> ''
        ORDER BY create_time DESC, name DESC LIMIT 1
        """,
        {"upstream_operation": upstream_operation},
        lambda rows: rows[0][0] if rows else None,
    )


def list_page(wanted: Filter, limit: int, cursor: str | None) -> Query[Page]:
    """See OperationStore.list."""
    conditions, values = _conditions(wanted)
    if cursor is not None:
        conditions.append("(create_time, name) < (%(before_time)s::bigint, %(before_name)s::text)")
        values["before_time"], values["before_name"] = decode_cursor(cursor)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""

    def answer(rows: Sequence[Row]) -> Page:
        page = rows[:limit]
        return Page(
            records=tuple(decode_record(record) for _, _, record in page),
            next_cursor=encode_cursor(page[-1][0], page[-1][1]) if len(rows) > limit else None,
        )

    return Query(
        f"""
        SELECT create_time, name, record FROM operations {where}
        ORDER BY create_time DESC, name DESC LIMIT %(limit)s
        """,  # noqa: S608 - the conditions are constants; values are bound
        {**values, "limit": limit + 1},
        answer,
    )


def _conditions(wanted: Filter) -> tuple[list[str], dict[str, object]]:
    conditions: list[str] = []
    values: dict[str, object] = {}
    if wanted.caller is not None:
        conditions.append("caller = %(caller)s")
        values["caller"] = wanted.caller
    if wanted.states:
        conditions.append("state = ANY(%(states)s::text[])")
        values["states"] = sorted(state.value for state in wanted.states)
    if wanted.model is not None:
        conditions.append("model = %(model)s")
        values["model"] = wanted.model
    for number, (key, value) in enumerate(wanted.labels):
        conditions.append(f"labels @> %(label{number})s::jsonb")
        values[f"label{number}"] = json.dumps({key: value}, ensure_ascii=False)
    return conditions, values


def changes(after: int, limit: int, begun: int) -> Query[Sequence[Change]]:
    """See OperationStore.changes."""

    def answer(rows: Sequence[Row]) -> Sequence[Change]:
        newest, compacted, *_ = rows[0]
        if after > newest:
            raise PositionAhead(after)
        if after > 0 and max(after, begun) < compacted:
            raise PositionExpired(after)
        return tuple(
            Change(position, name, caller, None if record is None else decode_record(record))
            for _, _, position, name, caller, record in rows
            if position is not None
        )

    return Query(
        """
        SELECT meta.position, compacted, found.position, name, caller, record
        FROM meta LEFT JOIN (
            (SELECT position, name, caller, record FROM operations
            WHERE position > %(after)s::bigint ORDER BY position LIMIT %(limit)s)
            UNION ALL
            (SELECT position, name, caller, NULL FROM tombstones
            WHERE position > %(after)s::bigint ORDER BY position LIMIT %(limit)s)
            ORDER BY position LIMIT %(limit)s
        ) AS found ON true
        ORDER BY found.position
        """,
        {"after": after, "limit": limit},
        answer,
    )


def position() -> Query[int]:
    """See OperationStore.position."""
    return Query("SELECT position FROM meta", {}, first_value)


def tell(channel: str, text: str) -> Query[None]:
    """See ReplicaStore.tell."""
    return Query(
        "SELECT pg_notify(%(channel)s, %(text)s)", {"channel": channel, "text": text}, nothing
    )


def position_key() -> Query[bytes]:
    """See OperationStore.position_key."""
    return Query("SELECT position_key FROM meta", {}, first_value)


def expired(now: datetime, limit: int) -> Query[Sequence[str]]:
    """See OperationStore.expired."""
    return Query(
        """
        SELECT name FROM operations WHERE expire_time <= %(now)s::bigint
        ORDER BY expire_time LIMIT %(limit)s
        """,
        {"now": to_micros(now), "limit": limit},
        lambda rows: tuple(name for (name,) in rows),
    )


def compact(before: datetime) -> Query[None]:
    """See OperationStore.compact.

    Deletes the request_id of each tombstone that it deletes, and requests without an operation.
    Their operations were refused long ago: a commit does not wait for an hour.
    """
    return Query(
        """
        WITH last AS (SELECT max(position) AS position FROM tombstones WHERE time < %(before)s),
        moved AS (
            UPDATE meta SET compacted = greatest(compacted, last.position)
            FROM last WHERE last.position IS NOT NULL
        ), freed AS (
            DELETE FROM request_ids USING tombstones
            WHERE request_ids.name = tombstones.name AND time < %(before)s
        ), swept AS (
            DELETE FROM requests WHERE early_since < clock_timestamp() - interval '1 hour'
        )
        DELETE FROM tombstones WHERE time < %(before)s
        """,
        {"before": to_micros(before)},
        nothing,
    )
