# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wakes operations that may go, and tells watchers of the others their queue position."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import ResourceError, StorageUnavailable
from longtake_server.operations.admission.quota import MINUTE_SECONDS
from longtake_server.operations.model import IllegalTransition, QueueMoved, State
from longtake_server.operations.store import Filter, RevisionConflict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from longtake_server.clock import Clock
    from longtake_server.operations.admission.admission import Admission, Standing
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.budget import PollBudget
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics

_log = logging.getLogger(__name__)

_UNENDED = frozenset({State.QUEUED, State.SUBMITTING, State.RUNNING})
_AT_ONCE = 500
_BETWEEN_NEWS_SECONDS = 1.0
_BETWEEN_ESTIMATES_SECONDS = 10.0


class Dispatcher:
    """Does for admission and the poll budget what needs the store.

    Args:
        notify: Tells the runner that there may be work.

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
        self._tell_at = 0.0

    async def resume(self) -> None:
        """Have admission go on where an earlier process was. Raises StorageUnavailable."""
        unended = [record async for record in self._unended()]
        recent = [record async for record in self._changed_lately()]
        self._admission.resume(unended, recent)

    async def run(self) -> None:
        """Wake and tell until cancelled."""
        while True:
            self._admission.changed.clear()
            within: float | None
            try:
                within = await self.step()
            except StorageUnavailable as error:
                _log.error("who waits could not be told", extra={"cause": str(error)})
                within = _BETWEEN_NEWS_SECONDS
            await happened(self._admission.changed, self._clock, within)

    async def step(self) -> float | None:
        """Wake those who may go, tell those who wait if that is due.

        Returns:
            In how many seconds to look again, None if only news matter.

        Raises:
            StorageUnavailable: The rest is done by the next step.

        """
        # Polls first: where one call alone may go, a poll cannot be billed.
        self._unwoken |= self._poll_budget.granted()
        self._unwoken |= self._admission.granted()
        await self._wake()
        in_a_while = await self._tell()
        openings = (self._admission.seconds_to_next(), self._poll_budget.seconds_to_next())
        times = (*openings, in_a_while)
        return min((time for time in times if time is not None), default=None)

    async def _wake(self) -> None:
        if not self._unwoken:
            return
        now = self._clock.now()
        # Together, so that the store commits many at once: after an outage thousands may go.
        while names := tuple(islice(self._unwoken, _AT_ONCE)):
            await asyncio.gather(*(self._store.wake(name, now) for name in names))
            self._unwoken.difference_update(names)
            self._notify()

    async def _tell(self) -> float | None:
        """Tell watchers what is new, if the last news are a second ago."""
        if not self._topics.is_any_watched:
            return None
        early = self._tell_at - self._clock.monotonic()
        if early > 0:
            return early
        standings = tuple(self._admission.standings(self._topics.is_watched))
        await asyncio.gather(*(self._moved(one) for one in standings if _is_news(one)))
        # Also where nobody was told: to look through a long queue takes its time.
        self._tell_at = self._clock.monotonic() + _BETWEEN_NEWS_SECONDS
        return _BETWEEN_ESTIMATES_SECONDS if standings else None

    async def _moved(self, standing: Standing) -> None:
        # It may have gone, ended or been deleted meanwhile; then it stands nowhere.
        with suppress(IllegalTransition, ResourceError, RevisionConflict):
            await self._ledger.commit(
                standing.record.name, QueueMoved(standing.position, standing.start_time)
            )

    async def _unended(self) -> AsyncIterator[OperationRecord]:
        cursor: str | None = None
        while True:
            page = await self._store.list(Filter(states=_UNENDED), _AT_ONCE, cursor)
            for record in page.records:
                yield record
            if (cursor := page.next_cursor) is None:
                return

    async def _changed_lately(self) -> AsyncIterator[OperationRecord]:
        """Yield what changed in the last minute, the newest first, and some that is older."""
        end, now = await self._store.position(), self._clock.now()
        newest = end
        while end > 0:
            start = max(0, end - _AT_ONCE)
            changes = await self._store.changes(start, _AT_ONCE, begun=newest)
            found = [
                one.record for one in changes if one.record is not None and one.position <= end
            ]
            for record in found:
                yield record
            ages = [(now - record.update_time).total_seconds() for record in found]
            if ages and min(ages) > MINUTE_SECONDS:
                return
            end = start


def _is_news(standing: Standing) -> bool:
    known = standing.record
    if known.queue_position != standing.position:
        return True
    before, after = known.estimated_start_time, standing.start_time
    if before is None or after is None:
        return before is not after
    return abs((after - before).total_seconds()) >= _BETWEEN_ESTIMATES_SECONDS
