# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that stores deliveries of events, with the change that makes each event true."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longtake_server.storage.postgres.query import Query, nothing
from longtake_server.storage.postgres.row_arrays import columns_of, table_of
from longtake_server.storage.webhook_rows import row_of_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.storage.budget_rows import Reached
    from longtake_server.webhooks.model import Event

_COLUMNS = ("principal", "webhook", "event_id", "event_type", "event_time", "operation", "payload")
_TYPES = ("text", "text", "text", "text", "bigint", "text", "bytea")
_REACHED = ("subject", "period_key", "measure", "percent")
_REACHED_TYPES = ("text", "text", "text", "bigint")
# Without a webhook, it is for all of the principal. A test is for every webhook.
_INSERT = """
    INSERT INTO webhook_deliveries (
        principal, webhook, event_id, event_type, event_time, operation, payload,
        attempts, state, due, failure, end_time
    )
    SELECT
        webhooks.principal, webhooks.id, new.event_id, new.event_type, new.event_time,
        new.operation, new.payload, 0,
        CASE WHEN disable_reason IS NULL THEN 'PENDING' ELSE 'DEAD' END,
        CASE WHEN disable_reason IS NULL THEN new.event_time END,
        CASE WHEN disable_reason IS NOT NULL THEN 'WEBHOOK_DISABLED' END,
        CASE WHEN disable_reason IS NOT NULL THEN new.event_time END
    FROM new JOIN webhooks ON webhooks.principal = new.principal
        AND (new.webhook IS NULL OR webhooks.id = new.webhook)
    WHERE new.event_type = 'webhook.test'
        OR new.event_type = ANY (string_to_array(webhooks.event_types, ' '))
    ON CONFLICT (principal, webhook, event_id) DO NOTHING
    RETURNING number
"""
_TELL = "SELECT pg_notify(%(channel)s, '') FROM (SELECT FROM made LIMIT 1) AS one"


class ForWebhook(NamedTuple):
    """An event for a webhook of a principal; None for all that it has."""

    principal: str
    webhook: str | None
    event: Event


def enqueue_channel(channel: str) -> str:
    """Return the channel that tells that deliveries were made due."""
    return f"{channel}_webhooks"


def enqueued(events: Sequence[ForWebhook], channel: str) -> Query[None]:
    """Return what stores the deliveries of events.

    Args:
        events: The events.
        channel: The channel of the store.

    """
    return Query(
        f"""
        WITH new ({", ".join(_COLUMNS)}) AS (SELECT * FROM {table_of(_TYPES)}), made AS ({_INSERT})
        {_TELL}
        """,  # noqa: S608 - constants
        columns_of(_TYPES, list(map(_row, events))) | {"channel": enqueue_channel(channel)},
        nothing,
    )


def thresholds(reached: Sequence[Reached], channel: str) -> Query[None]:
    """Return what stores shares of budgets that are not stored yet, and deliveries of these."""
    types = (*_TYPES, *_REACHED_TYPES)
    rows = [
        (*_row(ForWebhook(one.principal, None, one.event)), *one[1 : 1 + len(_REACHED)])
        for one in reached
    ]
    key = ", ".join(_REACHED)
    return Query(
        f"""
        WITH all_new ({", ".join(_COLUMNS)}, {key}) AS (SELECT * FROM {table_of(types)}), first AS (
            INSERT INTO budget_events (time, {key})
            SELECT event_time, {key} FROM all_new ON CONFLICT ({key}) DO NOTHING RETURNING {key}
        ), new AS (SELECT all_new.* FROM all_new JOIN first USING ({key})), made AS ({_INSERT})
        {_TELL}
        """,  # noqa: S608 - constants
        columns_of(types, rows) | {"channel": enqueue_channel(channel)},
        nothing,
    )


def _row(one: ForWebhook) -> tuple[object, ...]:
    return (one.principal, one.webhook, *(row_of_event(one.event)[name] for name in _COLUMNS[2:]))
