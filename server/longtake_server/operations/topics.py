# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wake-ups: who waits for news of an operation, or of all of them.

A wake-up carries no data; whoever is woken reads the newest state from the ledger.
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
    """Who waits for news of one operation, or of all of them.

    `turn` counts the changes: a watcher takes it, then reads, then waits for the
    next one, so that no change falls between reading and waiting.
    """

    watchers: int = 0
    turn: int = 0
    waiting: set[asyncio.Future[bool]] = field(default_factory=set)
    last_poll_time: datetime | None = None

    def wake(self) -> None:
        """Count a change, and wake everyone who waits."""
        self.turn += 1
        waiting, self.waiting = self.waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(True)

    async def news(self, turn: int, within: float, clock: Clock) -> bool:
        """Wait for a change after a turn; return whether it came within so many seconds."""
        if self.turn != turn:
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.add(waiter)
        alarm = clock.call_later(max(0.0, within), partial(_give_up, waiter))
        try:
            return await waiter
        finally:
            alarm.cancel()
            self.waiting.discard(waiter)


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


class Topics:
    """The topics of all operations that somebody watches.

    Attributes:
        everything: The topic of all operations together.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._topics: dict[str, Topic] = {}
        self._watched: Callable[[str], None] | None = None
        self.everything = Topic()

    def on_watched(self, watched: Callable[[str], None]) -> None:
        """Call this with the name of each operation that gets its first watcher."""
        self._watched = watched

    def wake(self, name: str) -> None:
        """Wake whoever watches an operation, alone or among all."""
        if (topic := self._topics.get(name)) is not None:
            topic.wake()
        self.everything.wake()

    def wake_all(self) -> None:
        """Wake everyone."""
        for topic in [*self._topics.values(), self.everything]:
            topic.wake()

    @property
    def is_any_watched(self) -> bool:
        """Whether somebody watches or waits for some operation in particular."""
        return bool(self._topics)

    def is_watched(self, name: str) -> bool:
        """Return whether somebody watches or waits for this operation in particular."""
        return name in self._topics

    def note_poll(self, name: str) -> None:
        """Remember, for heartbeats, that the upstream was asked just now."""
        if (topic := self._topics.get(name)) is not None:
            topic.last_poll_time = self._clock.now()

    @contextlib.contextmanager
    def watching(self, name: str) -> Iterator[Topic]:
        """Hold the topic of an operation while it is watched."""
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
