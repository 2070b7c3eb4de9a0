# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The only writer of operations, and the only place where they are watched.

A commit stores a change and then wakes whoever watches; a wake-up carries no
data, and the watcher reads the newest state. So a slow reader skips states and
delays nobody, and a reader that leaves holds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from longtake_server.errors import (
    ResourceError,
    RevisionAhead,
    ServerDraining,
    TooManyWatches,
)
from longtake_server.operations.model import transition
from longtake_server.operations.store import RevisionConflict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
    from datetime import datetime, timedelta

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.model import Event, OperationRecord
    from longtake_server.operations.store import Change, Filter, OperationStore

_T = TypeVar("_T")

_COMMIT_ATTEMPTS = 8
_CHANGES_AT_ONCE = 200
# A record has about two kilobytes.
_MOST_RECENT = 4096


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing changed for a while.

    Attributes:
        revision: The revision that the watcher has.
        last_poll_time: When the upstream was last asked, if it was.
    """

    revision: int
    last_poll_time: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """An operation as it is now; `position` is None before the initial set is complete."""

    record: OperationRecord
    position: int | None


@dataclass(frozen=True, slots=True)
class Gone:
    """An operation was deleted or expired; `position` is as in Changed."""

    name: str
    position: int | None


@dataclass(frozen=True, slots=True)
class InitialSetComplete:
    """All that was there when the watch began has been sent."""

    position: int


@dataclass(frozen=True, slots=True)
class StillWatching:
    """Nothing changed for a while, anywhere."""

    position: int


StoreEvent = Changed | Gone | InitialSetComplete | StillWatching


@dataclass(slots=True)
class _Topic:
    """Who waits for news of an operation, or of all of them.

    `turn` counts the changes: a watcher takes it, then reads, then waits for the
    next one, so that no change falls between reading and waiting.
    """

    watchers: int = 0
    turn: int = 0
    waiting: set[asyncio.Future[bool]] = field(default_factory=set)
    last_poll_time: datetime | None = None

    def wake(self) -> None:
        self.turn += 1
        waiting, self.waiting = self.waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(True)


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


class _View:
    """What a watcher with a filter has been told, as far as it bears on what it is told next.

    Only live operations can stop matching, so it stays as small as the work under way.

    Args:
        wanted: The filter.
        resumed: Whether the watcher saw earlier changes elsewhere. Then an operation that
            does not match and was not met yet may have matched in its eyes.
    """

    def __init__(self, wanted: Filter, *, resumed: bool) -> None:
        self._wanted = wanted
        self._in_any_state = replace(wanted, states=frozenset())
        self._resumed = resumed
        self._matching: set[str] = set()
        self._others: set[str] = set()

    def event(self, change: Change) -> Changed | Gone | None:
        """Return what the watcher is told of a change."""
        record, name = change.record, change.name
        if record is None:
            self._forget(name)
            return Gone(name, change.position) if self._wanted.is_of(change.caller) else None
        matches = self._wanted.matches(record)
        told = matches or self._may_have_matched(record)
        self._forget(name)
        if not record.done:
            (self._matching if matches else self._others).add(name)
        return Changed(record, change.position) if told else None

    def _may_have_matched(self, record: OperationRecord) -> bool:
        if record.name in self._matching:
            return True
        unknown = self._resumed and record.revision > 1 and record.name not in self._others
        return unknown and self._in_any_state.matches(record)

    def _forget(self, name: str) -> None:
        self._matching.discard(name)
        self._others.discard(name)


class Observer(Protocol):
    """Who keeps an index of operations; told on the event loop, and must not block."""

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """A record was stored; None, deleted. An older one may come after a newer one."""

    def created(self, record: OperationRecord, due: datetime) -> None:
        """A new record was stored, whose first step is due then if nobody wakes it."""

    def watched(self, name: str) -> None:
        """Somebody watches or waits for an operation for whom nobody did."""


class Ledger:
    """Commits changes of operations and lets callers watch them.

    Args:
        store: Where operations live.
        clock: Time.
        retention: How long an operation is kept after its end.
        max_watches: Watches at once; one more is refused.
        max_watches_per_caller: Those of one caller; any number, as far as there are, if None.
        jitter: Returns a number from 0 to 1; heartbeats come up to a tenth early.

    """

    def __init__(
        self,
        store: OperationStore,
        clock: Clock,
        *,
        retention: timedelta,
        max_watches: int,
        max_watches_per_caller: int | None = None,
        jitter: Callable[[], float],
    ) -> None:
        self._store = store
        self._clock = clock
        self._retention = retention
        self._max_watches = max_watches
        self._max_watches_per_caller = max_watches_per_caller or max_watches
        self._jitter = jitter
        self._observer: Observer | None = None
        self._recent: OrderedDict[str, OperationRecord] = OrderedDict()
        self._removals = 0
        self._topics: dict[str, _Topic] = {}
        self._everything = _Topic()
        self._watches = 0
        self._watches_of: Counter[str] = Counter()
        self._draining = asyncio.Event()
        self._under_way: set[asyncio.Task[Any]] = set()

    def observe(self, observer: Observer) -> None:
        """Tell an observer of every commit from now on, in place of the one before."""
        self._observer = observer

    @property
    def watches(self) -> int:
        """How many watches and waits are open."""
        return self._watches

    @property
    def draining(self) -> bool:
        """Whether the server is shutting down."""
        return self._draining.is_set()

    async def create(
        self, record: OperationRecord, request: GenerateVideosRequest, due: datetime
    ) -> OperationRecord:
        """Store a new operation, or return the one that its request_id belongs to."""
        return await self.finish(self._create_and_wake(record, request, due))

    async def _create_and_wake(
        self, record: OperationRecord, request: GenerateVideosRequest, due: datetime
    ) -> OperationRecord:
        stored = await self._store.create(record, request, due)
        if stored.name == record.name:
            self._publish(stored.name, stored)
            if self._observer is not None:
                self._observer.created(stored, due)
        return stored

    async def get(self, name: str) -> OperationRecord:
        """Return the newest record. Raises as OperationStore.get."""
        if (recent := self._recent.get(name)) is not None:
            self._recent.move_to_end(name)
            return recent
        return await self._read(name)

    async def _read(self, name: str) -> OperationRecord:
        """Return the record as it is stored, where another process may have written too."""
        removals = self._removals
        try:
            record = await self._store.get(name)
        except ResourceError:
            self._recent.pop(name, None)
            raise
        if removals == self._removals:
            # Else a deletion or a newer revision of it may have been forgotten meanwhile.
            self._remember(record)
        return self._recent.get(name, record)

    def _remember(self, record: OperationRecord) -> None:
        known = self._recent.get(record.name)
        if known is None or known.revision < record.revision:
            self._recent[record.name] = record
        self._recent.move_to_end(record.name)
        if len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)

    async def commit(
        self, name: str, event: Event, seen: OperationRecord | None = None
    ) -> OperationRecord:
        """Apply an event to the newest record, store it, and wake who watches.

        Args:
            name: The operation.
            event: What happened.
            seen: The record that the event was decided on, if it was just read.

        Raises:
            IllegalTransition: The event does not fit the newest state.
            RevisionConflict: Others changed it again and again.

        Raises also as OperationStore.get.

        """
        for _ in range(_COMMIT_ATTEMPTS):
            record = seen or await self.get(name)
            seen = None
            changed = transition(record, event, self._clock.now(), self._retention)
            if changed is record:
                return record
            try:
                return await self.finish(self._store_and_wake(changed, record.revision))
            except RevisionConflict:
                await self._read(name)
        raise RevisionConflict(name)

    async def aclose(self) -> None:
        """Wait for what was begun with `finish`."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def finish(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Carry work to its end even if its caller leaves: what is stored is told as well."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _store_and_wake(
        self, changed: OperationRecord, expected_revision: int
    ) -> OperationRecord:
        await self._store.update(changed, expected_revision)
        self._publish(changed.name, changed)
        return changed

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """Remove an operation; its watchers are told. Raises as OperationStore.get."""
        return await self.finish(self._delete_and_wake(name, expired))

    async def _delete_and_wake(self, name: str, expired: bool) -> OperationRecord:
        last = await self._store.delete(name, expired=expired)
        self._publish(name, None)
        return last

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

    def forget_records(self) -> None:
        """Drop the records that are kept to be read sooner; the store has them."""
        self._removals += 1
        self._recent.clear()

    def drain(self) -> None:
        """End all watches and waits with ServerDraining, and refuse new ones."""
        self._draining.set()
        for topic in [*self._topics.values(), self._everything]:
            topic.wake()

    def _publish(self, name: str, record: OperationRecord | None) -> None:
        if record is None:
            self._removals += 1
            self._recent.pop(name, None)
        else:
            self._remember(record)
        if self._observer is not None:
            self._observer.committed(name, record)
        if (topic := self._topics.get(name)) is not None:
            topic.wake()
        self._everything.wake()

    async def watch(
        self, name: str, after_revision: int, heartbeat_seconds: float, caller: str = ""
    ) -> AsyncGenerator[OperationRecord | Heartbeat]:
        """Yield the state newer than `after_revision`, then each newer one, to the end.

        Args:
            name: The operation.
            after_revision: What the caller has; 0 for nothing.
            heartbeat_seconds: The longest silence.
            caller: Whose watch it is, for the limit of each caller.

        Raises:
            RevisionAhead: `after_revision` is newer than the operation.
            ServerDraining: The server is shutting down.
            TooManyWatches: There are as many watches as are allowed, in all or of the caller.

        Raises also as OperationStore.get, when it is deleted meanwhile.

        """
        with self._watching(name, caller) as topic:
            seen = after_revision
            first = True
            while True:
                turn = topic.turn
                record = await self.get(name)
                if first and after_revision > record.revision:
                    raise RevisionAhead("revision", after_revision, record.revision)
                first = False
                if record.revision > seen:
                    seen = record.revision
                    yield record
                if record.done:
                    return
                self._refuse_when_draining()
                if not await self._news(topic, turn, self._beat_after(heartbeat_seconds)):
                    # Another process may have written: look into the store itself.
                    fresh = await self._read(name)
                    if fresh.revision == seen:
                        yield Heartbeat(seen, topic.last_poll_time)

    async def wait(
        self, name: str, after_revision: int | None, timeout: float, caller: str = ""
    ) -> OperationRecord:
        """Return the record once it is newer than `after_revision` or has ended.

        Args:
            name: The operation.
            after_revision: What the caller has; None waits for the end.
            timeout: Seconds, after which the record is returned as it is.
            caller: As for `watch`.

        Raises as `watch`, but for RevisionAhead.

        """
        with self._watching(name, caller) as topic:
            deadline = self._clock.monotonic() + timeout
            while True:
                turn = topic.turn
                record = await self.get(name)
                if record.done or (after_revision is not None and record.revision > after_revision):
                    return record
                self._refuse_when_draining()
                if not await self._news(topic, turn, deadline - self._clock.monotonic()):
                    return await self._read(name)

    async def watch_all(
        self, wanted: Filter, after: int | None, heartbeat_seconds: float
    ) -> AsyncGenerator[StoreEvent]:
        """Yield the operations that match, a mark, and then what changes.

        Args:
            wanted: Which operations.
            after: The position that the caller has, or None for the whole set.
            heartbeat_seconds: The longest silence.

        Raises:
            PositionExpired, RevisionAhead: As OperationStore.changes.
            ServerDraining, TooManyWatches: As `watch`.

        """
        with self._counted(wanted.caller or ""):
            async with contextlib.aclosing(
                self._follow(wanted, after, heartbeat_seconds)
            ) as events:
                async for event in events:
                    yield event

    async def _follow(
        self, wanted: Filter, after: int | None, heartbeat_seconds: float
    ) -> AsyncGenerator[StoreEvent]:
        head = await self._store.position()
        position = after or 0
        view = _View(wanted, resumed=after is not None)
        begun = head if after is None else 0
        complete = False
        while True:
            turn = self._everything.turn
            batch = await self._store.changes(position, _CHANGES_AT_ONCE, begun=begun)
            for change in batch:
                position = change.position
                event = view.event(change)
                if event is None:
                    continue
                if after is not None or complete:
                    yield event
                elif isinstance(event, Changed) or change.position > head:
                    # A position would have a watch that resumes skip the rest of the set.
                    yield replace(event, position=None)
            if not complete and (position >= head or len(batch) < _CHANGES_AT_ONCE):
                complete = True
                yield InitialSetComplete(position)
            if len(batch) == _CHANGES_AT_ONCE:
                continue
            self._refuse_when_draining()
            if not await self._news(self._everything, turn, self._beat_after(heartbeat_seconds)):
                yield StillWatching(position)

    def _beat_after(self, heartbeat_seconds: float) -> float:
        return heartbeat_seconds * (1 - 0.1 * self._jitter())

    def _refuse_when_draining(self) -> None:
        if self._draining.is_set():
            raise ServerDraining

    async def _news(self, topic: _Topic, turn: int, within: float) -> bool:
        """Wait for a change after a turn, but not for longer; return whether it came."""
        if topic.turn != turn:
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        topic.waiting.add(waiter)
        alarm = self._clock.call_later(max(0.0, within), partial(_give_up, waiter))
        try:
            return await waiter
        finally:
            alarm.cancel()
            topic.waiting.discard(waiter)

    @contextlib.contextmanager
    def _watching(self, name: str, caller: str) -> Iterator[_Topic]:
        with self._counted(caller):
            topic = self._topics.setdefault(name, _Topic())
            topic.watchers += 1
            if topic.watchers == 1 and self._observer is not None:
                self._observer.watched(name)
            try:
                yield topic
            finally:
                topic.watchers -= 1
                if topic.watchers == 0:
                    del self._topics[name]

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
