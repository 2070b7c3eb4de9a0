# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Time as a dependency, so that tests can control it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock(Protocol):
    """The only source of time in the server. No other code reads a clock or sleeps."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC. SystemClock never goes backwards."""

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary start. Never goes backwards."""

    def boottime(self) -> float:
        """Return seconds like `monotonic`, which also count while the machine sleeps."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for a number of seconds. Zero or less returns at once."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """Call `callback` on the running event loop after a number of seconds."""


class Alarm(Protocol):
    """A scheduled callback."""

    def cancel(self) -> None:
        """Cancel the callback. Does nothing once it was called."""


async def happened(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait for an event for at most `seconds` (None for no limit); return whether it is set."""
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


def _boottime() -> float:
    # Only Linux has this clock; elsewhere the monotonic one counts sleep or has no better.
    number = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(number)


class SystemClock:
    """The clock of the machine, except that the wall-clock time never goes backwards."""

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
        """Return the wall-clock time in UTC.

        If the machine's clock is set back, it continues from the latest time by the monotonic
        clock. Otherwise a step back of an hour would delay all due work by an hour.
        """
        at = self._monotonic()
        self._latest = max(self._wall(), self._latest + at - self._latest_at)
        self._latest_at = at
        return datetime.fromtimestamp(self._latest, UTC)

    def monotonic(self) -> float:
        """Return the monotonic time of the machine in seconds."""
        return self._monotonic()

    def boottime(self) -> float:
        """Return the seconds since the machine was started."""
        return _boottime()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """Schedule a callback on the running event loop."""
        return asyncio.get_running_loop().call_later(seconds, callback)
