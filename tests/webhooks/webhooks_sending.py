# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A sender on a real store, with a fake clock, that calls receivers on loopback."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import httpx
from fakes.clock import FakeClock
from longtake_server.operations.engine.term import Term
from longtake_server.rpc import convert
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.telemetry import Telemetry
from longtake_server.webhooks.delivering import Courier
from longtake_server.webhooks.model import (
    CHOSEN_EVENT_TYPES,
    Delivery,
    DisableReason,
    Event,
    EventType,
    Secrets,
    Webhook,
    WebhookKey,
)
from longtake_server.webhooks.payloads import Payloads
from longtake_server.webhooks.posting import Poster
from longtake_server.webhooks.resolver import Resolver
from longtake_server.webhooks.sender import Sender, SenderParts, Senders
from longtake_server.webhooks.target import TargetCheck
from webhooks.webhooks_receiver import NameServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SECRET = bytes(range(32))
LOOPBACK = ip_network("127.0.0.0/8")
_TERM_SECONDS = 1e9


@dataclass
class Sending:
    """A running sender."""

    store: SqliteStore
    clock: FakeClock
    sender: Sender
    running: asyncio.Task[None]
    _numbers: list[int] = field(default_factory=list)

    async def webhook(self, name: str, url: str) -> WebhookKey:
        """Store a webhook."""
        key = WebhookKey("ann", name)
        now = self.clock.now()
        await self.store.webhooks.add_webhook(
            Webhook(key, url, CHOSEN_EVENT_TYPES, Secrets(SECRET), now, now), None
        )
        return key

    async def event(self, key: WebhookKey) -> str:
        """Store an event, and return its id."""
        self._numbers.append(0)
        event_id = f"test.{len(self._numbers)}"
        event = Event(event_id, EventType.WEBHOOK_TEST, self.clock.now())
        assert await self.store.webhooks.enqueue(key, event) is not None
        return event_id

    async def delivery(
        self, key: WebhookKey, event_id: str, until: Callable[[Delivery], bool]
    ) -> Delivery:
        """Wait until the store has a delivery as wanted, and return it.

        The sender may have begun its wait before the clock was advanced, so it is woken.
        """
        while True:
            self.sender.wake()
            found = await self.store.webhooks.delivery(key, event_id)
            assert found is not None
            if until(found):
                return found

    async def disabled(self, key: WebhookKey) -> DisableReason:
        """Wait until a webhook is disabled, and return why."""
        while True:
            found = await self.store.webhooks.webhook(key)
            assert found is not None
            if found.disable_reason is not None:
                return found.disable_reason

    async def rotate(self, key: WebhookKey, secret: bytes, overlap: timedelta) -> None:
        """Give a webhook a new secret, and let the present one sign for a while too."""
        found = await self.store.webhooks.webhook(key)
        assert found is not None
        both = found.secrets.rotated(secret, self.clock.now() + overlap)
        assert await self.store.webhooks.change_webhook(replace(found, secrets=both), found.version)

    async def attempted(self, key: WebhookKey, event_id: str, attempts: int = 1) -> Delivery:
        """Wait until an attempt is recorded."""
        return await self.delivery(key, event_id, lambda one: one.attempts == attempts)


@asynccontextmanager
async def sending(
    folder: Path,
    *,
    names: NameServer | None = None,
    tls: Callable[[], ssl.SSLContext] = httpx.create_ssl_context,
    allowed: bool = True,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[Sending]:
    """Run a sender in a term of its own."""
    clock = FakeClock(datetime.now(UTC))
    store = await SqliteStore.open(folder / "longtake.db", clock)
    resolver = Resolver(names or NameServer({}))
    telemetry = telemetry or Telemetry()
    courier = Courier(
        store.webhooks,
        TargetCheck((LOOPBACK,) if allowed else (), resolver),
        Poster(tls),
        Payloads(convert.operation),
        clock,
        telemetry,
        lambda: 0.5,
    )
    led = await store.lead("test", _TERM_SECONDS)
    assert led is not None
    term = Term(led.epoch, clock, _TERM_SECONDS)
    sender = Senders(SenderParts(store.webhooks, courier, clock, telemetry))(term)
    running = asyncio.create_task(sender.run())
    try:
        yield Sending(store, clock, sender, running)
        sender.stop()
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        resolver.close()
        await store.close()
