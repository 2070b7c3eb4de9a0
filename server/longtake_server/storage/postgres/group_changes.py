# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that stores what a group of writes changed: each table once, with all its rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake_server.operations.accounting import SUMS
from longtake_server.storage.codec import encode_record, optional_micros, to_micros
from longtake_server.storage.postgres.query import Query, nothing
from longtake_server.storage.postgres.row_arrays import columns_of, table_of
from longtake_server.storage.postgres.webhook_changes import enqueued, thresholds
from longtake_server.storage.usage_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.budget_rows import BudgetRows
    from longtake_server.storage.postgres.group import Group
    from longtake_server.storage.usage_rows import UsageRows

_SUMS = ", ".join(SUMS)
_ADDED = ", ".join(f"{name} = stored.{name} + excluded.{name}" for name in SUMS)


def changes_of(group: Group, channel: str) -> Iterator[Query[None]]:
    """Yield the statements that store the changes, in order."""
    if not group.has_new_position:
        return
    new = [name for name in group.new if group.operations[name].record is not None]
    if new:
        yield from _created(group, new)
    yield from _updated(group)
    if group.tombstones:
        yield from _deleted(group)
    yield from _usage(group.usage)
    yield from _budgets(group.budgets, channel)
    if group.events:
        yield enqueued(group.events, channel)
    if queues := [(caller, change) for caller, change in group.queue_changes.items() if change]:
        yield _insert(
            "queue_lengths AS stored (caller, queued)",
            ("text", "bigint"),
            queues,
            "ON CONFLICT (caller) DO UPDATE SET queued = stored.queued + excluded.queued",
        )
    yield Query(
        """
        WITH moved AS (UPDATE meta SET position = %(position)s::bigint)
        SELECT pg_notify(%(channel)s, %(position)s::text)
        """,
        {"position": group.position, "channel": channel},
        nothing,
    )


def _created(group: Group, names: Sequence[str]) -> Iterator[Query[None]]:
    rows = [group.operations[name] for name in names]
    yield _insert(
        "operations (name, position, revision, state, expire_time, upstream_operation, record, "
        "caller, model, labels, create_time)",
        (*_CHANGING, "text", "text", "jsonb", "bigint"),
        [
            (*_changing(row.record, row.position), *_fixed(row.record))
            for row in rows
            if row.record is not None
        ],
    )
    news = [(name, group.new[name]) for name in names]
    if requests := [(name, new.request) for name, new in news if new.request is not None]:
        yield _insert("requests (name, request)", ("text", "bytea"), requests)
    if early := [name for name, new in news if new.request is None]:
        yield Query(
            "UPDATE requests SET early_since = NULL WHERE name = ANY(%(names)s::text[])",
            {"names": early},
            nothing,
        )
    if work := [(name, new.due) for name, new in news if group.operations[name].has_work]:
        yield _insert("work (name, due)", ("text", "bigint"), work)
    if request_ids := [(*key, name) for key, name in group.new_request_ids.items()]:
        yield _insert("request_ids (caller, request_id, name)", ("text",) * 3, request_ids)


_CHANGING = ("text", "bigint", "bigint", "text", "bigint", "text", "bytea")


def _changing(record: OperationRecord, position: int) -> tuple[object, ...]:
    return (
        record.name,
        position,
        record.revision,
        record.state.value,
        optional_micros(record.expire_time),
        record.upstream_operation,
        encode_record(record),
    )


def _fixed(record: OperationRecord) -> tuple[object, ...]:
    labels = json.dumps(dict(record.labels), ensure_ascii=False)
    return record.caller, record.model, labels, to_micros(record.create_time)


def _updated(group: Group) -> Iterator[Query[None]]:
    changed = [
        (name, row)
        for name, row in group.operations.items()
        if row.is_stored and row.position and row.record is not None
    ]
    if changed:
        yield Query(
            f"""
            UPDATE operations SET
                position = new.position, revision = new.revision, state = new.state,
                expire_time = new.expire_time, upstream_operation = new.upstream_operation,
                record = new.record
            FROM {table_of(_CHANGING)} AS new
                (name, position, revision, state, expire_time, upstream_operation, record)
            WHERE operations.name = new.name
            """,  # noqa: S608 - constants
            columns_of(
                _CHANGING, [_changing(row.record, row.position) for _, row in changed if row.record]
            ),
            nothing,
        )
    if ended := [name for name, row in changed if not row.has_work]:
        yield _delete("work", ended)


