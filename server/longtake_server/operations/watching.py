# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches one operation or all operations, and waits for one.

A watcher notes the turn of its topic, *then* reads the newest state, and then waits for a later
turn. Nothing is queued for it, so a slow reader skips states and delays no writer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longtake_server.errors import RevisionAhead, ServerDraining, TooManyWatches
from longtake_server.operations.view import Changed, InitialSetComplete, StillWatching, View

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Filter, OperationStore
    from longtake_server.operations.topics import Topics
    from longtake_server.operations.view import StoreEvent

_BATCH_SIZE = 200


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Tells a watcher that nothing has changed for a while.

    Attributes:
        revision: The newest revision, which the watcher has seen.
        last_poll_time: When the upstream was last polled, None if unknown.
    """

    revision: int
    last_poll_time: datetime | None


class Watching:
    """Serves watches and waits, and limits their number.

    Args:
        ledger: Returns the newest records.
        store: Returns the changes of all operations.
        topics: Wakes watchers.
        clock: The time source.
        max_watches: The most concurrent watches and waits. Further ones are refused.
        max_watches_per_caller: The most of one caller; None for no limit but max_watches.
        jitter: Returns a number from 0 to 1. Heartbeats come up to a tenth early by it.

    """

    def __init__(
        self,
        ledger: Ledger,
        store: OperationStore,
        topics: Topics,
        clock: Clock,
        *,
        max_watches: int,
        max_watches_per_caller: int | None = None,
        jitter: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._topics = topics
        self._clock = clock
        self._max_watches = max_watches
        self._max_watches_per_caller = max_watches_per_caller or max_watches
        self._jitter = jitter
        self._watches = 0
        self._watches_of: Counter[str] = Counter()
        self._draining = asyncio.Event()

    @property
    def watches(self) -> int:
        """The number of open watches and waits."""
        return self._watches

    @property
    def draining(self) -> bool:
        """Whether the server is shutting down."""
        return self._draining.is_set()

    def drain(self) -> None:
        """End all watches and waits with ServerDraining, and refuse new ones."""
        self._draining.set()
        self._topics.wake_all()

    async def watch(
        self, name: str, after_revision: int, heartbeat_seconds: float, caller: str = ""
    ) -> AsyncGenerator[OperationRecord | Heartbeat]:
        """Yield the newest state if it is newer than `after_revision`, then each later one.

        States between two yields may be skipped. The stream ends after the terminal state.

        Args:
            name: The operation.
            after_revision: The revision that the caller has; 0 for none.
            heartbeat_seconds: The longest time without a yield; a Heartbeat fills it.
            caller: The owner of the watch, for the limit of each caller.

        Raises:
            RevisionAhead: `after_revision` is newer than the operation.
            ServerDraining: The server is shutting down.
            TooManyWatches: The limit of the server or of the caller is reached.

        Raises also as OperationStore.get, at any time if the operation is deleted.

        """
        with self._counted(caller), self._topics.watching(name) as topic:
            seen = after_revision
            first = True
            while True:
                turn = topic.turn
                record = await self._ledger.get(name)
                if first and after_revision > record.revision:
                    # Another replica may have told the caller of a newer one.
                    record = await self._ledger.read(name)
                if first and after_revision > record.revision:
                    raise RevisionAhead(after_revision, record.revision)
                first = False
                if record.revision > seen:
                    seen = record.revision
                    yield record
                if record.done:
                    return
                self._refuse_when_draining()
                if not await topic.news(
                    turn, self._heartbeat_after(heartbeat_seconds), self._clock
                ):
                    # Another process may have changed it, so bypass the cache.
                    fresh = await self._ledger.read(name)
                    if fresh.revision == seen:
                        yield Heartbeat(seen, topic.last_poll_time)

    async def wait(
        self, name: str, after_revision: int | None, timeout: float, caller: str = ""
    ) -> OperationRecord:
        """Return the record once it is newer than `after_revision` or has ended.

        Args:
            name: The operation.
            after_revision: The revision that the caller has; None waits for the end.
            timeout: The seconds after which the unchanged record is returned.
            caller: As for `watch`.

        Raises as `watch`, except RevisionAhead.

        """
        with self._counted(caller), self._topics.watching(name) as topic:
            deadline = self._clock.monotonic() + timeout
            while True:
                turn = topic.turn
                record = await self._ledger.get(name)
                if record.done or (after_revision is not None and record.revision > after_revision):
                    return record
                self._refuse_when_draining()
                if not await topic.news(turn, deadline - self._clock.monotonic(), self._clock):
                    return await self._ledger.read(name)

    async def watch_all(
        self, wanted: Filter, after: int | None, heartbeat_seconds: float, caller: str = ""
    ) -> AsyncGenerator[StoreEvent]:
        """Yield the matching operations, InitialSetComplete, and then all changes.

        Args:
            wanted: The filter.
            after: The position after which to resume, or None for the whole set.
            heartbeat_seconds: The longest time without a yield; StillWatching fills it.
            caller: As for `watch`.

        Raises:
            PositionExpired, PositionAhead: As OperationStore.changes.
            ServerDraining, TooManyWatches: As `watch`.

        """
        with self._counted(caller):
            async with contextlib.aclosing(
                self._follow(wanted, after, heartbeat_seconds)
            ) as events:
                async for event in events:
                    yield event

    async def _follow(
        self, wanted: Filter, after: int | None, heartbeat_seconds: float
    ) -> AsyncGenerator[StoreEvent]:
        everything = self._topics.everything
        head = await self._store.position()
        position = after or 0
        view = View(wanted, resumed=after is not None)
        begun = head if after is None else 0
        complete = False
        while True:
            turn = everything.turn
            batch = await self._store.changes(position, _BATCH_SIZE, begun=begun)
            for change in batch:
                position = change.position
                event = view.event(change)
                if event is None:
                    continue
                if after is not None or complete:
                    yield event
                elif isinstance(event, Changed) or change.position > head:
                    # A watch that resumed after this position would miss the rest of the set.
                    yield replace(event, position=None)
            if not complete and (position >= head or len(batch) < _BATCH_SIZE):
                complete = True
                yield InitialSetComplete(position)
            if len(batch) == _BATCH_SIZE:
                continue
            self._refuse_when_draining()
            if not await everything.news(
                turn, self._heartbeat_after(heartbeat_seconds), self._clock
            ):
                yield StillWatching(position)

    def _heartbeat_after(self, heartbeat_seconds: float) -> float:
        return heartbeat_seconds * (1 - 0.1 * self._jitter())

    def _refuse_when_draining(self) -> None:
        if self._draining.is_set():
            raise ServerDraining

    @contextlib.contextmanager
    def _counted(self, caller: str) -> Iterator[None]:
        self._refuse_when_draining()
        if self._watches >= self._max_watches:
            raise TooManyWatches(self._max_watches)
        if self._watches_of[caller] >= self._max_watches_per_caller:
            raise TooManyWatches(self._max_watches_per_caller, of_caller=True)
        self._watches += 1
        self._watches_of[caller] += 1
        try:
            yield
        finally:
            self._watches -= 1
            self._watches_of[caller] -= 1
            if not self._watches_of[caller]:
                del self._watches_of[caller]
