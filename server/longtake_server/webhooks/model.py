# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks, events and deliveries, as values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from longtake_server.operations.model import State

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from longtake_server.operations.budgets.limits import Measure
    from longtake_server.operations.model import OperationRecord


class EventType(Enum):
    """What an event tells. The values are the names in the body of a request."""

    OPERATION_SUCCEEDED = "operation.succeeded"
    OPERATION_FAILED = "operation.failed"
    OPERATION_CANCELLED = "operation.cancelled"
    OPERATION_RUNNING = "operation.running"
    BUDGET_THRESHOLD = "budget.threshold"
    WEBHOOK_TEST = "webhook.test"


DEFAULT_EVENT_TYPES = frozenset(
    {EventType.OPERATION_SUCCEEDED, EventType.OPERATION_FAILED, EventType.OPERATION_CANCELLED}
)
"""What a webhook gets that does not choose."""

CHOSEN_EVENT_TYPES = frozenset(EventType) - {EventType.WEBHOOK_TEST}
"""What a webhook may choose."""

_THRESHOLD_DIGITS = 32
_TYPES_OF_STATES = {
    State.SUCCEEDED: EventType.OPERATION_SUCCEEDED,
    State.FAILED: EventType.OPERATION_FAILED,
    State.CANCELLED: EventType.OPERATION_CANCELLED,
    State.RUNNING: EventType.OPERATION_RUNNING,
}


class DisableReason(Enum):
    """Why a webhook is disabled. The values are the names in the API."""

    REQUESTED = "REQUESTED"
    FAILING = "FAILING"
    GONE = "GONE"


