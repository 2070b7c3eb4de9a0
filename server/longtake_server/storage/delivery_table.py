# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for deliveries of events. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from longtake_server.storage import leadership_table
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.webhook_rows import (
    DELIVERY_COLUMNS,
    EVENT_COLUMNS,
    WEBHOOK_COLUMNS,
    delivery_of,
    delivery_page,
    due_delivery_of,
    row_of_attempt,
    row_of_event,
)
from longtake_server.webhooks.model import DeliveryState, event_of_change

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.transaction import Transaction
    from longtake_server.webhooks.model import Attempt, Delivery, DueDelivery, Event, WebhookKey
    from longtake_server.webhooks.store import DeliveryPage

_COLUMNS = ", ".join(DELIVERY_COLUMNS)
_DUE_COLUMNS = ", ".join(
    (*(f"d.{name}" for name in EVENT_COLUMNS), *(f"w.{name}" for name in WEBHOOK_COLUMNS))
)
# Without an id, all webhooks of the principal. A test is for every webhook.
_ENQUEUE = """
    INSERT INTO webhook_deliveries (
        principal, webhook, event_id, event_type, event_time, operation, payload,
        attempts, state, due, failure, end_time
    )
    SELECT
        principal, id, :event_id, :event_type, :event_time, :operation, :payload, 0,
        CASE WHEN disable_reason IS NULL THEN 'PENDING' ELSE 'DEAD' END,
        CASE WHEN disable_reason IS NULL THEN :event_time END,
        CASE WHEN disable_reason IS NOT NULL THEN 'WEBHOOK_DISABLED' END,
        CASE WHEN disable_reason IS NOT NULL THEN :event_time END
    FROM webhooks
    WHERE principal = :principal AND (:id IS NULL OR id = :id) AND (
        :event_type = 'webhook.test'
        OR instr(' ' || event_types || ' ', ' ' || :event_type || ' ') > 0
    )
    ON CONFLICT (principal, webhook, event_id) DO NOTHING
"""
_DUE = f"""
    WITH running AS MATERIALIZED (
        SELECT number, principal, webhook FROM webhook_deliveries
        WHERE number IN (SELECT value FROM json_each(:running))
    ), waiting AS (
        SELECT
            d.number AS number, d.due AS due,
            row_number() OVER (PARTITION BY w.principal, w.id ORDER BY d.due, d.number) AS place,
            (SELECT count(*) FROM running AS r WHERE r.principal = w.principal AND r.webhook = w.id)
                AS busy
        FROM webhooks AS w JOIN webhook_deliveries AS d ON d.number IN (
            SELECT p.number FROM webhook_deliveries AS p
            WHERE p.principal = w.principal AND p.webhook = w.id AND p.state = 'PENDING'
                AND p.due <= :now AND p.number NOT IN (SELECT number FROM running)
            ORDER BY p.due, p.number LIMIT :for_each
        )
    ), chosen AS (
        SELECT number, due, place + busy AS place FROM waiting WHERE place + busy <= :for_each
        ORDER BY 3, due, number LIMIT :limit
    )
    SELECT {_DUE_COLUMNS}
    FROM chosen JOIN webhook_deliveries AS d ON d.number = chosen.number
    JOIN webhooks AS w ON w.principal = d.principal AND w.id = d.webhook
    ORDER BY chosen.place, chosen.due, chosen.number
"""  # noqa: S608 - constants


def note_change(write: Transaction, before: OperationRecord, record: OperationRecord) -> None:
    """Store the delivery of the event of a change, if there is one for it."""
    event = event_of_change(before, record)
    if event is not None:
        enqueue(write, record.caller, record.webhook, event)


def enqueue(write: Transaction, principal: str, webhook: str | None, event: Event) -> None:
    """Store the deliveries of an event to a webhook of a principal, or to all if it is None."""
    made = write.connection.execute(
        _ENQUEUE, {"principal": principal, "id": webhook, **row_of_event(event)}
    ).rowcount
    if made > 0:
        write.has_enqueued = True


def enqueue_one(write: Transaction, key: WebhookKey, event: Event) -> Delivery | None:
    """See WebhookStore.enqueue."""
    enqueue(write, key.principal, key.id, event)
    return find(write.connection, key, event.id)


