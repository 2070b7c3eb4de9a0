# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/webhooks.py by `make sync`. Do not edit.
"""`client.webhooks`: endpoints to which the server posts events."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from longtake._sync.connection import Connection
from longtake._webhooks import (
    create_request,
    deliveries_request,
    delivery_name,
    delivery_of,
    list_request,
    owner,
    update_request,
    webhook_name,
    webhook_of,
)
from longtake.types import DeliveryState, Webhook, WebhookDelivery, WebhookEvent
from longtake.v1 import webhook_service_pb2 as api


class Webhooks:
    """Registers webhooks, and shows what was sent to them.

    A webhook is given as such, as its id, or as its name, `webhooks/{id}`. `principal` is
    the id of its owner, which only a reader or an administrator needs to name; default: the
    caller. Every method raises ValueError if an argument is wrong, LongtakeError if the
    server refuses the call or cannot be reached, and ClientClosed after the client was
    closed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        webhook_id: str,
        url: str,
        *,
        event_types: Iterable[WebhookEvent | str] | None = None,
        principal: str | None = None,
    ) -> Webhook:
        """Create a webhook, and return it with its secret, which no other call returns.

        Args:
            webhook_id: 1 to 63 lower-case letters, digits and hyphens, the first a letter.
            url: Where to post events, an https address.
            event_types: What to send, for example 'operation.succeeded'. Default: that an
                operation succeeded, failed or was cancelled.
            principal: The id of the principal that is to own it.

        """
        request = create_request(webhook_id, url, event_types, principal)
        stub = self._connection.webhooks
        return webhook_of(self._connection.call(stub.CreateWebhook, request))

    def get(self, webhook: Webhook | str, *, principal: str | None = None) -> Webhook:
        """Return a webhook, without its secret."""
        request = api.GetWebhookRequest(name=webhook_name(webhook), principal=owner(principal))
        stub = self._connection.webhooks
        return webhook_of(self._connection.call(stub.GetWebhook, request))

    def list(
        self, page_size: int | None = None, *, principal: str | None = None
    ) -> Generator[Webhook]:
        """Yield webhooks, ordered by owner and id, fetched page by page.

        Args:
            page_size: Webhooks per page. Default: the server's.
            principal: The id of their owner. Default: all that the caller may see.

        """
        request = list_request(page_size, principal)
        while True:
            stub = self._connection.webhooks
            page = self._connection.call(stub.ListWebhooks, request)
            for message in page.webhooks:
                yield webhook_of(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def update(
        self,
        webhook: Webhook | str,
        *,
        url: str | None = None,
        event_types: Iterable[WebhookEvent | str] | None = None,
        disabled: bool | None = None,
        principal: str | None = None,
    ) -> Webhook:
        """Change what is given, and return the webhook.

        Args:
            webhook: The webhook.
            url: Where to post events.
            event_types: What to send; an empty list means the default.
            disabled: Whether to send nothing. False enables the webhook again.
            principal: The id of its owner.

        """
        request = update_request(webhook, url, event_types, disabled, principal)
        stub = self._connection.webhooks
        return webhook_of(self._connection.call(stub.UpdateWebhook, request))

    def delete(self, webhook: Webhook | str, *, principal: str | None = None) -> None:
        """Delete a webhook and its deliveries. Events that wait are not sent."""
        request = api.DeleteWebhookRequest(name=webhook_name(webhook), principal=owner(principal))
        self._connection.call(self._connection.webhooks.DeleteWebhook, request)

    def rotate_secret(self, webhook: Webhook | str, *, principal: str | None = None) -> Webhook:
        """Give a webhook a new secret, and return it with that. Both sign for 24 hours."""
        request = api.RotateWebhookSecretRequest(
            name=webhook_name(webhook), principal=owner(principal)
        )
        stub = self._connection.webhooks
        return webhook_of(self._connection.call(stub.RotateWebhookSecret, request))

    def test(self, webhook: Webhook | str, *, principal: str | None = None) -> WebhookDelivery:
        """Send a `webhook.test` event, and return its delivery without waiting for it."""
        request = api.TestWebhookRequest(name=webhook_name(webhook), principal=owner(principal))
        stub = self._connection.webhooks
        return delivery_of(self._connection.call(stub.TestWebhook, request))

    def get_delivery(
        self, delivery: WebhookDelivery | str, *, principal: str | None = None
    ) -> WebhookDelivery:
        """Return the newest state of a delivery."""
        request = api.GetWebhookDeliveryRequest(
            name=delivery_name(delivery), principal=owner(principal)
        )
        stub = self._connection.webhooks
        return delivery_of(self._connection.call(stub.GetWebhookDelivery, request))

    def deliveries(
        self,
        webhook: Webhook | str,
        *,
        state: DeliveryState | str | None = None,
        page_size: int | None = None,
        principal: str | None = None,
    ) -> Generator[WebhookDelivery]:
        """Yield the deliveries of a webhook, the newest event first, fetched page by page.

        Args:
            webhook: The webhook.
            state: 'pending', 'delivered' or 'dead'. Default: all.
            page_size: Deliveries per page. Default: the server's.
            principal: The id of its owner.

        """
        request = deliveries_request(webhook, state, page_size, principal)
        while True:
            stub = self._connection.webhooks
            page = self._connection.call(stub.ListWebhookDeliveries, request)
            for message in page.deliveries:
                yield delivery_of(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def redeliver(
        self, delivery: WebhookDelivery | str, *, principal: str | None = None
    ) -> WebhookDelivery:
        """Send an event again, with the same `webhook-id`, and return its delivery."""
        request = api.RedeliverWebhookDeliveryRequest(
            name=delivery_name(delivery), principal=owner(principal)
        )
        stub = self._connection.webhooks
        return delivery_of(self._connection.call(stub.RedeliverWebhookDelivery, request))
