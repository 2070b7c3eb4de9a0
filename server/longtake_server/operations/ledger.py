# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The only writer of operations. A commit stores a change and then wakes its watchers."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from longtake_server.errors import ResourceError
from longtake_server.operations.store import RevisionConflict
from longtake_server.operations.transition import transition

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime, timedelta

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import Event, OperationRecord
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics

_T = TypeVar("_T")

_COMMIT_ATTEMPTS = 8
# A record takes about 2 KB, so the cache takes up to about 8 MB.
_MAX_CACHED = 4096


class Observer(Protocol):
    """Keeps an index of operations. Called on the event loop, so it must not block."""

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """Handle a stored record, or None for a deletion. Revisions may arrive out of order."""

    def created(self, record: OperationRecord, due: datetime) -> None:
        """Handle a new record whose first step is due at `due` unless it is woken earlier."""


class Ledger:
    """Commits changes of operations.

    Args:
        store: Keeps the operations.
        topics: Wakes watchers.
        clock: The time source.
        retention: How long an operation is kept after it ends.

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
        self._cache: OrderedDict[str, OperationRecord] = OrderedDict()
        self._removals = 0
        self._pending: set[asyncio.Task[Any]] = set()

    def observe(self, observer: Observer) -> None:
        """Call an observer after every commit from now on. It replaces the previous observer."""
        self._observer = observer

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime,
        terms: Terms | None = None,
    ) -> OperationRecord:
        """Store a new operation, or return the existing one with its request_id.

        Raises as OperationStore.create.
        """
        return await self.finish(self._create_and_wake(record, request, due, terms))

    async def _create_and_wake(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime,
        terms: Terms | None,
    ) -> OperationRecord:
        stored = await self._store.create(record, request, due, terms)
        if stored.name == record.name:
            self._publish(stored.name, stored)
            if self._observer is not None:
                self._observer.created(stored, due)
        return stored

    async def get(self, name: str) -> OperationRecord:
        """Return the newest record, from the cache if possible. Raises as OperationStore.get."""
        return self.cached(name) or await self.read(name)

    def cached(self, name: str) -> OperationRecord | None:
        """Return the newest record if it is in the cache."""
        if (known := self._cache.get(name)) is not None:
            self._cache.move_to_end(name)
        return known

    async def read(self, name: str, owner: str | None = None) -> OperationRecord:
        """Return the newest record from the store, which another process may have changed.

        Raises as OperationStore.get.
        """
        removals = self._removals
        try:
            record = await self._store.get(name, owner)
        except ResourceError:
            if owner is None:
                self._cache.pop(name, None)
            raise
        if removals == self._removals:
            # After a removal, the record may be deleted or outdated: do not cache it.
            self._add_to_cache(record)
        return self._cache.get(name, record)

    def _add_to_cache(self, record: OperationRecord) -> None:
        known = self._cache.get(record.name)
        if known is None or known.revision < record.revision:
            self._cache[record.name] = record
        self._cache.move_to_end(record.name)
        if len(self._cache) > _MAX_CACHED:
            self._cache.popitem(last=False)

    async def commit(
        self, name: str, event: Event, seen: OperationRecord | None = None
    ) -> OperationRecord:
        """Apply an event to the newest record, store the result, and wake watchers.

        Args:
            name: The operation.
            event: What happened.
            seen: The record that the event is based on, which saves reading it.

        Returns:
            The new record, or the present one if the event changes nothing.

        Raises:
            IllegalTransition: The event is not allowed in the newest state.
            RevisionConflict: Concurrent changes won every attempt.

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
        """Wait until all work passed to `finish` has ended."""
        while self._pending:
            await asyncio.gather(*self._pending, return_exceptions=True)

    async def finish(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run work to its end even if the caller is cancelled, so that watchers are woken."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        self._pending.add(task)
        # As asyncio.shield, which needs a callback and a turn of the event loop more.
        ended: asyncio.Future[_T] = loop.create_future()
        task.add_done_callback(partial(self._ended, ended))
        return await ended

    def _ended(self, ended: asyncio.Future[_T], task: asyncio.Task[_T]) -> None:
        self._pending.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if ended.done():
            return
        if error is None:
            ended.set_result(task.result())
        elif isinstance(error, asyncio.CancelledError):
            ended.cancel()
        else:
            ended.set_exception(error)

    async def _store_and_wake(
        self, changed: OperationRecord, expected_revision: int
    ) -> OperationRecord:
        await self._store.update(changed, expected_revision)
        self._publish(changed.name, changed)
        return changed

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """Delete an operation, wake its watchers and return its last record.

        Raises as OperationStore.get.
        """
        return await self.finish(self._delete_and_wake(name, expired))

    async def _delete_and_wake(self, name: str, expired: bool) -> OperationRecord:
        last = await self._store.delete(name, expired=expired)
        self._publish(name, None)
        return last

    def forget_records(self) -> None:
        """Clear the cache of records."""
        self._removals += 1
        self._cache.clear()

    def _publish(self, name: str, record: OperationRecord | None) -> None:
        if record is None:
            self._removals += 1
            self._cache.pop(name, None)
        else:
            self._add_to_cache(record)
        if self._observer is not None:
            self._observer.committed(name, record)
        self._topics.wake(name)