def find(connection: sqlite3.Connection, key: WebhookKey, event_id: str) -> Delivery | None:
    """See WebhookStore.delivery."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM webhook_deliveries "  # noqa: S608 - constants
        "WHERE principal = ? AND webhook = ? AND event_id = ?",
        (*key, event_id),
    ).fetchone()
    return None if found is None else delivery_of(found)


def list_page(
    connection: sqlite3.Connection,
    key: WebhookKey,
    state: DeliveryState | None,
    limit: int,
    after: tuple[int, str] | None,
) -> DeliveryPage:
    """See WebhookStore.list_deliveries."""
    values: dict[str, Any] = {"principal": key.principal, "webhook": key.id, "limit": limit + 1}
    conditions = ["principal = :principal AND webhook = :webhook"]
    if state is not None:
        conditions.append("state = :state")
        values["state"] = state.value
    if after is not None:
        conditions.append("(event_time, event_id) < (:time, :event_id)")
        values["time"], values["event_id"] = after
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants; values are bound
        "ORDER BY event_time DESC, event_id DESC LIMIT :limit",
        values,
    ).fetchall()
    return delivery_page(rows, limit)


def redeliver(write: Transaction, key: WebhookKey, event_id: str, now: datetime) -> Delivery | None:
    """See WebhookStore.redeliver."""
    made = write.connection.execute(
        """
        UPDATE webhook_deliveries SET state = 'PENDING', attempts = 0, due = ?, end_time = NULL
        WHERE principal = ? AND webhook = ? AND event_id = ?
        """,
        (to_micros(now), *key, event_id),
    ).rowcount
    write.has_enqueued = write.has_enqueued or made > 0
    return find(write.connection, key, event_id)


def due(
    connection: sqlite3.Connection,
    now: datetime,
    limit: int,
    for_each: int,
    running: Collection[int],
) -> Sequence[DueDelivery]:
    """See DeliveryStore.due_deliveries."""
    rows = connection.execute(
        _DUE,
        {
            "now": to_micros(now),
            "limit": limit,
            "for_each": for_each,
            "running": json.dumps(list(running)),
        },
    ).fetchall()
    return tuple(map(due_delivery_of, rows))


def next_due(connection: sqlite3.Connection, after: datetime) -> datetime | None:
    """See DeliveryStore.next_delivery_due."""
    [first] = connection.execute(
        "SELECT min(due) FROM webhook_deliveries WHERE state = 'PENDING' AND due > ?",
        (to_micros(after),),
    ).fetchone()
    return None if first is None else from_micros(first)


def record(connection: sqlite3.Connection, attempt: Attempt, epoch: int) -> bool:
    """See DeliveryStore.record_attempt."""
    leadership_table.check_epoch(connection, epoch)
    row = row_of_attempt(attempt)
    found = connection.execute(
        "SELECT principal, webhook FROM webhook_deliveries WHERE number = ?", (attempt.number,)
    ).fetchone()
    if found is None:
        return False
    connection.execute(
        """
        UPDATE webhook_deliveries SET
            state = :state, attempts = attempts + 1, due = :due, attempt_time = :attempt_time,
            attempt_micros = :attempt_micros, failure = :failure, http_status = :http_status,
            end_time = :end_time
        WHERE number = :number AND (state = 'PENDING' OR :state = 'DELIVERED')
        """,
        row,
    )
    if attempt.failure is None:
        connection.execute(
            """
            UPDATE webhooks SET failing_since = NULL
            WHERE principal = ? AND id = ? AND failing_since IS NOT NULL
            """,
            found,
        )
    else:
        connection.execute(
            """
            UPDATE webhooks SET failing_since = ?
            WHERE principal = ? AND id = ? AND failing_since IS NULL
            """,
            (row["attempt_time"], *found),
        )
    return True


def expire(
    connection: sqlite3.Connection, delivered_before: datetime, dead_before: datetime, limit: int
) -> int:
    """See DeliveryStore.expire_deliveries."""
    return connection.execute(
        """
        DELETE FROM webhook_deliveries WHERE number IN (
            SELECT number FROM webhook_deliveries
            WHERE state = 'DELIVERED' AND end_time < :delivered
            UNION ALL
            SELECT number FROM webhook_deliveries WHERE state = 'DEAD' AND end_time < :dead
            LIMIT :limit
        )
        """,
        {
            "delivered": to_micros(delivered_before),
            "dead": to_micros(dead_before),
            "limit": limit,
        },
    ).rowcount


def count(connection: sqlite3.Connection) -> Mapping[DeliveryState, int]:
    """See DeliveryStore.count_deliveries."""
    [pending] = connection.execute(
        "SELECT count(*) FROM webhook_deliveries WHERE state = 'PENDING'"
    ).fetchone()
    [dead] = connection.execute(
        "SELECT count(*) FROM webhook_deliveries WHERE state = 'DEAD' AND end_time IS NOT NULL"
    ).fetchone()
    return {DeliveryState.PENDING: pending, DeliveryState.DEAD: dead}
