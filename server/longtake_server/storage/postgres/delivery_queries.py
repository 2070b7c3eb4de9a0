# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for deliveries of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake_server.operations.store import EngineReplaced
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.postgres.query import Query, first_value, nothing
from longtake_server.storage.postgres.webhook_changes import enqueue_channel
from longtake_server.storage.webhook_rows import (
    DELIVERY_COLUMNS,
    EVENT_COLUMNS,
    WEBHOOK_COLUMNS,
    delivery_of,
    delivery_page,
    due_delivery_of,
    row_of_attempt,
)
from longtake_server.webhooks.model import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.storage.postgres.query import Row
    from longtake_server.webhooks.model import Attempt, Delivery, DueDelivery, WebhookKey
    from longtake_server.webhooks.store import DeliveryPage

_COLUMNS = ", ".join(DELIVERY_COLUMNS)
_DUE_COLUMNS = ", ".join(
    (*(f"d.{name}" for name in EVENT_COLUMNS), *(f"w.{name}" for name in WEBHOOK_COLUMNS))
)
_DUE = f"""
    WITH running AS MATERIALIZED (
        SELECT number, principal, webhook FROM webhook_deliveries
        WHERE number = ANY (%(running)s::bigint[])
    ), busy AS (
        SELECT principal, webhook, count(*) AS places FROM running GROUP BY principal, webhook
    ), waiting AS (
        SELECT p.number, p.due, coalesce(busy.places, 0)
            + row_number() OVER (PARTITION BY w.principal, w.id ORDER BY p.due, p.number) AS place
        FROM webhooks AS w
        LEFT JOIN busy ON busy.principal = w.principal AND busy.webhook = w.id
        CROSS JOIN LATERAL (
            SELECT number, due FROM webhook_deliveries AS p
            WHERE p.principal = w.principal AND p.webhook = w.id AND p.state = 'PENDING'
                AND p.due <= %(now)s::bigint AND p.number <> ALL (%(running)s::bigint[])
            ORDER BY p.due, p.number LIMIT %(for_each)s
        ) AS p
    ), chosen AS (
        SELECT number, due, place FROM waiting WHERE place <= %(for_each)s
        ORDER BY place, due, number LIMIT %(limit)s
    )
    SELECT {_DUE_COLUMNS}
    FROM chosen JOIN webhook_deliveries AS d ON d.number = chosen.number
    JOIN webhooks AS w ON w.principal = d.principal AND w.id = d.webhook
    ORDER BY chosen.place, chosen.due, chosen.number
"""  # noqa: S608 - constants


def find(key: WebhookKey, event_id: str) -> Query[Delivery | None]:
    """See WebhookStore.delivery."""
    return Query(
        f"SELECT {_COLUMNS} FROM webhook_deliveries "  # noqa: S608 - constants
        "WHERE principal = %(principal)s AND webhook = %(id)s AND event_id = %(event_id)s",
        {**key._asdict(), "event_id": event_id},
        lambda rows: delivery_of(rows[0]) if rows else None,
    )


def list_page(
    key: WebhookKey, state: DeliveryState | None, limit: int, after: tuple[int, str] | None
) -> Query[DeliveryPage]:
    """See WebhookStore.list_deliveries."""
    values: dict[str, Any] = {**key._asdict(), "limit": limit + 1}
    conditions = ["principal = %(principal)s AND webhook = %(id)s"]
    if state is not None:
        conditions.append("state = %(state)s")
        values["state"] = state.value
    if after is not None:
        conditions.append("(event_time, event_id) < (%(time)s::bigint, %(event_id)s::text)")
        values["time"], values["event_id"] = after
    return Query(
        f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE {' AND '.join(conditions)} "  # noqa: S608 - constants; values are bound
        "ORDER BY event_time DESC, event_id DESC LIMIT %(limit)s",
        values,
        lambda rows: delivery_page(rows, limit),
    )


