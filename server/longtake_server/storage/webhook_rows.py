# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of webhooks and deliveries, whatever the store."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.model import OperationRecord
from longtake_server.storage.codec import (
    decode_record,
    encode_record,
    from_micros,
    optional_micros,
    to_micros,
)
from longtake_server.storage.cursors import encode_cursor, encode_pair
from longtake_server.webhooks.model import (
    Delivery,
    DeliveryFailure,
    DeliveryState,
    DisableReason,
    DueDelivery,
    Event,
    EventType,
    Secrets,
    Threshold,
    Webhook,
    WebhookKey,
)
from longtake_server.webhooks.store import DeliveryPage, WebhookPage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.webhooks.model import Attempt

_MICROSECOND = timedelta(microseconds=1)

WEBHOOK_COLUMNS = (
    *("principal", "id", "url", "event_types", "secret", "previous_secret"),
    *("previous_secret_expire_time", "create_time", "update_time", "version"),
    *("disable_reason", "disable_time", "failing_since", "from_file"),
)
"""The columns of a webhook in order."""

DELIVERY_COLUMNS = (
    *("number", "principal", "webhook", "event_id", "event_type", "event_time", "operation"),
    *("state", "attempts", "due", "attempt_time", "attempt_micros", "failure", "http_status"),
    "end_time",
)
"""The columns of a delivery in order, without its payload."""

EVENT_COLUMNS = ("number", "attempts", "event_id", "event_type", "event_time", "payload")
"""The columns of a due delivery in order, before those of its webhook."""


def row_of_webhook(webhook: Webhook) -> dict[str, object]:
    """Return the row of a webhook by column."""
    secrets, reason = webhook.secrets, webhook.disable_reason
    values = (
        *(*webhook.key, webhook.url, types_text(webhook.event_types)),
        *(secrets.current, secrets.previous, optional_micros(secrets.previous_expire_time)),
        *(to_micros(webhook.create_time), to_micros(webhook.update_time), webhook.version),
        None if reason is None else reason.value,
        *(optional_micros(webhook.disable_time), optional_micros(webhook.failing_since)),
        webhook.from_file,
    )
    return dict(zip(WEBHOOK_COLUMNS, values, strict=True))


def webhook_of(row: Sequence[Any]) -> Webhook:
    """Return the webhook of a row."""
    principal, name, url, types, secret, previous, previous_expires, *rest = row
    created, changed, version, reason, disabled, failing, from_file = rest
    return Webhook(
        key=WebhookKey(principal, name),
        url=url,
        event_types=frozenset(map(EventType, types.split())),
        secrets=Secrets(secret, previous, _time(previous_expires)),
        create_time=from_micros(created),
        update_time=from_micros(changed),
        version=version,
        disable_reason=None if reason is None else DisableReason(reason),
        disable_time=_time(disabled),
        failing_since=_time(failing),
        from_file=bool(from_file),
    )


def types_text(types: frozenset[EventType]) -> str:
    """Return event types as they are stored."""
    return " ".join(sorted(one.value for one in types))


def row_of_event(event: Event) -> dict[str, object]:
    """Return the columns of a delivery that are the event's."""
    return {
        "event_id": event.id,
        "event_type": event.type.value,
        "event_time": to_micros(event.time),
        "operation": event.operation,
        "payload": _payload_of(event),
    }


def _payload_of(event: Event) -> bytes:
    about = event.about
    if about is None:
        return b""
    if isinstance(about, OperationRecord):
        return encode_record(about)
    facts = {
        "subject": about.subject,
        "period_key": about.period_key,
        "measure": about.measure.value,
        "percent": about.percent,
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def event_of(event_id: str, event_type: str, time: int, payload: bytes) -> Event:
    """Return the event of a row's columns."""
    kind = EventType(event_type)
    about: OperationRecord | Threshold | None = None
    if kind is EventType.BUDGET_THRESHOLD:
        facts = json.loads(payload)
        about = Threshold(
            facts["subject"], facts["period_key"], Measure(facts["measure"]), facts["percent"]
        )
    elif payload:
        about = decode_record(payload)
    return Event(event_id, kind, from_micros(time), about)


def delivery_of(row: Sequence[Any]) -> Delivery:
    """Return the delivery of a row."""
    number, principal, webhook, event_id, event_type, time, operation, state, *rest = row
    attempts, due, attempted, micros, failure, status, ended = rest
    return Delivery(
        number=number,
        webhook=WebhookKey(principal, webhook),
        event_id=event_id,
        type=EventType(event_type),
        time=from_micros(time),
        operation=operation,
        state=DeliveryState(state),
        attempts=attempts,
        due=_time(due),
        attempt_time=_time(attempted),
        attempt_duration=None if micros is None else timedelta(microseconds=micros),
        failure=None if failure is None else DeliveryFailure(failure),
        http_status=status,
        end_time=_time(ended),
    )


def delivery_page(rows: Sequence[Sequence[Any]], limit: int) -> DeliveryPage:
    """Return a page of at most `limit` deliveries of rows, of which there is one more if any."""
    found = tuple(map(delivery_of, rows[:limit]))
    if len(rows) <= limit:
        return DeliveryPage(found, None)
    return DeliveryPage(found, encode_cursor(to_micros(found[-1].time), found[-1].event_id))


def webhook_page(rows: Sequence[Sequence[Any]], limit: int) -> WebhookPage:
    """Return a page of at most `limit` webhooks of rows, of which there is one more if any."""
    found = tuple(map(webhook_of, rows[:limit]))
    return WebhookPage(found, None if len(rows) <= limit else encode_pair(*found[-1].key))


def due_delivery_of(row: Sequence[Any]) -> DueDelivery:
    """Return the due delivery of a row: the columns of the event and of the webhook."""
    number, attempts, *event = row[: len(EVENT_COLUMNS)]
    webhook = webhook_of(row[len(EVENT_COLUMNS) :])
    return DueDelivery(number, attempts, event_of(*event), webhook)


def row_of_attempt(attempt: Attempt) -> dict[str, object]:
    """Return the columns of a delivery that an attempt changes, and its number."""
    state, failure = attempt.state, attempt.failure
    return {
        "number": attempt.number,
        "state": state.value,
        "due": optional_micros(attempt.next_time),
        "attempt_time": to_micros(attempt.time),
        "attempt_micros": attempt.duration // _MICROSECOND,
        "failure": None if failure is None else failure.value,
        "http_status": attempt.http_status,
        "end_time": None if state is DeliveryState.PENDING else to_micros(attempt.end_time),
    }


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