class DeliveryState(Enum):
    """The state of a delivery. The values are the names in the API."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


class DeliveryFailure(Enum):
    """Why an attempt failed. The values are the names in the API."""

    UNREACHABLE = "UNREACHABLE"
    TLS = "TLS"
    TIMEOUT = "TIMEOUT"
    FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"
    REDIRECT = "REDIRECT"
    ANSWERED_GONE = "ANSWERED_GONE"
    STATUS = "STATUS"
    BROKEN_ANSWER = "BROKEN_ANSWER"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


class WebhookKey(NamedTuple):
    """What identifies a webhook.

    Attributes:
        principal: The owner.
        id: The id, which is unique among the owner's.
    """

    principal: str
    id: str

    @property
    def name(self) -> str:
        """The name in the API."""
        return f"webhooks/{self.id}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What signs the requests of a webhook.

    Attributes:
        current: 32 random bytes, or what the operator's file has.
        previous: The secret before the last rotation, None for none.
        previous_expire_time: Until when it signs too.
    """

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)
    previous_expire_time: datetime | None = None

    def signing_at(self, now: datetime) -> tuple[bytes, ...]:
        """Return the secrets that sign at a moment, the current one first."""
        if self.previous is None or self.previous_expire_time is None:
            return (self.current,)
        if now >= self.previous_expire_time:
            return (self.current,)
        return (self.current, self.previous)

    def rotated(self, secret: bytes, expire_time: datetime) -> Secrets:
        """Return the secrets after a rotation: the current one signs until `expire_time` too."""
        return Secrets(secret, self.current, expire_time)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint of a principal.

    Attributes:
        key: What identifies it.
        url: Where events are posted. It may contain a token, so it is not in logs.
        event_types: What is sent to it, besides tests.
        secrets: What signs the requests.
        create_time: When it was created.
        update_time: When its settings last changed.
        version: Counts the changes of its settings, from 1.
        disable_reason: Why nothing is sent to it, None if it is enabled.
        disable_time: When it was disabled, None if it is enabled.
        failing_since: The first failed attempt since the last one that succeeded, None for none.
        from_file: Whether it comes from the operator's file.
    """

    key: WebhookKey
    url: str = field(repr=False)
    event_types: frozenset[EventType]
    secrets: Secrets
    create_time: datetime
    update_time: datetime
    version: int = 1
    disable_reason: DisableReason | None = None
    disable_time: datetime | None = None
    failing_since: datetime | None = None
    from_file: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """A budget of which a share is spent or reserved.

    Attributes:
        subject: `principal/{id}` or `label/{key}={value}`.
        period_key: The period.
        measure: What the budget counts.
        percent: The share: 50, 80 or 100.
    """

    subject: str
    period_key: str
    measure: Measure
    percent: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with all that its payload needs.

    Attributes:
        id: The same for every delivery of the event: the `webhook-id` of the requests.
        type: What happened.
        time: When it happened.
        about: The operation as it was then, or the budget; None for a test.
    """

    id: str
    type: EventType
    time: datetime
    about: OperationRecord | Threshold | None = None

    @property
    def operation(self) -> str:
        """The name of the operation that the event is about, empty for none."""
        return getattr(self.about, "name", "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for a webhook, and how far its delivery is.

    Attributes:
        number: The number of the row, which is never used again.
        webhook: The webhook.
        event_id, type, time, operation: See Event.
        state: The state.
        attempts: How many times it was sent, since the last redelivery if there was one.
        due: When it is sent next, None unless PENDING.
        attempt_time: When the last attempt began.
        attempt_duration: How long it took.
        failure: Why it failed.
        http_status: What the endpoint answered, None for no answer.
        end_time: When it was delivered or given up.
    """

    number: int
    webhook: WebhookKey
    event_id: str
    type: EventType
    time: datetime
    operation: str
    state: DeliveryState
    attempts: int = 0
    due: datetime | None = None
    attempt_time: datetime | None = None
    attempt_duration: timedelta | None = None
    failure: DeliveryFailure | None = None
    http_status: int | None = None
    end_time: datetime | None = None

    @property
    def name(self) -> str:
        """The name in the API."""
        return f"{self.webhook.name}/deliveries/{self.event_id}"


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that is to be sent now.

    Attributes:
        number: See Delivery.
        attempts: How many attempts it has had.
        event: The event.
        webhook: The webhook, as it is now.
    """

    number: int
    attempts: int
    event: Event
    webhook: Webhook


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of an attempt to deliver.

    Attributes:
        number: See Delivery.
        time: When the attempt began.
        duration: How long it took.
        end_time: When it ended.
        failure: Why it failed, None if the event was delivered.
        http_status: What the endpoint answered, None for no answer.
        next_time: When to try again; None if it was delivered, or is given up.
    """

    number: int
    time: datetime
    duration: timedelta
    end_time: datetime
    failure: DeliveryFailure | None = None
    http_status: int | None = None
    next_time: datetime | None = None

    @property
    def state(self) -> DeliveryState:
        """The state of the delivery after the attempt."""
        if self.failure is None:
            return DeliveryState.DELIVERED
        return DeliveryState.DEAD if self.next_time is None else DeliveryState.PENDING


def event_of_change(before: OperationRecord, after: OperationRecord) -> Event | None:
    """Return the event of a change of an operation that names a webhook, or None for no event.

    It outlives the operation, so it keeps nothing of the prompt.
    """
    if before.state is after.state or (kind := _TYPES_OF_STATES.get(after.state)) is None:
        return None
    number = after.name.rpartition("/")[2]
    about = replace(after, prompt_excerpt="")
    return Event(f"{number}.{after.revision}", kind, after.update_time, about)


def event_of_threshold(threshold: Threshold, time: datetime) -> Event:
    """Return the event of a budget that reached a share. The same threshold has the same id."""
    said = "\n".join(
        (threshold.subject, threshold.period_key, threshold.measure.value, str(threshold.percent))
    )
    number = hashlib.sha256(said.encode()).hexdigest()[:_THRESHOLD_DIGITS]
    return Event(f"budget.{number}", EventType.BUDGET_THRESHOLD, time, threshold)
