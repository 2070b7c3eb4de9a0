# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves longtake.v1.WebhookService with the use cases of webhooks.service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceServicer

from longtake_server.rpc import requests, webhook_convert, webhook_requests
from longtake_server.rpc.door import principal_of_call

if TYPE_CHECKING:
    import grpc
    from longtake.v1 import webhook_pb2

    from longtake_server.webhooks.service import Webhooks

    Context = grpc.aio.ServicerContext[Any, Any]


class WebhookServicer(WebhookServiceServicer):
    """Decodes requests, calls the use cases and encodes the results."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def CreateWebhook(  # noqa: N802 - the contract's name
        self, request: api.CreateWebhookRequest, context: Context
    ) -> webhook_pb2.Webhook:
        """Create a webhook."""
        del context
        principal = principal_of_call()
        key, url, types = webhook_requests.new_webhook(request, principal)
        disabled = request.webhook.disabled
        webhook = await self._webhooks.create(key, principal, url, types, disabled=disabled)
        return webhook_convert.webhook_with_secret(webhook)

    async def GetWebhook(  # noqa: N802
        self, request: api.GetWebhookRequest, context: Context
    ) -> webhook_pb2.Webhook:
        """Return a webhook."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.name, request, principal)
        return webhook_convert.webhook(await self._webhooks.get(key, principal))

    async def ListWebhooks(  # noqa: N802
        self, request: api.ListWebhooksRequest, context: Context
    ) -> api.ListWebhooksResponse:
        """Return a page of webhooks."""
        del context
        principal = principal_of_call()
        query = "webhooks", principal.id, request.principal
        size = requests.page_size(request.page_size)
        cursor = requests.page_cursor(request.page_token, *query)
        owner = webhook_requests.owner(request)
        try:
            page = await self._webhooks.list(owner, principal, size, cursor)
        except ValueError as error:
            raise requests.wrong_page_token() from error
        return api.ListWebhooksResponse(
            webhooks=map(webhook_convert.webhook, page.webhooks),
            next_page_token=_token(page.next_cursor, *query),
        )

    async def UpdateWebhook(  # noqa: N802
        self, request: api.UpdateWebhookRequest, context: Context
    ) -> webhook_pb2.Webhook:
        """Change a webhook."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.webhook.name, request, principal, "webhook.name")
        change = webhook_requests.webhook_change(request)
        return webhook_convert.webhook(await self._webhooks.update(key, principal, change))

    async def DeleteWebhook(  # noqa: N802
        self, request: api.DeleteWebhookRequest, context: Context
    ) -> Empty:
        """Delete a webhook and its deliveries."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.name, request, principal)
        await self._webhooks.delete(key, principal)
        return Empty()

    async def RotateWebhookSecret(  # noqa: N802
        self, request: api.RotateWebhookSecretRequest, context: Context
    ) -> webhook_pb2.Webhook:
        """Give a webhook a new secret."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.name, request, principal)
        return webhook_convert.webhook_with_secret(await self._webhooks.rotate(key, principal))

    async def TestWebhook(  # noqa: N802
        self, request: api.TestWebhookRequest, context: Context
    ) -> webhook_pb2.WebhookDelivery:
        """Send a test event."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.name, request, principal)
        return webhook_convert.delivery(await self._webhooks.test(key, principal))

    async def GetWebhookDelivery(  # noqa: N802
        self, request: api.GetWebhookDeliveryRequest, context: Context
    ) -> webhook_pb2.WebhookDelivery:
        """Return a delivery."""
        del context
        principal = principal_of_call()
        key, event_id = webhook_requests.delivery_key(request.name, request, principal)
        return webhook_convert.delivery(await self._webhooks.delivery(key, principal, event_id))

    async def ListWebhookDeliveries(  # noqa: N802
        self, request: api.ListWebhookDeliveriesRequest, context: Context
    ) -> api.ListWebhookDeliveriesResponse:
        """Return a page of deliveries."""
        del context
        principal = principal_of_call()
        key = webhook_requests.webhook_key(request.parent, request, principal, "parent")
        state = webhook_requests.delivery_state(request.state)
        query = "deliveries", principal.id, *key, str(request.state)
        size = requests.page_size(request.page_size)
        cursor = requests.page_cursor(request.page_token, *query)
        try:
            page = await self._webhooks.deliveries(key, principal, state, size, cursor)
        except ValueError as error:
            raise requests.wrong_page_token() from error
        return api.ListWebhookDeliveriesResponse(
            deliveries=map(webhook_convert.delivery, page.deliveries),
            next_page_token=_token(page.next_cursor, *query),
        )

    async def RedeliverWebhookDelivery(  # noqa: N802
        self, request: api.RedeliverWebhookDeliveryRequest, context: Context
    ) -> webhook_pb2.WebhookDelivery:
        """Send an event again."""
        del context
        principal = principal_of_call()
        key, event_id = webhook_requests.delivery_key(request.name, request, principal)
        return webhook_convert.delivery(await self._webhooks.redeliver(key, principal, event_id))


def _token(cursor: str | None, *query: str) -> str:
    return "" if cursor is None else requests.page_token(cursor, *query)
