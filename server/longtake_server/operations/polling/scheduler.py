# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Learns how long generations take, and schedules the polls of running ones.

Learned latencies are stored from time to time. Losing the newest only costs some extra polls.
"""

from __future__ import annotations

import asyncio
import logging
import math
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

# A plan is replaced once this share of the observations is newer than the plan.
_REPLAN_SHARE = 0.05
_MIN_FOR_AN_ESTIMATE = 3.0
_OVERDUE_SHARE = 0.99


@dataclass(slots=True)
class _Learned:
    """The latencies and the plan of a kind. `unplanned` counts observations since the plan."""

    latencies: Latencies
    plan: PollPlan | None = None
    unplanned: int = 0


@dataclass(slots=True)
class _Running:
    """A running generation.

    Attributes:
        running_at: The elapsed seconds when it was last seen running; None after a restart.
        hinted: Whether it is reported to have ended.
    """

    kind: Kind
    submit_time: datetime
    running_at: float | None
    hinted: bool = False


class PollScheduler:
    """Schedules the polls of running operations.

    Args:
        store: Keeps the learned latencies.
        catalogue: The models, which tell the kind of a generation.
        clock: The time source.
        pacing: The limits and targets of polling.
        chance: Returns a number from 0 to 1 for jitter.

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
        self._learned: dict[Kind, _Learned] = {}
        self._running: dict[str, _Running] = {}

    async def resume(self) -> None:
        """Load the latencies that an earlier process stored. Raises StorageUnavailable."""
        for kind, pairs in (await self._store.latencies()).items():
            self._learned[kind] = _Learned(Latencies.restored(pairs))

    def estimated_finish(
        self, record: OperationRecord, request: GenerateVideosRequest
    ) -> datetime | None:
        """Return the estimated end of a generation that starts now, or None if unknown."""
        latencies = self._learned_of(self._kind(record, request)).latencies
        if latencies.weight < _MIN_FOR_AN_ESTIMATE:
            return None
        return self._clock.now() + timedelta(seconds=latencies.median())

    async def started(self, record: OperationRecord, request: GenerateVideosRequest) -> datetime:
        """Note that the upstream accepted a generation, and return when to poll it first."""
        running = _Running(self._kind(record, request), record.submit_time or self._clock.now(), 0)
        self._running[record.name] = running
        return await self._next_poll(running)

    async def seen_running(self, record: OperationRecord) -> datetime:
        """Note that a poll saw the generation running, and return when to poll it next.

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

    async def seen_ended(self, name: str) -> float | None:
        """Learn from a generation that a poll has just seen ended.

        Returns:
            The seconds since a poll last saw it running, None if unknown.

        """
        running = self._running.pop(name, None)
        if running is None or running.running_at is None:
            # It may have ended long before this poll, so nothing can be learned.
            return None
        learned, ended_by = self._learned_of(running.kind), self._elapsed(running)
        learned.latencies.learn(running.running_at, ended_by)
        learned.unplanned += 1
        if learned.unplanned >= learned.latencies.weight * _REPLAN_SHARE:
            await self._keep(running.kind, learned)
        return max(0.0, ended_by - running.running_at)

    def overdue(self) -> int:
        """Return how many generations run longer than 99 % of those of their kind.

        Kinds about which too little is known are left out. Safe to call in any thread.
        """
        limits: dict[Kind, float] = {}
        for kind, learned in list(self._learned.items()):
            latencies = Latencies(dict(learned.latencies.weights))
            if latencies.weight >= _MIN_FOR_AN_ESTIMATE:
                limits[kind] = latencies.quantile(_OVERDUE_SHARE)
        return sum(
            self._elapsed(running) > limits.get(running.kind, math.inf)
            for running in list(self._running.values())
        )

    async def _keep(self, kind: Kind, learned: _Learned) -> None:
        await self._replan(learned)
        try:
            await self._store.keep_latencies(kind, learned.latencies.pairs())
        except StorageUnavailable as error:
            _log.warning(
                "cannot store the learned latencies; trying again later",
                extra={"cause": str(error)},
            )

    async def _replan(self, learned: _Learned) -> PollPlan:
        learned.unplanned = 0
        # Plan with a copy: the latencies may change while the thread runs.
        latencies = Latencies(dict(learned.latencies.weights))
        learned.plan = await asyncio.to_thread(self._pacing.plan, latencies)
        return learned.plan

    def hint(self, name: str) -> None:
        """Note that a generation is reported to have ended."""
        if (running := self._running.get(name)) is not None:
            running.hinted = True

    def chance_of_end(self, name: str) -> float:
        """Return the probability (0 to 1) that a generation has ended; 1 if nothing is known."""
        running = self._running.get(name)
        if running is None or running.hinted or running.running_at is None:
            return 1.0
        plan = self._learned_of(running.kind).plan
        if plan is None:
            return 1.0
        return plan.chance_of_end(running.running_at, self._elapsed(running))

    def forget(self, name: str) -> None:
        """Drop a generation that is no longer polled."""
        self._running.pop(name, None)

    def _kind(self, record: OperationRecord, request: GenerateVideosRequest) -> Kind:
        output = self._catalogue.output(record.served_model, request)
        return Kind(record.upstream, record.served_model, output.resolution, output.seconds)

    def _learned_of(self, kind: Kind) -> _Learned:
        return self._learned.setdefault(kind, _Learned(Latencies()))

    async def _next_poll(self, running: _Running) -> datetime:
        learned = self._learned_of(running.kind)
        plan = learned.plan or await self._replan(learned)
        elapsed = self._elapsed(running)
        wait = self._pacing.until_next_poll(plan, elapsed, self._chance())
        return self._clock.now() + timedelta(seconds=wait)

    def _elapsed(self, running: _Running) -> float:
        return max(0.0, (self._clock.now() - running.submit_time).total_seconds())
