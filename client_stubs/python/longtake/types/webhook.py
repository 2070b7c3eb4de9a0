# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks, and what was sent to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from longtake._documents import Documented
from longtake._wording import shortened


class WebhookEvent(StrEnum):
    """What a webhook can ask for. The values are the `type` in the body of a request."""

    OPERATION_SUCCEEDED = "operation.succeeded"
    OPERATION_FAILED = "operation.failed"
    OPERATION_CANCELLED = "operation.cancelled"
    OPERATION_RUNNING = "operation.running"
    BUDGET_THRESHOLD = "budget.threshold"


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Documented):
    """An endpoint to which the server posts events as signed JSON.

    Attributes:
        name: `webhooks/{id}`.
        url: Where events are posted.
        event_types: What is sent, for example 'operation.succeeded'.
        disabled: Whether nothing is sent.
        disable_reason: Why: 'REQUESTED', 'FAILING' or 'GONE'. None if it is not disabled.
        disable_time: When it was disabled, or None.
        failing_since_time: Since when every delivery has failed, or None.
        secret: What signs the events, `whsec_` and base64. None except from `create` and
            `rotate_secret`: store it then. It is not in the repr.
        previous_secret_expire_time: Until when the secret before signs too, or None.
        principal: The id of its owner, or None if the server does not authenticate.
        from_file: Whether it comes from the operator's file.
        create_time: When it was created.
        update_time: When its settings last changed.
    """

    name: str
    url: str
    event_types: tuple[str, ...]
    disabled: bool
    disable_reason: str | None
    disable_time: datetime | None
    failing_since_time: datetime | None
    secret: str | None = field(repr=False)
    previous_secret_expire_time: datetime | None
    principal: str | None
    from_file: bool
    create_time: datetime | None
    update_time: datetime | None

    def __repr__(self) -> str:
        return f"Webhook({shortened(self.name)}, disabled={self.disabled})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery(Documented):
    """An event for a webhook, and how far its delivery is.

    Attributes:
        name: `webhooks/{id}/deliveries/{id}`. Its end is the `webhook-id` of the requests.
        event_type: The type of the event, for example 'operation.succeeded'.
        operation: The name of the operation that the event is about, or None.
        state: 'PENDING', 'DELIVERED' or 'DEAD'.
        attempts: How many times it was sent, since its last redelivery if there was one.
        create_time: When the event happened.
        next_attempt_time: When it is sent next, or None unless PENDING.
        last_attempt_time: When the last attempt began, or None.
        last_attempt_seconds: How long that took, or None.
        failure: Why it failed, for example 'TIMEOUT' or 'STATUS', or None.
        http_status: The status that the endpoint answered last, or None.
        end_time: When it was delivered or given up, or None.
        principal: The id of the owner of the webhook, or None.
    """

    name: str
    event_type: str
    operation: str | None
    state: str
    attempts: int
    create_time: datetime | None
    next_attempt_time: datetime | None
    last_attempt_time: datetime | None
    last_attempt_seconds: float | None
    failure: str | None
    http_status: int | None
    end_time: datetime | None
    principal: str | None

    def __repr__(self) -> str:
        return f"WebhookDelivery({shortened(self.name)}, {self.state})"
