# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends events to webhooks, at least once each. Part of the engine: one process sends at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.store import EngineReplaced
from longtake_server.webhooks.model import DeliveryState

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.operations.engine.term import Term
    from longtake_server.telemetry import Telemetry
    from longtake_server.webhooks.delivering import Courier, Sent
    from longtake_server.webhooks.model import DueDelivery
    from longtake_server.webhooks.store import DeliveryStore

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 128
_MOST_FOR_EACH = 8
_LOOK_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_SWEEP_SECONDS = 60.0
_STOP_SECONDS = 2.0
"""How long a stop waits for answers. Whatever is cut off is sent again by the next engine."""

_KEEP_DELIVERED = timedelta(days=7)
_KEEP_DEAD = timedelta(days=30)
_BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class SenderParts:
    """What a sender depends on."""

    store: DeliveryStore
    courier: Courier
    clock: Clock
    telemetry: Telemetry


class Senders:
    """Makes the sender of each term, and wakes it when an event is stored."""

    def __init__(self, parts: SenderParts) -> None:
        self._parts = parts
        self._current: Sender | None = None
        parts.store.on_enqueued(self._hear)

    def __call__(self, term: Term) -> Sender:
        """Return the sender of a term."""
        self._current = Sender(self._parts, term)
        return self._current

    def _hear(self) -> None:
        if self._current is not None:
            self._current.wake()


class Sender:
    """Sends what is due, and removes deliveries that ended long ago.

    Args:
        parts: The dependencies.
        term: The term in which this process is the engine. Attempts are recorded in it only.

    """

    def __init__(self, parts: SenderParts, term: Term) -> None:
        self._store = parts.store
        self._courier = parts.courier
        self._clock = parts.clock
        self._telemetry = parts.telemetry
        self._term = term
        self._running: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Note that a delivery may be due now."""
        self._woken.set()

    def stop(self) -> None:
        """Send nothing more. `run` returns soon after."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Send until `stop`. Cancelling it leaves what is not recorded due."""
        async with asyncio.TaskGroup() as group:
            sweeping = group.create_task(self._sweep_again_and_again(), name="webhooks sweep")
            while not self._stopping:
                self._woken.clear()
                try:
                    await self._send_due(group)
                    await self._wait()
                except StorageUnavailable as error:
                    self._note_fault("cannot read the deliveries; trying again", error)
                    await happened(self._woken, self._clock, _RETRY_SECONDS)
            sweeping.cancel()
            await self._let_end()

    async def _send_due(self, group: asyncio.TaskGroup) -> None:
        """Start what is due and has a place: no webhook takes up more than its share."""
        free = _MOST_AT_ONCE - len(self._running)
        if free == 0:
            return
        for delivery in await self._store.due_deliveries(
            self._clock.now(), free, for_each=_MOST_FOR_EACH, running=tuple(self._running)
        ):
            sending = group.create_task(self._send(delivery), name="webhook delivery")
            self._running[delivery.number] = sending

    async def _wait(self) -> None:
        """Wait until a place is free, an event is stored, or the next delivery is due."""
        now = self._clock.now()
        due = await self._store.next_delivery_due(now)
        seconds = _LOOK_SECONDS
        if due is not None:
            seconds = min(seconds, max(0.0, (due - now).total_seconds()))
        await happened(self._woken, self._clock, seconds)

    async def _let_end(self) -> None:
        if self._running:
            _, hanging = await asyncio.wait(self._running.values(), timeout=_STOP_SECONDS)
            for sending in hanging:
                sending.cancel()

    async def _send(self, delivery: DueDelivery) -> None:
        try:
            sent = await self._courier.send(delivery)
            while not await self._is_recorded(delivery, sent):
                await self._clock.sleep(_RETRY_SECONDS)
        except EngineReplaced:
            self._telemetry.refused_write("epoch")
            self._term.end()
            self.stop()
        finally:
            del self._running[delivery.number]
            self._woken.set()

    async def _is_recorded(self, delivery: DueDelivery, sent: Sent) -> bool:
        """Record an attempt, so that the receiver does not get the event again and again."""
        try:
            await self._courier.record(delivery, sent, self._term.epoch)
        except StorageUnavailable as error:
            self._note_fault("cannot record a delivery; trying again", error)
            return self._stopping
        return True

    async def _sweep_again_and_again(self) -> None:
        try:
            while True:
                try:
                    await self.sweep()
                except StorageUnavailable as error:
                    self._note_fault("cannot remove old deliveries; trying again", error)
                await self._clock.sleep(_SWEEP_SECONDS)
        finally:
            # Another replica may be the engine next, and tells the number.
            self._telemetry.webhook_dead_letters(0)

    async def sweep(self) -> None:
        """Remove deliveries that ended long ago, and tell how many are dead.

        Raises:
            StorageUnavailable: The store failed; the next sweep removes the rest.

        """
        now = self._clock.now()
        before = now - _KEEP_DELIVERED, now - _KEEP_DEAD
        while await self._store.expire_deliveries(*before, _BATCH_SIZE) == _BATCH_SIZE:
            pass
        counts = await self._store.count_deliveries()
        self._telemetry.webhook_dead_letters(counts.get(DeliveryState.DEAD, 0))

    def _note_fault(self, text: str, error: StorageUnavailable) -> None:
        self._telemetry.store_fault("engine")
        _log.error(text, extra={"cause": str(error)})
