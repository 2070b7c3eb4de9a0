# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Learns how long generations take, and says when to poll those that run.

What was learned is stored now and then: losing the newest costs some polls, nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.errors import StorageUnavailable
from longtake_server.operations.polling.latencies import Latencies
from longtake_server.operations.store import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.pacing import Pacing
    from longtake_server.operations.polling.plan import PollPlan
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore

_log = logging.getLogger(__name__)

# A plan is made anew when so much of what is known is newer.
_NEWS_SHARE = 0.05
_FEWEST_FOR_AN_ESTIMATE = 3.0


@dataclass(slots=True)
class _Known:
    """What is known of a kind; so many generations are newer than the plan, if there is one."""

    latencies: Latencies
    plan: PollPlan | None = None
    unplanned: int = 0


@dataclass(slots=True)
class _Running:
    """A generation: when it was last seen running, None since a restart."""

    kind: Kind
    submit_time: datetime
    running_at: float | None
    hinted: bool = False


class PollScheduler:
    """Paces the polls of the operations that run.

    Args:
        chance: Returns a number from 0 to 1, for jitter.

    """

    def __init__(
        self,
        store: OperationStore,
        catalogue: Catalogue,
        clock: Clock,
        pacing: Pacing,
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._pacing = pacing
        self._chance = chance
        self._known: dict[Kind, _Known] = {}
        self._running: dict[str, _Running] = {}

    async def resume(self) -> None:
        """Go on with what an earlier process learned. Raises StorageUnavailable."""
        for kind, pairs in (await self._store.latencies()).items():
            self._known[kind] = _Known(Latencies.restored(pairs))

    def estimated_finish(
        self, record: OperationRecord, request: GenerateVideosRequest
    ) -> datetime | None:
        """Return when a generation that starts now is likely to end, None if nobody can say."""
        latencies = self._known_of(self._kind(record, request)).latencies
        if latencies.weight < _FEWEST_FOR_AN_ESTIMATE:
            return None
        return self._clock.now() + timedelta(seconds=latencies.median())

    async def started(self, record: OperationRecord, request: GenerateVideosRequest) -> datetime:
        """Take note that the upstream took a generation, and return when to poll it first."""
        running = _Running(self._kind(record, request), record.submit_time or self._clock.now(), 0)
        self._running[record.name] = running
        return await self._next_poll(running)

    async def seen_running(self, record: OperationRecord) -> datetime:
        """Take note that a generation has not ended, and return when to poll it next.

        Raises as OperationStore.get_request.
        """
        running = self._running.get(record.name)
        if running is None:
            request = await self._store.get_request(record.name)
            submit_time = record.submit_time or record.create_time
            running = _Running(self._kind(record, request), submit_time, None)
            self._running[record.name] = running
        running.running_at = self._elapsed(running)
        running.hinted = False
        return await self._next_poll(running)

    async def seen_ended(self, name: str) -> None:
        """Learn from a generation that a poll has just seen to have ended."""
        running = self._running.pop(name, None)
        if running is None or running.running_at is None:
            # It may have ended long ago, while nobody looked.
            return
        known = self._known_of(running.kind)
        known.latencies.learn(running.running_at, self._elapsed(running))
        known.unplanned += 1
        if known.unplanned >= known.latencies.weight * _NEWS_SHARE:
            await self._keep(running.kind, known)

    async def _keep(self, kind: Kind, known: _Known) -> None:
        await self._plan_anew(known)
        try:
            await self._store.keep_latencies(kind, known.latencies.pairs())
        except StorageUnavailable as error:
            _log.warning("what was learned is not stored yet", extra={"cause": str(error)})

    async def _plan_anew(self, known: _Known) -> PollPlan:
        known.unplanned = 0
        # What is learned meanwhile must not change what is planned with.
        latencies = Latencies(dict(known.latencies.weights))
        known.plan = await asyncio.to_thread(self._pacing.plan, latencies)
        return known.plan

    def hint(self, name: str) -> None:
        """Take note that a generation is said to have ended."""
        if (running := self._running.get(name)) is not None:
            running.hinted = True

    def chance_of_end(self, name: str) -> float:
        """Return how likely a generation has ended: 0 to 1, which is also for one unknown."""
        running = self._running.get(name)
        if running is None or running.hinted or running.running_at is None:
            return 1.0
        plan = self._known_of(running.kind).plan
        if plan is None:
            return 1.0
        return plan.chance_of_end(running.running_at, self._elapsed(running))

    def forget(self, name: str) -> None:
        """Forget a generation that is polled no more."""
        self._running.pop(name, None)

    def _kind(self, record: OperationRecord, request: GenerateVideosRequest) -> Kind:
        output = self._catalogue.output(record.served_model, request)
        return Kind(record.upstream, record.served_model, output.resolution, output.seconds)

    def _known_of(self, kind: Kind) -> _Known:
        return self._known.setdefault(kind, _Known(Latencies()))

    async def _next_poll(self, running: _Running) -> datetime:
        known = self._known_of(running.kind)
        plan = known.plan or await self._plan_anew(known)
        elapsed = self._elapsed(running)
        wait = self._pacing.until_next_poll(plan, elapsed, self._chance())
        return self._clock.now() + timedelta(seconds=wait)

    def _elapsed(self, running: _Running) -> float:
        return max(0.0, (self._clock.now() - running.submit_time).total_seconds())
