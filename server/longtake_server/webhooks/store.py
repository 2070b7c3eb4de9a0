# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to the store of webhooks and deliveries.

The store also makes deliveries: `OperationStore.update` of an operation that names a webhook, and
each change that brings a budget to a threshold, store the deliveries of the event in the same
transaction. Only webhooks that exist then and have chosen the type get one; for a disabled webhook
it is DEAD from the start, so that it can be redelivered. Deliveries outlive their operation.

tests/storage has one suite that every implementation must pass. Every method but `on_enqueued` may
raise StorageUnavailable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A page of webhooks, ordered by owner and id; `next_cursor` is None on the last page."""

    webhooks: tuple[Webhook, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries, newest first; `next_cursor` is None on the last page."""

    deliveries: tuple[Delivery, ...]
    next_cursor: str | None


class WebhookStore(Protocol):
    """What the use cases need."""

    async def add_webhook(self, webhook: Webhook, most: int | None) -> None:
        """Store a new webhook.

        Args:
            webhook: The webhook.
            most: How many webhooks its owner may have, None for any number. Those from the
                operator's file do not count.

        Raises:
            WebhookExists: The owner has a webhook of this id.
            TooManyWebhooks: The owner has this many.

        """

    async def webhook(self, key: WebhookKey) -> Webhook | None:
        """Return a webhook, None if there is none."""

    async def list_webhooks(
        self, principal: str | None, limit: int, cursor: str | None = None
    ) -> WebhookPage:
        """Return a page of the webhooks of a principal, or of all if it is None.

        Raises:
            ValueError: This store did not create the cursor.

        """

    async def change_webhook(self, changed: Webhook, seen_version: int) -> bool:
        """Replace the settings and the secrets of a webhook that still has the seen version.

        If it is disabled afterwards, its pending deliveries become DEAD in the same transaction.

        Returns:
            Whether it was replaced. If not, read it again and reconsider.

        """

    async def delete_webhook(self, key: WebhookKey) -> bool:
        """Delete a webhook and its deliveries. Return whether there was one."""

    async def enqueue(self, key: WebhookKey, event: Event) -> Delivery | None:
        """Store a delivery that is due at the event's time, and return it.

        Returns:
            The delivery, None if there is no webhook of this key.

        """

    async def delivery(self, key: WebhookKey, event_id: str) -> Delivery | None:
        """Return a delivery, None if there is none."""

    async def list_deliveries(
        self,
        key: WebhookKey,
        state: DeliveryState | None,
        limit: int,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """Return a page of the deliveries of a webhook, in a state or in all if it is None.

        Raises:
            ValueError: This store did not create the cursor.

        """

    async def redeliver(self, key: WebhookKey, event_id: str, now: datetime) -> Delivery | None:
        """Make a delivery PENDING, without attempts and due now, and return it.

        Returns:
            The delivery, None if there is none.

        """


class DeliveryStore(Protocol):
    """What the sender needs, which is part of the engine."""

    async def due_deliveries(
        self, now: datetime, limit: int, *, for_each: int, running: Collection[int] = ()
    ) -> Sequence[DueDelivery]:
        """Return deliveries that are due, so that each webhook gets its share.

        Each webhook has at most `for_each` places, which its running deliveries take up too. The
        first of every webhook come before the second of any, and those due longest come first.
        Nothing is leased: what is not recorded is due again.

        Args:
            now: The present time.
            limit: The most deliveries to return.
            for_each: The most deliveries of one webhook at a time.
            running: The numbers of those that are being sent, which are not returned.

        """

    async def next_delivery_due(self, after: datetime) -> datetime | None:
        """Return when the first pending delivery becomes due after a moment, None for none."""

    async def record_attempt(self, attempt: Attempt, epoch: int) -> bool:
        """Record the end of an attempt, and since when its webhook has failed.

        A delivery that is not PENDING any more, as its webhook was disabled meanwhile, stays as it
        is unless the attempt delivered it.

        Args:
            attempt: The attempt.
            epoch: The epoch of the engine that sent it.

        Returns:
            Whether the delivery is still there.

        Raises:
            EngineReplaced: This epoch is over. Nothing is recorded.

        """

    async def disable_webhook(
        self, key: WebhookKey, reason: DisableReason, now: datetime, epoch: int
    ) -> bool:
        """Disable a webhook, and make its pending deliveries DEAD.

        Returns:
            Whether it was enabled.

        Raises:
            EngineReplaced: This epoch is over. Nothing is changed.

        """

    async def expire_deliveries(
        self, delivered_before: datetime, dead_before: datetime, limit: int
    ) -> int:
        """Delete at most `limit` deliveries that ended before these times; return how many."""

    async def count_deliveries(self) -> Mapping[DeliveryState, int]:
        """Return how many deliveries are PENDING and DEAD."""

    def on_enqueued(self, hear: Callable[[], None]) -> None:
        """Call `hear` after each commit, of any process, that made a delivery due at once.

        It must not block or raise. A call may be missed: look at least every few seconds too.
        """
