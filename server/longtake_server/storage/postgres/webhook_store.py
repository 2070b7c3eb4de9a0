# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks and deliveries in PostgreSQL. Implements webhooks.store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.storage.cursors import decode_cursor, decode_pair
from longtake_server.storage.postgres import delivery_queries, webhook_queries
from longtake_server.storage.postgres.webhook_changes import ForWebhook, enqueued

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.storage.postgres.listening import Listener
    from longtake_server.storage.postgres.readers import Readers
    from longtake_server.storage.postgres.writer import Writer
    from longtake_server.webhooks.model import (
        Attempt,
        Delivery,
        DeliveryState,
        DisableReason,
        DueDelivery,
        Event,
        Webhook,
        WebhookKey,
    )
    from longtake_server.webhooks.store import DeliveryPage, WebhookPage


class PostgresWebhooks:
    """A WebhookStore and a DeliveryStore on the connections of a PostgresStore."""

    def __init__(self, readers: Readers, writer: Writer, listener: Listener, channel: str) -> None:
        self._readers = readers
        self._writer = writer
        self._listener = listener
        self._channel = channel

    async def add_webhook(self, webhook: Webhook, most: int | None) -> None:
        """See WebhookStore.add_webhook."""
        await self._writer.run(webhook_queries.add(webhook, most))

    async def webhook(self, key: WebhookKey) -> Webhook | None:
        """See WebhookStore.webhook."""
        return await self._readers.run(webhook_queries.find(key))

    async def list_webhooks(
        self, principal: str | None, limit: int, cursor: str | None = None
    ) -> WebhookPage:
        """See WebhookStore.list_webhooks."""
        after = None if cursor is None else decode_pair(cursor)
        return await self._readers.run(webhook_queries.list_page(principal, limit, after))

    async def change_webhook(self, changed: Webhook, seen_version: int) -> bool:
        """See WebhookStore.change_webhook."""
        return await self._writer.run(webhook_queries.change(changed, seen_version))

    async def delete_webhook(self, key: WebhookKey) -> bool:
        """See WebhookStore.delete_webhook."""
        return await self._writer.run(webhook_queries.delete(key))

    async def enqueue(self, key: WebhookKey, event: Event) -> Delivery | None:
        """See WebhookStore.enqueue."""
        new = ForWebhook(*key, event)
        await self._writer.run(enqueued([new], self._channel))
        return await self.delivery(key, event.id)

    async def delivery(self, key: WebhookKey, event_id: str) -> Delivery | None:
        """See WebhookStore.delivery."""
        return await self._readers.run(delivery_queries.find(key, event_id))

    async def list_deliveries(
        self,
        key: WebhookKey,
        state: DeliveryState | None,
        limit: int,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """See WebhookStore.list_deliveries."""
        after = None if cursor is None else decode_cursor(cursor)
        return await self._readers.run(delivery_queries.list_page(key, state, limit, after))

    async def redeliver(self, key: WebhookKey, event_id: str, now: datetime) -> Delivery | None:
        """See WebhookStore.redeliver."""
        change = delivery_queries.redeliver(key, event_id, now, self._channel)
        await self._writer.run(change)
        return await self.delivery(key, event_id)

    async def due_deliveries(
        self, now: datetime, limit: int, *, for_each: int, running: Collection[int] = ()
    ) -> Sequence[DueDelivery]:
        """See DeliveryStore.due_deliveries."""
        return await self._readers.run(delivery_queries.due(now, limit, for_each, running))

    async def next_delivery_due(self, after: datetime) -> datetime | None:
        """See DeliveryStore.next_delivery_due."""
        return await self._readers.run(delivery_queries.next_due(after))

    async def record_attempt(self, attempt: Attempt, epoch: int) -> bool:
        """See DeliveryStore.record_attempt."""
        return await self._writer.run(delivery_queries.record(attempt, epoch))

    async def disable_webhook(
        self, key: WebhookKey, reason: DisableReason, now: datetime, epoch: int
    ) -> bool:
        """See DeliveryStore.disable_webhook."""
        return await self._writer.run(webhook_queries.disable(key, reason, now, epoch))

    async def expire_deliveries(
        self, delivered_before: datetime, dead_before: datetime, limit: int
    ) -> int:
        """See DeliveryStore.expire_deliveries."""
        change = delivery_queries.expire(delivered_before, dead_before, limit)
        return await self._writer.run(change)

    async def count_deliveries(self) -> Mapping[DeliveryState, int]:
        """See DeliveryStore.count_deliveries."""
        return await self._readers.run(delivery_queries.count())

    def on_enqueued(self, hear: Callable[[], None]) -> None:
        """See DeliveryStore.on_enqueued."""
        self._listener.on_enqueued(hear)
