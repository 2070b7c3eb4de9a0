# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The task that listens for changes that other processes make."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from longtake_server.clock import happened
from longtake_server.storage.postgres.queries import position as newest
from longtake_server.storage.postgres.query import ask
from longtake_server.storage.postgres.session import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Notify

    from longtake_server.clock import Clock
    from longtake_server.storage.postgres.address import DatabaseAddress

_LONGEST_SECONDS = 1.0


class Listener:
    """Knows the newest position that this process has heard of.

    A notification only brings the news sooner. While the connection is lost, `news` still returns
    each second.

    Args:
        address: The database.
        channel: The channel of its notifications of new positions.
        texts_channel: The channel of the texts of replicas.
        enqueue_channel: The channel that tells that deliveries of events were made due.
        position: Its position.
        clock: The time source.

    """

    def __init__(
        self,
        address: DatabaseAddress,
        channel: str,
        texts_channel: str,
        enqueue_channel: str,
        position: int,
        clock: Clock,
    ) -> None:
        self._address = address
        self._channel = channel
        self._texts_channel = texts_channel
        self._enqueue_channel = enqueue_channel
        self._hearers: list[Callable[[str], None]] = []
        self._enqueue_hearers: list[Callable[[], None]] = []
        self._position = position
        self._clock = clock
        self._heard = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="storage-listener")

    def note(self, position: int) -> None:
        """Note a position of the store, and wake who waits for one."""
        if position > self._position:
            self._set(position)

    async def news(self, after: int) -> None:
        """See OperationStore.news."""
        until = self._clock.monotonic() + _LONGEST_SECONDS
        while self._position <= after:
            left = until - self._clock.monotonic()
            if left <= 0 or not await happened(self._heard, self._clock, left):
                return

    def on_told(self, hear: Callable[[str], None]) -> None:
        """See ReplicaStore.on_told."""
        self._hearers.append(hear)

    def on_enqueued(self, hear: Callable[[], None]) -> None:
        """See DeliveryStore.on_enqueued."""
        self._enqueue_hearers.append(hear)

    async def close(self) -> None:
        """Stop listening."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _set(self, position: int) -> None:
        self._position = position
        heard, self._heard = self._heard, asyncio.Event()
        heard.set()

    async def _run(self) -> None:
        backoff = Backoff()
        while True:
            with suppress(psycopg.Error):
                await self._listen(backoff)
            await self._clock.sleep(backoff.failed())

    async def _listen(self, backoff: Backoff) -> None:
        async with await self._address.connect() as connection:
            for channel in (self._channel, self._texts_channel, self._enqueue_channel):
                await connection.execute(f'LISTEN "{channel}"')
            # After a failover the store may have gone back, so this may be less than before.
            self._set(await ask(connection, newest()))
            backoff.succeeded()
            async for notification in connection.notifies():
                self._hear(notification)

    def _hear(self, notification: Notify) -> None:
        if notification.channel == self._channel:
            self.note(int(notification.payload))
        elif notification.channel == self._enqueue_channel:
            for wake in self._enqueue_hearers:
                wake()
        else:
            for hear in self._hearers:
                hear(notification.payload)
