# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Time as a parameter, so that tests turn it by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock(Protocol):
    """What the server knows of time. Nothing else reads a clock or sleeps."""

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC. The system's never steps backwards."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start. Never steps backwards."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds; at once for zero or less."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """Call back on the running event loop after that many seconds."""


class Alarm(Protocol):
    """A callback that is due."""

    def cancel(self) -> None:
        """Make it not due. After it was called this does nothing."""


async def happened(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait for an event, but not longer than so many seconds; return whether it came."""
    if seconds is None:
        return await event.wait()
    waiting = asyncio.ensure_future(event.wait())
    timing = asyncio.ensure_future(clock.sleep(max(0.0, seconds)))
    try:
        await asyncio.wait((waiting, timing), return_when=asyncio.FIRST_COMPLETED)
        return event.is_set()
    finally:
        waiting.cancel()
        timing.cancel()


class SystemClock:
    """The machine's clock. Where the machine turns it back, it goes on as if it had not."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._latest = wall()
        self._latest_at = monotonic()

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC, or what it would be had it not been turned back.

        Work that is due is found by it: an hour backwards would stop all of it for an hour.
        """
        at = self._monotonic()
        self._latest = max(self._wall(), self._latest + at - self._latest_at)
        self._latest_at = at
        return datetime.fromtimestamp(self._latest, UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """Have the running event loop call back."""
        return asyncio.get_running_loop().call_later(seconds, callback)
