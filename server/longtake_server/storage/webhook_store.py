# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks and deliveries in SQLite. Implements webhooks.store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from longtake_server.storage import delivery_table, webhook_table
from longtake_server.storage.cursors import decode_cursor, decode_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.storage.readers import Readers
    from longtake_server.storage.writer import Writer
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


class SqliteWebhooks:
    """A WebhookStore and a DeliveryStore on the connections of an SqliteStore."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def add_webhook(self, webhook: Webhook, most: int | None) -> None:
        """See WebhookStore.add_webhook."""
        refusal = await self._writer.run(
            lambda write: webhook_table.add(write.connection, webhook, most)
        )
        if refusal is not None:
            raise refusal

    async def webhook(self, key: WebhookKey) -> Webhook | None:
        """See WebhookStore.webhook."""
        return await self._readers.run(partial(webhook_table.find, key=key))

    async def list_webhooks(
        self, principal: str | None, limit: int, cursor: str | None = None
    ) -> WebhookPage:
        """See WebhookStore.list_webhooks."""
        after = None if cursor is None else decode_pair(cursor)
        return await self._readers.run(
            partial(webhook_table.list_page, principal=principal, limit=limit, after=after)
        )

    async def change_webhook(self, changed: Webhook, seen_version: int) -> bool:
        """See WebhookStore.change_webhook."""
        return await self._writer.run(
            lambda write: webhook_table.change(write.connection, changed, seen_version)
        )

    async def delete_webhook(self, key: WebhookKey) -> bool:
        """See WebhookStore.delete_webhook."""
        return await self._writer.run(lambda write: webhook_table.delete(write.connection, key))

    async def enqueue(self, key: WebhookKey, event: Event) -> Delivery | None:
        """See WebhookStore.enqueue."""
        return await self._writer.run(partial(delivery_table.enqueue_one, key=key, event=event))

    async def delivery(self, key: WebhookKey, event_id: str) -> Delivery | None:
        """See WebhookStore.delivery."""
        return await self._readers.run(partial(delivery_table.find, key=key, event_id=event_id))

    async def list_deliveries(
        self,
        key: WebhookKey,
        state: DeliveryState | None,
        limit: int,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """See WebhookStore.list_deliveries."""
        after = None if cursor is None else decode_cursor(cursor)
        return await self._readers.run(
            partial(delivery_table.list_page, key=key, state=state, limit=limit, after=after)
        )

    async def redeliver(self, key: WebhookKey, event_id: str, now: datetime) -> Delivery | None:
        """See WebhookStore.redeliver."""
        return await self._writer.run(
            partial(delivery_table.redeliver, key=key, event_id=event_id, now=now)
        )

    async def due_deliveries(
        self, now: datetime, limit: int, *, for_each: int, running: Collection[int] = ()
    ) -> Sequence[DueDelivery]:
        """See DeliveryStore.due_deliveries."""
        return await self._readers.run(
            partial(delivery_table.due, now=now, limit=limit, for_each=for_each, running=running)
        )

    async def next_delivery_due(self, after: datetime) -> datetime | None:
        """See DeliveryStore.next_delivery_due."""
        return await self._readers.run(partial(delivery_table.next_due, after=after))

    async def record_attempt(self, attempt: Attempt, epoch: int) -> bool:
        """See DeliveryStore.record_attempt."""
        return await self._writer.run(
            lambda write: delivery_table.record(write.connection, attempt, epoch)
        )

    async def disable_webhook(
        self, key: WebhookKey, reason: DisableReason, now: datetime, epoch: int
    ) -> bool:
        """See DeliveryStore.disable_webhook."""
        return await self._writer.run(
            lambda write: webhook_table.disable(write.connection, key, reason, now, epoch)
        )

    async def expire_deliveries(
        self, delivered_before: datetime, dead_before: datetime, limit: int
    ) -> int:
        """See DeliveryStore.expire_deliveries."""
        return await self._writer.run(
            lambda write: delivery_table.expire(
                write.connection, delivered_before, dead_before, limit
            )
        )

    async def count_deliveries(self) -> Mapping[DeliveryState, int]:
        """See DeliveryStore.count_deliveries."""
        return await self._readers.run(delivery_table.count)

    def on_enqueued(self, hear: Callable[[], None]) -> None:
        """See DeliveryStore.on_enqueued."""
        self._writer.on_enqueued(hear)