def _deleted(group: Group) -> Iterator[Query[None]]:
    names = list(group.tombstones)
    for table in ("operations", "requests", "work"):
        yield _delete(table, names)
    yield _insert(
        "tombstones (name, position, kind, time, caller)",
        ("text", "bigint", "text", "bigint", "text"),
        [
            (name, group.operations[name].position, one.kind, one.time, one.caller)
            for name, one in group.tombstones.items()
        ],
    )


def _usage(usage: UsageRows) -> Iterator[Query[None]]:
    if usage.changes:
        yield _insert(
            f"usage AS stored (day, caller, model, {_SUMS})",
            ("text",) * 3 + ("bigint",) * len(SUMS),
            rows_of(usage.changes),
            f"ON CONFLICT (day, caller, model) DO UPDATE SET {_ADDED}",
        )
    if usage.label_changes:
        yield _insert(
            f"label_usage AS stored (day, caller, model, key, value, {_SUMS})",
            ("text",) * 5 + ("bigint",) * len(SUMS),
            rows_of(usage.label_changes),
            f"ON CONFLICT (key, caller, day, model, value) DO UPDATE SET {_ADDED}",
        )
    if usage.left:
        yield _delete_empty("usage", ("day", "caller", "model"), list(usage.left))
    if labels := [(*key, *label) for key, left in usage.left.items() for label in left]:
        yield _delete_empty("label_usage", ("day", "caller", "model", "key", "value"), labels)


def _budgets(budgets: BudgetRows, channel: str) -> Iterator[Query[None]]:
    changes = budgets.changed()
    if changes.sums:
        yield _insert(
            "budget_spending AS stored (subject, period_key, "
            "reserved_micros, spent_micros, reserved_milliseconds, spent_milliseconds)",
            ("text", "text", "bigint", "bigint", "bigint", "bigint"),
            changes.sums,
            """
            ON CONFLICT (subject, period_key) DO UPDATE SET
                reserved_micros = stored.reserved_micros + excluded.reserved_micros,
                spent_micros = stored.spent_micros + excluded.spent_micros,
                reserved_milliseconds =
                    stored.reserved_milliseconds + excluded.reserved_milliseconds,
                spent_milliseconds = stored.spent_milliseconds + excluded.spent_milliseconds
            """,
        )
    if changes.principals:
        yield _insert(
            "budget_principals (principal, roles, level, level_time)",
            ("text", "text", "bigint", "bigint"),
            changes.principals,
            """
            ON CONFLICT (principal) DO UPDATE SET
                roles = excluded.roles, level = excluded.level, level_time = excluded.level_time
            """,
        )
    if changes.events:
        yield thresholds(changes.events, channel)


def _insert(
    into: str, types: Sequence[str], rows: Sequence[Sequence[object]], conflict: str = ""
) -> Query[None]:
    sql = f"INSERT INTO {into} SELECT * FROM {table_of(types)} AS new {conflict}"  # noqa: S608 - constants
    return Query(sql, columns_of(types, rows), nothing)


def _delete(table: str, names: Sequence[str]) -> Query[None]:
    sql = f"DELETE FROM {table} WHERE name = ANY(%(names)s::text[])"  # noqa: S608 - a constant
    return Query(sql, {"names": list(names)}, nothing)


def _delete_empty(table: str, key: Sequence[str], rows: Sequence[Sequence[object]]) -> Query[None]:
    types = ("text",) * len(key)
    columns = ", ".join(key)
    sql = f"""
        DELETE FROM {table} WHERE accepted = 0 AND ({columns}) IN (SELECT * FROM {table_of(types)})
    """  # noqa: S608 - constants
    return Query(sql, columns_of(types, rows), nothing)
