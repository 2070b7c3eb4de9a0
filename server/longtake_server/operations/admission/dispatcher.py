# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wakes operations that may be submitted or polled, and publishes queue positions to watchers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import ResourceError, StorageUnavailable
from longtake_server.operations.admission.quota import MINUTE_SECONDS
from longtake_server.operations.model import IllegalTransition, QueueMoved, State
from longtake_server.operations.store import Filter, RevisionConflict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from longtake_server.clock import Clock
    from longtake_server.operations.admission.admission import Admission, Standing
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.budget import PollBudget
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics

_log = logging.getLogger(__name__)

_NOT_DONE = frozenset({State.QUEUED, State.SUBMITTING, State.RUNNING})
_PAGE_SIZE = 500
_WAKES_AT_ONCE = 500
_PUBLISH_INTERVAL_SECONDS = 1.0
_ESTIMATE_INTERVAL_SECONDS = 10.0
_LOOK_INTERVAL_SECONDS = 10.0


class Dispatcher:
    """Carries out the decisions of admission and the poll budget, which do no I/O.

    Args:
        notify: Tells the runner that work may be due.

    """

    def __init__(
        self,
        admission: Admission,
        store: OperationStore,
        ledger: Ledger,
        topics: Topics,
        poll_budget: PollBudget,
        clock: Clock,
        notify: Callable[[], None],
    ) -> None:
        self._admission = admission
        self._store = store
        self._ledger = ledger
        self._topics = topics
        self._poll_budget = poll_budget
        self._clock = clock
        self._notify = notify
        self._unwoken: set[str] = set()
        self._next_publish = 0.0
        self._next_look = 0.0

    async def resume(self) -> None:
        """Load the state of admission from the store. Raises StorageUnavailable."""
        not_done = [record async for record in self._not_done()]
        await self._read_limits({record.caller for record in not_done})
        recent = [record async for record in self._recently_changed()]
        self._admission.resume(not_done, recent)

    async def run(self) -> None:
        """Repeat `step` until cancelled."""
        while True:
            self._admission.changed.clear()
            try:
                within = await self.step()
            except StorageUnavailable as error:
                _log.error(
                    "cannot wake operations or update queue positions; trying again",
                    extra={"cause": str(error)},
                )
                within = _PUBLISH_INTERVAL_SECONDS
            await happened(self._admission.changed, self._clock, within)

    async def step(self) -> float:
        """Wake the operations that may proceed, and publish queue positions if that is due.

        Returns:
            The seconds until the next step, unless `Admission.changed` is set earlier.

        Raises:
            StorageUnavailable: The store failed; the next step does the rest.

        """
        next_look = self._queue_overlooked()
        if not self._admission.concurrency.knows(self._admission.callers):
            await self.refresh_limits()
        # Polls first: if only one call may probe the upstream, a poll is never billed.
        self._unwoken |= self._poll_budget.granted()
        self._unwoken |= self._admission.granted()
        await self._wake()
        next_publish = await self._publish_positions()
        openings = (self._admission.seconds_to_next(), self._poll_budget.seconds_to_next())
        times = (*openings, next_publish, next_look)
        return min(time for time in times if time is not None)

    def _queue_overlooked(self) -> float:
        """Queue what no queue has, every 10 s, and return in how many seconds to look again."""
        early = self._next_look - self._clock.monotonic()
        if early > 0:
            return early
        self._next_look = self._clock.monotonic() + _LOOK_INTERVAL_SECONDS
        before = self._clock.now() - timedelta(seconds=_LOOK_INTERVAL_SECONDS)
        for name in self._admission.queue_overlooked(before):
            _log.warning("queued an operation that no queue had", extra={"operation": name})
        return _LOOK_INTERVAL_SECONDS

    async def refresh_limits(self) -> None:
        """Read how many generations each caller may have in progress. Raises StorageUnavailable."""
        await self._read_limits(self._admission.callers)

    async def _read_limits(self, callers: Collection[str]) -> None:
        limits = await self._store.concurrency_limits(callers, self._clock.now())
        self._admission.limit_concurrency(limits)

    async def _wake(self) -> None:
        if not self._unwoken:
            return
        now = self._clock.now()
        # In groups, which the store commits together: after an outage, thousands may go.
        while names := tuple(islice(self._unwoken, _WAKES_AT_ONCE)):
            await asyncio.gather(*(self._store.wake(name, now) for name in names))
            self._unwoken.difference_update(names)
            self._notify()

    async def _publish_positions(self) -> float | None:
        """Publish changed queue positions, at most once a second."""
        if not self._topics.is_any_watched:
            return None
        early = self._next_publish - self._clock.monotonic()
        if early > 0:
            return early
        standings = tuple(self._admission.standings(self._topics.is_watched))
        await asyncio.gather(*(self._publish(one) for one in standings if _has_moved(one)))
        # Set it even if nothing changed: the scan of a long queue is expensive.
        self._next_publish = self._clock.monotonic() + _PUBLISH_INTERVAL_SECONDS
        return _ESTIMATE_INTERVAL_SECONDS if standings else None

    async def _publish(self, standing: Standing) -> None:
        # The operation may have left the queue or been deleted since.
        with suppress(IllegalTransition, ResourceError, RevisionConflict):
            await self._ledger.commit(
                standing.record.name, QueueMoved(standing.position, standing.start_time)
            )

    async def _not_done(self) -> AsyncIterator[OperationRecord]:
        cursor: str | None = None
        while True:
            page = await self._store.list(Filter(states=_NOT_DONE), _PAGE_SIZE, cursor)
            for record in page.records:
                yield record
            if (cursor := page.next_cursor) is None:
                return

    async def _recently_changed(self) -> AsyncIterator[OperationRecord]:
        """Yield what changed in the last minute, newest first, and some older operations."""
        end, now = await self._store.position(), self._clock.now()
        newest = end
        while end > 0:
            start = max(0, end - _PAGE_SIZE)
            changes = await self._store.changes(start, _PAGE_SIZE, begun=newest)
            found = [
                one.record for one in changes if one.record is not None and one.position <= end
            ]
            for record in found:
                yield record
            ages = [(now - record.update_time).total_seconds() for record in found]
            if ages and min(ages) > MINUTE_SECONDS:
                return
            end = start


def _has_moved(standing: Standing) -> bool:
    known = standing.record
    if known.queue_position != standing.position:
        return True
    before, after = known.estimated_start_time, standing.start_time
    if before is None or after is None:
        return before is not after
    return abs((after - before).total_seconds()) >= _ESTIMATE_INTERVAL_SECONDS
