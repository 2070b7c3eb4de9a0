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
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from longtake_server.clock import Clock


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
        self._watched: Callable[[str], None] | None = None
        self.everything = Topic()

    def on_watched(self, watched: Callable[[str], None]) -> None:
        """Call `watched` with the name of each operation that gets its first watcher."""
        self._watched = watched

    def wake(self, name: str) -> None:
        """Wake the watchers of an operation and those of all operations."""
        if (topic := self._topics.get(name)) is not None:
            topic.wake()
        self.everything.wake()

    def wake_all(self) -> None:
        """Wake all watchers."""
        for topic in [*self._topics.values(), self.everything]:
            topic.wake()

    @property
    def is_any_watched(self) -> bool:
        """Whether any single operation has a watcher. Watches of all operations do not count."""
        return bool(self._topics)

    def is_watched(self, name: str) -> bool:
        """Return whether this operation has a watcher of its own."""
        return name in self._topics

    def note_poll(self, name: str) -> None:
        """Record the time of a poll for heartbeats."""
        if (topic := self._topics.get(name)) is not None:
            topic.last_poll_time = self._clock.now()

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
