# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a server says about webhooks and deliveries."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from longtake.v1.webhook_pb2 import Webhook, WebhookDelivery

TIME = Timestamp(seconds=1_795_878_000)
TIME_AS_TEXT = "2026-11-28 15:00:00Z"
SECRET = "whsec_" + "A" * 42 + "A="
DELIVERY = "webhooks/orders/deliveries/1.7"

ORDERS = Webhook(
    name="webhooks/orders",
    url="https://shop.example.com/hooks",
    event_types=[Webhook.OPERATION_SUCCEEDED, Webhook.BUDGET_THRESHOLD],
    principal="ann",
    create_time=TIME,
    update_time=TIME,
)


def created() -> Webhook:
    """Return the webhook with its secret."""
    message = Webhook(secret=SECRET)
    message.MergeFrom(ORDERS)
    return message


def disabled() -> Webhook:
    """Return the webhook after its endpoint has gone."""
    message = Webhook(disabled=True, disable_reason=Webhook.GONE, disable_time=TIME)
    message.MergeFrom(ORDERS)
    return message


def delivery(**fields: object) -> WebhookDelivery:
    """Return a delivery that was answered with 500, but for the fields given."""
    message = WebhookDelivery(
        name=DELIVERY,
        event_type=Webhook.OPERATION_SUCCEEDED,
        operation="operations/1",
        state=WebhookDelivery.PENDING,
        attempts=1,
        create_time=TIME,
        next_attempt_time=TIME,
        last_attempt_time=TIME,
        last_attempt_duration=Duration(nanos=250_000_000),
        failure=WebhookDelivery.STATUS,
        http_status=500,
        principal="ann",
    )
    for name, value in fields.items():
        setattr(message, name, value)
    return message
