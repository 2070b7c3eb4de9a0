# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A clock that only moves when a test advances it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Alarm


class _Sleeper:
    """What call_later returns."""

    def __init__(self, future: asyncio.Future[None]) -> None:
        self._future = future

    def cancel(self) -> None:
        self._future.cancel()


class FakeClock:
    """Implements longtake_server.clock.Clock."""

    def __init__(self, start: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def boottime(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), future))
        self._slept.set()
        await future

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        future = asyncio.get_running_loop().create_future()
        if seconds <= 0:
            future.set_result(None)
        else:
            heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), future))
            self._slept.set()
        future.add_done_callback(lambda done: None if done.cancelled() else callback())
        return _Sleeper(future)

    async def sleeping(self, at_least: int = 1) -> None:
        """Wait until at least `at_least` sleepers wait."""
        while self.sleepers < at_least:
            self._slept.clear()
            await self._slept.wait()

    @property
    def sleepers(self) -> int:
        return sum(not future.done() for _, _, future in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Advance the time, and wake the sleepers that are due."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    async def skip_naps(self, longest: float) -> None:
        """Advance the time past each sleep of at most `longest` seconds, until cancelled."""
        while True:
            self._slept.clear()
            while self._sleepers and (due := self._sleepers[0][0]) <= self._monotonic + longest:
                self.advance(due - self._monotonic)
            await self._slept.wait()

    def step_back(self, seconds: float) -> None:
        """Set the wall clock back, as a faulty time server does."""
        self._now -= timedelta(seconds=seconds)
