# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The only writer of operations: a commit stores a change, and then wakes whoever watches."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from longtake_server.errors import ResourceError
from longtake_server.operations.store import RevisionConflict
from longtake_server.operations.transition import transition

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime, timedelta

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.model import Event, OperationRecord
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics

_T = TypeVar("_T")

_COMMIT_ATTEMPTS = 8
# A record has about two kilobytes.
_MOST_RECENT = 4096


class Observer(Protocol):
    """Who keeps an index of operations; told on the event loop, and must not block."""

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """A record was stored; None, deleted. An older one may come after a newer one."""

    def created(self, record: OperationRecord, due: datetime) -> None:
        """A new record was stored, whose first step is due then if nobody wakes it."""


class Ledger:
    """Commits changes of operations.

    Args:
        store: Where operations live.
        topics: Wakes watchers.
        clock: Time.
        retention: How long an operation is kept after its end.

    """

    def __init__(
        self,
        store: OperationStore,
        topics: Topics,
        clock: Clock,
        *,
        retention: timedelta,
    ) -> None:
        self._store = store
        self._topics = topics
        self._clock = clock
        self._retention = retention
        self._observer: Observer | None = None
        self._recent: OrderedDict[str, OperationRecord] = OrderedDict()
        self._removals = 0
        self._under_way: set[asyncio.Task[Any]] = set()

    def observe(self, observer: Observer) -> None:
        """Tell an observer of every commit from now on, in place of the one before."""
        self._observer = observer

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
        return await self.read(name)

    async def read(self, name: str) -> OperationRecord:
        """Return the record as it is stored, where another process may have written too.

        Raises as OperationStore.get.
        """
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
                await self.read(name)
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

    def forget_records(self) -> None:
        """Drop the records that are kept to be read sooner; the store has them."""
        self._removals += 1
        self._recent.clear()

    def _publish(self, name: str, record: OperationRecord | None) -> None:
        if record is None:
            self._removals += 1
            self._recent.pop(name, None)
        else:
            self._remember(record)
        if self._observer is not None:
            self._observer.committed(name, record)
        self._topics.wake(name)
