# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Converts webhooks and deliveries to the messages of the contract. No I/O."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from longtake.v1 import webhook_pb2

from longtake_server.rpc.convert import set_time

if TYPE_CHECKING:
    from longtake_server.webhooks.model import Delivery, Webhook


def webhook(stored: Webhook) -> webhook_pb2.Webhook:
    """Convert a webhook, without its secret."""
    reason = stored.disable_reason
    message = webhook_pb2.Webhook(
        name=stored.key.name,
        url=stored.url,
        event_types=sorted(one.name for one in stored.event_types),
        principal=stored.key.principal,
        from_file=stored.from_file,
        disabled=reason is not None,
        disable_reason=None if reason is None else reason.value,
    )
    set_time(message.create_time, stored.create_time)
    set_time(message.update_time, stored.update_time)
    if stored.disable_time is not None:
        set_time(message.disable_time, stored.disable_time)
    if stored.failing_since is not None:
        set_time(message.failing_since_time, stored.failing_since)
    if stored.secrets.previous_expire_time is not None:
        set_time(message.previous_secret_expire_time, stored.secrets.previous_expire_time)
    return message


def webhook_with_secret(stored: Webhook) -> webhook_pb2.Webhook:
    """Convert a webhook whose secret is new, with it."""
    message = webhook(stored)
    message.secret = f"whsec_{base64.b64encode(stored.secrets.current).decode()}"
    return message


def delivery(stored: Delivery) -> webhook_pb2.WebhookDelivery:
    """Convert a delivery."""
    message = webhook_pb2.WebhookDelivery(
        name=stored.name,
        event_type=stored.type.name,
        operation=stored.operation,
        state=stored.state.value,
        attempts=stored.attempts,
        failure=None if stored.failure is None else stored.failure.value,
        http_status=stored.http_status,
        principal=stored.webhook.principal,
    )
    set_time(message.create_time, stored.time)
    if stored.due is not None:
        set_time(message.next_attempt_time, stored.due)
    if stored.attempt_time is not None:
        set_time(message.last_attempt_time, stored.attempt_time)
    if stored.attempt_duration is not None:
        message.last_attempt_duration.FromTimedelta(stored.attempt_duration)
    if stored.end_time is not None:
        set_time(message.end_time, stored.end_time)
    return message
