# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The only writer of operations. A commit stores a change and then wakes its watchers.

Changes of other processes come through `follow`. If the store is shared, the cache is behind it by
as much as the feed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from longtake_server.errors import OutcomeUnknown, ResourceError
from longtake_server.operations.model import SubmissionStarted
from longtake_server.operations.store import RevisionConflict
from longtake_server.operations.transition import transition

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime, timedelta

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import Event, OperationRecord
    from longtake_server.operations.store import Change, Fence, OperationStore
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

    def followed(self, name: str, record: OperationRecord | None) -> None:
        """Handle, after `committed`, a change that another process made."""


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
        # Read from a shared store. The news of the change may still be on its way.
        self._read_ahead: set[str] = set()
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
        try:
            stored = await self._store.create(record, request, due, terms)
        except OutcomeUnknown:
            stored = await self._store.create(record, request, due, terms)
        if stored.name == record.name:
            self._publish(stored.name, stored)
            if self._observer is not None:
                self._observer.created(stored, due)
        return stored

    async def get(self, name: str) -> OperationRecord:
        """Return a record, from the cache if possible. Raises as OperationStore.get.

        Another process may have changed it since. Then `follow` wakes its watchers.
        """
        return self.cached(name) or await self.read(name)

    def newest(self, name: str) -> OperationRecord | None:
        """Return the newest record if it is in the cache and no other process can change it."""
        return None if self._store.is_shared else self.cached(name)

    def cached(self, name: str) -> OperationRecord | None:
        """Return a record if it is in the cache."""
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
                self._drop(name)
            raise
        if removals == self._removals:
            # After a removal, the record may be deleted or outdated: do not cache it.
            is_new = self._add_to_cache(record)
            if self._store.is_shared and is_new:
                self._note_read_ahead(name, record)
        return self._cache.get(name, record)

    def _note_read_ahead(self, name: str, record: OperationRecord) -> None:
        """Wake the watchers of an operation whose record may be newer than the feed so far."""
        self._read_ahead.add(name)
        if self._observer is not None:
            self._observer.committed(name, record)
        self._topics.wake_one(name)

    def _add_to_cache(self, record: OperationRecord) -> bool:
        """Return whether the cache had no record of this revision."""
        known = self._cache.get(record.name)
        if known is not None:
            self._cache.move_to_end(record.name)
        is_new = known is None or known.revision < record.revision
        if is_new:
            self._cache[record.name] = record
        if len(self._cache) > _MAX_CACHED:
            oldest, _ = self._cache.popitem(last=False)
            self._read_ahead.discard(oldest)
        return is_new

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
            RevisionConflict: Concurrent changes won every attempt, or the operation has been
                submitted again since the record was read.

        Raises also as OperationStore.get.

        """
        attempts = None if seen is None else seen.attempts
        for _ in range(_COMMIT_ATTEMPTS):
            record = seen or await self.get(name)
            seen = None
            changed = transition(record, event, self._clock.now(), self._retention)
            if changed is record:
                return record
            try:
                return await self.finish(self._store_and_wake(changed, record.revision))
            except RevisionConflict:
                newest = await self.read(name)
                if attempts is not None and newest.attempts != attempts:
                    # The event is of an earlier attempt, and must not decide a later one.
                    raise
        raise RevisionConflict(name)

    async def start_submission(self, record: OperationRecord, fence: Fence) -> OperationRecord:
        """Commit SubmissionStarted to this revision if the fence holds, and wake watchers.

        A conflict is not decided anew: whoever reads the operation again decides.

        Raises:
            IllegalTransition: The operation is not queued.
            RevisionConflict, EngineReplaced, LeaseLost: As OperationStore.update.

        Raises also as OperationStore.get.

        """
        started = transition(record, SubmissionStarted(), self._clock.now(), self._retention)
        try:
            return await self.finish(self._store_and_wake(started, record.revision, fence))
        except RevisionConflict:
            await self.read(record.name)
            raise

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
        # Taken even if the caller has left, as nobody else takes it.
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
        self, changed: OperationRecord, expected_revision: int, fence: Fence | None = None
    ) -> OperationRecord:
        removals = self._removals
        try:
            await self._store.update(changed, expected_revision, fence)
        except OutcomeUnknown:
            stored = await self._store.get(changed.name)
            if stored.revision < changed.revision:
                raise
            if stored != changed:
                raise RevisionConflict(changed.name) from None
        self._publish(changed.name, changed)
        if self._store.is_shared and removals != self._removals:
            await self._publish_removal(changed.name)
        return changed

    async def _publish_removal(self, name: str) -> None:
        """Publish again that an operation is gone, if its deletion came before its last change."""
        try:
            await self._store.get(name)
        except ResourceError:
            self._publish(name, None)

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
        self._read_ahead.clear()

    def follow(self, change: Change) -> None:
        """Publish a change from the feed of the store, unless it is known already."""
        name, record = change.name, change.record
        known = self._cache.get(name)
        if record is not None and known is not None and known.revision >= record.revision:
            if name not in self._read_ahead:
                return
            # It was read before this news came, so the watchers of all operations were not woken.
            record = known
        self._publish(name, record)
        if self._observer is not None:
            self._observer.followed(name, record)

    def distrust(self) -> None:
        """Clear the cache and wake all watchers, because changes may have been missed."""
        self.forget_records()
        self._topics.wake_all()

    def _drop(self, name: str) -> None:
        self._cache.pop(name, None)
        self._read_ahead.discard(name)

    def _publish(self, name: str, record: OperationRecord | None) -> None:
        self._read_ahead.discard(name)
        if record is None:
            self._removals += 1
            self._drop(name)
        else:
            self._add_to_cache(record)
        if self._observer is not None:
            self._observer.committed(name, record)
        self._topics.wake(name)
