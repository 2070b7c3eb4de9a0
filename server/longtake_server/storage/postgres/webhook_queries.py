# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import TooManyWebhooks, WebhookExists
from longtake_server.operations.store import EngineReplaced
from longtake_server.storage.codec import to_micros
from longtake_server.storage.postgres.query import Query
from longtake_server.storage.webhook_rows import (
    WEBHOOK_COLUMNS,
    row_of_webhook,
    webhook_of,
    webhook_page,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.storage.postgres.query import Row
    from longtake_server.webhooks.model import DisableReason, Webhook, WebhookKey
    from longtake_server.webhooks.store import WebhookPage

_COLUMNS = ", ".join(WEBHOOK_COLUMNS)
_TYPES = {
    **dict.fromkeys(("principal", "id", "url", "event_types", "disable_reason"), "text"),
    **dict.fromkeys(("secret", "previous_secret"), "bytea"),
    "from_file": "boolean",
}
_PLACES = {name: f"%({name})s::{_TYPES.get(name, 'bigint')}" for name in WEBHOOK_COLUMNS}
_BURY = """
    UPDATE webhook_deliveries SET
        state = 'DEAD', failure = 'WEBHOOK_DISABLED', due = NULL, end_time = made.disable_time
    FROM made
    WHERE made.disable_time IS NOT NULL AND webhook_deliveries.principal = made.principal
        AND webhook = made.id AND state = 'PENDING'
"""


def add(webhook: Webhook, most: int | None) -> Query[None]:
    """See WebhookStore.add_webhook."""

    def answer(rows: Sequence[Row]) -> None:
        [(is_known, is_added)] = rows
        if is_known:
            raise WebhookExists(webhook.key.name)
        if not is_added:
            raise TooManyWebhooks(most or 0)

    return Query(
        f"""
        WITH known AS (
            SELECT FROM webhooks WHERE principal = {_PLACES["principal"]} AND id = {_PLACES["id"]}
        ), added AS (
            INSERT INTO webhooks ({_COLUMNS})
            SELECT {", ".join(_PLACES.values())}
            WHERE NOT EXISTS (SELECT FROM known) AND (
                %(most)s::bigint IS NULL OR %(most)s::bigint > (
                    SELECT count(*) FROM webhooks
                    WHERE principal = {_PLACES["principal"]} AND NOT from_file
                )
            )
            RETURNING id
        )
        SELECT EXISTS (SELECT FROM known), EXISTS (SELECT FROM added)
        """,  # noqa: S608 - constants
        {**row_of_webhook(webhook), "most": most},
        answer,
    )


def find(key: WebhookKey) -> Query[Webhook | None]:
    """See WebhookStore.webhook."""
    return Query(
        f"SELECT {_COLUMNS} FROM webhooks WHERE principal = %(principal)s AND id = %(id)s",  # noqa: S608 - constants
        key._asdict(),
        lambda rows: webhook_of(rows[0]) if rows else None,
    )


def list_page(
    principal: str | None, limit: int, after: tuple[str, str] | None
) -> Query[WebhookPage]:
    """See WebhookStore.list_webhooks."""
    after_principal, after_id = after or (None, None)
    return Query(
        f"""
        SELECT {_COLUMNS} FROM webhooks
        WHERE (%(principal)s::text IS NULL OR principal = %(principal)s::text)
            AND (%(after_id)s::text IS NULL
                OR (principal, id) > (%(after_principal)s::text, %(after_id)s::text))
        ORDER BY principal, id LIMIT %(limit)s
        """,  # noqa: S608 - constants
        {
            "principal": principal,
            "after_principal": after_principal,
            "after_id": after_id,
            "limit": limit + 1,
        },
        lambda rows: webhook_page(rows, limit),
    )


def change(changed: Webhook, seen_version: int) -> Query[bool]:
    """See WebhookStore.change_webhook."""
    assigned = ", ".join(
        f"{name} = {_PLACES[name]}"
        for name in WEBHOOK_COLUMNS
        if name not in {"principal", "id", "create_time", "version", "failing_since"}
    )
    return Query(
        f"""
        WITH made AS (
            UPDATE webhooks SET {assigned}, version = version + 1,
                failing_since =
                    CASE WHEN {_PLACES["failing_since"]} IS NOT NULL THEN failing_since END
            WHERE principal = {_PLACES["principal"]} AND id = {_PLACES["id"]}
                AND version = %(seen_version)s
            RETURNING principal, id, disable_time
        ), buried AS ({_BURY})
        SELECT EXISTS (SELECT FROM made)
        """,  # noqa: S608 - constants
        {**row_of_webhook(changed), "seen_version": seen_version},
        _first,
    )


def delete(key: WebhookKey) -> Query[bool]:
    """See WebhookStore.delete_webhook."""
    return Query(
        """
        WITH emptied AS (
            DELETE FROM webhook_deliveries
            WHERE principal = %(principal)s::text AND webhook = %(id)s::text
        ), removed AS (
            DELETE FROM webhooks WHERE principal = %(principal)s::text AND id = %(id)s::text
            RETURNING id
        )
        SELECT EXISTS (SELECT FROM removed)
        """,
        key._asdict(),
        _first,
    )


def disable(key: WebhookKey, reason: DisableReason, now: datetime, epoch: int) -> Query[bool]:
    """See DeliveryStore.disable_webhook."""

    def answer(rows: Sequence[Row]) -> bool:
        [(holds, is_made)] = rows
        if not holds:
            raise EngineReplaced(epoch)
        return bool(is_made)

    return Query(
        f"""
        WITH term AS (SELECT epoch = %(epoch)s::bigint AS holds FROM meta), made AS (
            UPDATE webhooks SET
                disable_reason = %(reason)s::text, disable_time = %(time)s::bigint,
                update_time = %(time)s::bigint, version = version + 1
            WHERE principal = %(principal)s AND id = %(id)s AND disable_reason IS NULL
                AND (SELECT holds FROM term)
            RETURNING principal, id, disable_time
        ), buried AS ({_BURY})
        SELECT holds, EXISTS (SELECT FROM made) FROM term
        """,  # noqa: S608 - constants
        {**key._asdict(), "reason": reason.value, "time": to_micros(now), "epoch": epoch},
        answer,
    )


def _first(rows: Sequence[Row]) -> bool:
    return bool(rows[0][0])
