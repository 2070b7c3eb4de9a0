# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for webhooks. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import LongtakeError, TooManyWebhooks, WebhookExists
from longtake_server.storage import leadership_table
from longtake_server.storage.codec import to_micros
from longtake_server.storage.webhook_rows import (
    WEBHOOK_COLUMNS,
    row_of_webhook,
    webhook_of,
    webhook_page,
)

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from longtake_server.webhooks.model import DisableReason, Webhook, WebhookKey
    from longtake_server.webhooks.store import WebhookPage

_COLUMNS = ", ".join(WEBHOOK_COLUMNS)
_PLACES = ", ".join(f":{name}" for name in WEBHOOK_COLUMNS)
_BURY = """
    UPDATE webhook_deliveries SET
        state = 'DEAD', failure = 'WEBHOOK_DISABLED', due = NULL, end_time = ?
    WHERE principal = ? AND webhook = ? AND state = 'PENDING'
"""


def add(connection: sqlite3.Connection, webhook: Webhook, most: int | None) -> LongtakeError | None:
    """See WebhookStore.add_webhook. Return the refusal, so that others in the commit stay."""
    if find(connection, webhook.key) is not None:
        return WebhookExists(webhook.key.name)
    [count] = connection.execute(
        "SELECT count(*) FROM webhooks WHERE principal = ? AND NOT from_file",
        (webhook.key.principal,),
    ).fetchone()
    if most is not None and count >= most:
        return TooManyWebhooks(most)
    connection.execute(
        f"INSERT INTO webhooks ({_COLUMNS}) VALUES ({_PLACES})",  # noqa: S608 - constants
        row_of_webhook(webhook),
    )
    return None


def find(connection: sqlite3.Connection, key: WebhookKey) -> Webhook | None:
    """See WebhookStore.webhook."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM webhooks WHERE principal = ? AND id = ?",  # noqa: S608 - constants
        key,
    ).fetchone()
    return None if found is None else webhook_of(found)


def list_page(
    connection: sqlite3.Connection,
    principal: str | None,
    limit: int,
    after: tuple[str, str] | None,
) -> WebhookPage:
    """See WebhookStore.list_webhooks."""
    after_principal, after_id = after or (None, None)
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM webhooks
        WHERE (:principal IS NULL OR principal = :principal)
            AND (:after_id IS NULL OR (principal, id) > (:after_principal, :after_id))
        ORDER BY principal, id LIMIT :limit
        """,  # noqa: S608 - constants
        {
            "principal": principal,
            "after_principal": after_principal,
            "after_id": after_id,
            "limit": limit + 1,
        },
    ).fetchall()
    return webhook_page(rows, limit)


def change(connection: sqlite3.Connection, changed: Webhook, seen_version: int) -> bool:
    """See WebhookStore.change_webhook."""
    made = connection.execute(
        """
        UPDATE webhooks SET
            url = :url, event_types = :event_types, secret = :secret,
            previous_secret = :previous_secret,
            previous_secret_expire_time = :previous_secret_expire_time,
            update_time = :update_time, version = :seen_version + 1,
            disable_reason = :disable_reason, disable_time = :disable_time,
            failing_since = CASE WHEN :failing_since IS NOT NULL THEN failing_since END,
            from_file = :from_file
        WHERE principal = :principal AND id = :id AND version = :seen_version
        """,
        {**row_of_webhook(changed), "seen_version": seen_version},
    ).rowcount
    if made and changed.disable_time is not None:
        connection.execute(_BURY, (to_micros(changed.disable_time), *changed.key))
    return bool(made)


def delete(connection: sqlite3.Connection, key: WebhookKey) -> bool:
    """See WebhookStore.delete_webhook."""
    connection.execute("DELETE FROM webhook_deliveries WHERE principal = ? AND webhook = ?", key)
    return bool(
        connection.execute("DELETE FROM webhooks WHERE principal = ? AND id = ?", key).rowcount
    )


def disable(
    connection: sqlite3.Connection,
    key: WebhookKey,
    reason: DisableReason,
    now: datetime,
    epoch: int,
) -> bool:
    """See DeliveryStore.disable_webhook."""
    leadership_table.check_epoch(connection, epoch)
    time = to_micros(now)
    made = connection.execute(
        """
        UPDATE webhooks SET
            disable_reason = ?, disable_time = ?, update_time = ?, version = version + 1
        WHERE principal = ? AND id = ? AND disable_reason IS NULL
        """,
        (reason.value, time, time, *key),
    ).rowcount
    if made:
        connection.execute(_BURY, (time, *key))
    return bool(made)
