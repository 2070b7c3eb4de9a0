# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks and operations that name them, for the storage tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from longtake_server.operations.model import State
from longtake_server.operations.store import OperationStore
from longtake_server.webhooks.model import (
    DEFAULT_EVENT_TYPES,
    Attempt,
    Delivery,
    DeliveryFailure,
    EventType,
    Secrets,
    Webhook,
    WebhookKey,
)
from longtake_server.webhooks.store import DeliveryStore, WebhookStore
from storage.storage_records import REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord

SECOND = timedelta(seconds=1)
ORDERS = WebhookKey("ann", "orders")


class Webhooks(WebhookStore, DeliveryStore, Protocol):
    """Both parts of the port."""


class HookedStore(OperationStore, Protocol):
    """A store of operations and of webhooks."""

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks."""


def webhook(
    key: WebhookKey = ORDERS, *, types: frozenset[EventType] = DEFAULT_EVENT_TYPES
) -> Webhook:
    """Return a webhook."""
    return Webhook(
        key=key,
        url=f"https://{key.id}.example.com/hook?token=1",
        event_types=types,
        secrets=Secrets(bytes(range(32))),
        create_time=at(0),
        update_time=at(0),
    )


async def started(
    store: HookedStore, key: WebhookKey = ORDERS, *, created: float = 0.0
) -> OperationRecord:
    """Create an operation that names a webhook, and let it run."""
    record = replace(
        new_record(created=created, caller=key.principal),
        webhook=key.id,
        webhook_metadata={"order": "17"},
    )
    record = await store.create(record, REQUEST)
    return await moved(store, record, State.RUNNING, created)


async def moved(
    store: HookedStore, record: OperationRecord, state: State, seconds: float
) -> OperationRecord:
    """Change the state of an operation at a time after noon."""
    after = replace(changed(record, state), update_time=at(seconds))
    await store.update(after, record.revision)
    return after


async def ended(
    store: HookedStore,
    key: WebhookKey = ORDERS,
    state: State = State.SUCCEEDED,
    *,
    seconds: float = 1.0,
) -> OperationRecord:
    """Create an operation that names a webhook and ends at a time after noon."""
    return await moved(store, await started(store, key), state, seconds)


async def all_of(store: HookedStore, key: WebhookKey = ORDERS) -> tuple[Delivery, ...]:
    """Return the deliveries of a webhook, the newest first."""
    return (await store.webhooks.list_deliveries(key, None, 1000)).deliveries


def failed(number: int, *, until: datetime | None = None, seconds: float = 10.0) -> Attempt:
    """Return an attempt that got a 500 and is repeated at `until`, or never."""
    return Attempt(
        *(number, at(seconds), SECOND, at(seconds) + SECOND),
        *(DeliveryFailure.STATUS, 500, until),
    )


def delivered(number: int, *, seconds: float = 10.0) -> Attempt:
    """Return an attempt that got a 204."""
    return Attempt(number, at(seconds), SECOND, at(seconds) + SECOND, None, 204)