def redeliver(key: WebhookKey, event_id: str, now: datetime, channel: str) -> Query[None]:
    """Return what makes a delivery due now. See WebhookStore.redeliver."""
    return Query(
        """
        WITH made AS (
            UPDATE webhook_deliveries SET
                state = 'PENDING', attempts = 0, due = %(time)s::bigint, end_time = NULL
            WHERE principal = %(principal)s AND webhook = %(id)s AND event_id = %(event_id)s
            RETURNING number
        )
        SELECT pg_notify(%(channel)s, '') FROM made
        """,
        {
            **key._asdict(),
            "event_id": event_id,
            "time": to_micros(now),
            "channel": enqueue_channel(channel),
        },
        nothing,
    )


def due(
    now: datetime, limit: int, for_each: int, running: Collection[int]
) -> Query[Sequence[DueDelivery]]:
    """See DeliveryStore.due_deliveries."""
    values = {
        "now": to_micros(now),
        "limit": limit,
        "for_each": for_each,
        "running": list(running),
    }
    return Query(_DUE, values, lambda rows: tuple(map(due_delivery_of, rows)))


def next_due(after: datetime) -> Query[datetime | None]:
    """See DeliveryStore.next_delivery_due."""
    return Query(
        "SELECT min(due) FROM webhook_deliveries WHERE state = 'PENDING' AND due > %(after)s",
        {"after": to_micros(after)},
        lambda rows: None if rows[0][0] is None else from_micros(rows[0][0]),
    )


def record(attempt: Attempt, epoch: int) -> Query[bool]:
    """See DeliveryStore.record_attempt."""

    def answer(rows: Sequence[Row]) -> bool:
        [(holds, is_there)] = rows
        if not holds:
            raise EngineReplaced(epoch)
        return bool(is_there)

    return Query(
        """
        WITH term AS (SELECT epoch = %(epoch)s::bigint AS holds FROM meta), found AS (
            SELECT principal, webhook FROM webhook_deliveries
            WHERE number = %(number)s::bigint AND (SELECT holds FROM term)
        ), changed AS (
            UPDATE webhook_deliveries SET
                state = %(state)s::text, attempts = attempts + 1, due = %(due)s::bigint,
                attempt_time = %(attempt_time)s::bigint,
                attempt_micros = %(attempt_micros)s::bigint, failure = %(failure)s::text,
                http_status = %(http_status)s::bigint, end_time = %(end_time)s::bigint
            WHERE number = %(number)s::bigint AND (SELECT holds FROM term)
                AND (state = 'PENDING' OR %(state)s::text = 'DELIVERED')
        ), noted AS (
            UPDATE webhooks SET failing_since =
                CASE WHEN %(failure)s::text IS NOT NULL THEN %(attempt_time)s::bigint END
            FROM found
            WHERE webhooks.principal = found.principal AND webhooks.id = found.webhook
                AND (failing_since IS NULL) = (%(failure)s::text IS NOT NULL)
        )
        SELECT holds, EXISTS (SELECT FROM found) FROM term
        """,
        {**row_of_attempt(attempt), "epoch": epoch},
        answer,
    )


def expire(delivered_before: datetime, dead_before: datetime, limit: int) -> Query[int]:
    """See DeliveryStore.expire_deliveries."""
    return Query(
        """
        WITH old AS (
            SELECT number FROM webhook_deliveries
            WHERE state = 'DELIVERED' AND end_time < %(delivered)s::bigint
            UNION ALL
            SELECT number FROM webhook_deliveries
            WHERE state = 'DEAD' AND end_time < %(dead)s::bigint
            LIMIT %(limit)s
        ), removed AS (
            DELETE FROM webhook_deliveries WHERE number IN (SELECT number FROM old)
            RETURNING number
        )
        SELECT count(*) FROM removed
        """,
        {
            "delivered": to_micros(delivered_before),
            "dead": to_micros(dead_before),
            "limit": limit,
        },
        first_value,
    )


def count() -> Query[Mapping[DeliveryState, int]]:
    """See DeliveryStore.count_deliveries."""
    return Query(
        """
        SELECT
            (SELECT count(*) FROM webhook_deliveries WHERE state = 'PENDING'),
            (SELECT count(*) FROM webhook_deliveries
                WHERE state = 'DEAD' AND end_time IS NOT NULL)
        """,
        {},
        lambda rows: dict(zip((DeliveryState.PENDING, DeliveryState.DEAD), rows[0], strict=True)),
    )
