# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wakes the watchers of one operation or of all operations.

A wake-up carries no data. A woken watcher reads the newest state from the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from longtake_server.clock import Clock


_MOST_ELSEWHERE = 100_000


@dataclass(slots=True)
class Topic:
    """The watchers of one operation or of all operations.

    `turn` counts the changes. A watcher notes it, then reads the state, then waits for a later
    turn, so it misses no change between reading and waiting.
    """

    watchers: int = 0
    turn: int = 0
    waiting: set[asyncio.Future[bool]] = field(default_factory=set)
    last_poll_time: datetime | None = None

    def wake(self) -> None:
        """Count a change, and wake all waiting watchers."""
        self.turn += 1
        waiting, self.waiting = self.waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(True)

    async def news(self, turn: int, within: float, clock: Clock) -> bool:
        """Wait up to `within` seconds for a change after `turn`; return whether there was one."""
        if self.turn != turn:
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.add(waiter)
        alarm = clock.call_later(max(0.0, within), partial(_time_out, waiter))
        try:
            return await waiter
        finally:
            alarm.cancel()
            self.waiting.discard(waiter)


def _time_out(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


class Topics:
    """The topics of all watched operations.

    Attributes:
        everything: The topic for changes of any operation.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._topics: dict[str, Topic] = {}
        # When another replica last told that an operation is watched there, by monotonic time.
        self._elsewhere: dict[str, float] = {}
        self._watched: Callable[[str], None] | None = None
        self._polled: Callable[[str, datetime], None] | None = None
        self.everything = Topic()

    def on_watched(self, watched: Callable[[str], None]) -> None:
        """Call `watched` with the name of each operation that gets its first watcher."""
        self._watched = watched

    def on_polled(self, polled: Callable[[str, datetime], None]) -> None:
        """Call `polled` with each operation that is polled here, and the time."""
        self._polled = polled

    def wake(self, name: str) -> None:
        """Wake the watchers of an operation and those of all operations."""
        self.wake_one(name)
        self.everything.wake()

    def wake_one(self, name: str) -> None:
        """Wake the watchers of an operation."""
        if (topic := self._topics.get(name)) is not None:
            topic.wake()

    def wake_all(self) -> None:
        """Wake all watchers."""
        for topic in [*self._topics.values(), self.everything]:
            topic.wake()

    @property
    def is_any_watched(self) -> bool:
        """Whether any single operation has a watcher. Watches of all operations do not count."""
        return bool(self._topics or self._elsewhere)

    @property
    def names(self) -> Sequence[str]:
        """The operations that have watchers of their own in this process."""
        return list(self._topics)

    def is_watched(self, name: str) -> bool:
        """Return whether this operation has a watcher of its own, here or at another replica."""
        return name in self._topics or name in self._elsewhere

    def watched_elsewhere(self, name: str, now: float) -> None:
        """Note that an operation has a watcher at another replica, at a monotonic time."""
        if name in self._elsewhere or len(self._elsewhere) < _MOST_ELSEWHERE:
            self._elsewhere[name] = now

    def forget_elsewhere(self, before: float) -> None:
        """Forget the watchers at other replicas that were told before a monotonic time."""
        self._elsewhere = {name: at for name, at in self._elsewhere.items() if at > before}

    def note_poll(self, name: str) -> None:
        """Record the time of a poll for heartbeats."""
        now = self._clock.now()
        self.note_poll_elsewhere(name, now)
        if self._polled is not None:
            self._polled(name, now)

    def note_poll_elsewhere(self, name: str, time: datetime) -> None:
        """Record the time of a poll that another replica made."""
        if (topic := self._topics.get(name)) is not None:
            topic.last_poll_time = time

    @contextlib.contextmanager
    def watching(self, name: str) -> Iterator[Topic]:
        """Register a watcher of an operation, and yield its topic."""
        topic = self._topics.setdefault(name, Topic())
        topic.watchers += 1
        if topic.watchers == 1 and self._watched is not None:
            self._watched(name)
        try:
            yield topic
        finally:
            topic.watchers -= 1
            if topic.watchers == 0:
                del self._topics[name]
