# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks of principals at one server: how to create them, and every call that names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.field_mask_pb2 import FieldMask
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.webhook_pb2 import Webhook
from rpc.rpc_isolation import bearing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf.message import Message
    from rpc.rpc_server import Server

URL = "https://orders.example.com/longtake"
_SERVICE = "/longtake.v1.WebhookService"


def creation(webhook_id: str = "orders", url: str = URL, **fields: Any) -> api.CreateWebhookRequest:
    owner = fields.pop("principal", "")
    webhook = Webhook(url=url, **fields)
    return api.CreateWebhookRequest(webhook_id=webhook_id, webhook=webhook, principal=owner)


async def created(server: Server, key: str | None = None, **fields: Any) -> Webhook:
    """Create a webhook over the socket."""
    credential = {} if key is None else bearing(key)
    made: Webhook = await server.webhooks.CreateWebhook(creation(**fields), **credential)
    return made


def _hooked(method: str, request: Callable[[str, str, str], Message]) -> tuple[str, Any]:
    def call(server: Server, owner: str, webhook: str, delivery: str, key: str) -> Any:
        stub = getattr(server.webhooks, method)
        return stub(request(owner, f"webhooks/{webhook}", delivery), **bearing(key))

    return f"{_SERVICE}/{method}", call


def _delivery(name: str, delivery: str) -> str:
    return f"{name}/deliveries/{delivery}"


HOOKED: Mapping[str, Callable[[Server, str, str, str, str], Any]] = dict(
    (
        _hooked(
            "CreateWebhook",
            lambda owner, name, _: creation(name.removeprefix("webhooks/"), principal=owner),
        ),
        _hooked(
            "GetWebhook", lambda owner, name, _: api.GetWebhookRequest(name=name, principal=owner)
        ),
        _hooked("ListWebhooks", lambda owner, _, __: api.ListWebhooksRequest(principal=owner)),
        _hooked(
            "UpdateWebhook",
            lambda owner, name, _: api.UpdateWebhookRequest(
                webhook=Webhook(name=name, disabled=True),
                update_mask=FieldMask(paths=["disabled"]),
                principal=owner,
            ),
        ),
        _hooked(
            "DeleteWebhook",
            lambda owner, name, _: api.DeleteWebhookRequest(name=name, principal=owner),
        ),
        _hooked(
            "RotateWebhookSecret",
            lambda owner, name, _: api.RotateWebhookSecretRequest(name=name, principal=owner),
        ),
        _hooked(
            "TestWebhook", lambda owner, name, _: api.TestWebhookRequest(name=name, principal=owner)
        ),
        _hooked(
            "GetWebhookDelivery",
            lambda owner, name, delivery: api.GetWebhookDeliveryRequest(
                name=_delivery(name, delivery), principal=owner
            ),
        ),
        _hooked(
            "ListWebhookDeliveries",
            lambda owner, name, _: api.ListWebhookDeliveriesRequest(parent=name, principal=owner),
        ),
        _hooked(
            "RedeliverWebhookDelivery",
            lambda owner, name, delivery: api.RedeliverWebhookDeliveryRequest(
                name=_delivery(name, delivery), principal=owner
            ),
        ),
    )
)
"""Each method of WebhookService, called with an owner, a webhook, a delivery and a key."""
