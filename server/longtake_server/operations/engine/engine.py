# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What one process at a time runs: it submits, polls, ends and removes operations."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.admission.admission import Admission
from longtake_server.operations.admission.dispatcher import Dispatcher
from longtake_server.operations.admission.regions import other_regions
from longtake_server.operations.breaker import Breakers
from longtake_server.operations.engine.driver import Driver
from longtake_server.operations.engine.ending import Ending
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.engine.polling import Polling
from longtake_server.operations.engine.retention import Retention
from longtake_server.operations.engine.retries import Retries
from longtake_server.operations.engine.runner import Leasing, Runner
from longtake_server.operations.engine.submission import Submission
from longtake_server.operations.polling.budget import PollBudget
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.polling.scheduler import PollScheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.breaker import Outage
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import Failure, OperationRecord
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics
    from longtake_server.operations.upstream import Upstream
    from longtake_server.telemetry import Telemetry


_log = logging.getLogger(__name__)

_LONGEST_OUTAGE_WAIT_SECONDS = 8.0
"""Seconds between two probes of an upstream that does not answer, at the most."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the engine works on. Its owner opens and closes them.

    Attributes:
        upstreams: Every upstream by its name, also those of earlier generations.
    """

    store: OperationStore
    media: MediaStore
    ledger: Ledger
    topics: Topics
    upstreams: Mapping[str, Upstream]
    catalogue: Catalogue
    clock: Clock
    telemetry: Telemetry


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine works.

    Attributes:
        leasing: How this process takes work.
        limits: How often and how long an operation is tried.
        pacing: How often the upstream is asked for an operation.
        max_polls_per_second: Of each upstream.
        tombstones: How long deletions are remembered.
        retain_results: Whether results that lie at an upstream are copied to the media store.
        backoff_chance: Returns a number from 0 to 1, for the jitter of backoffs.
        poll_chance: The same for polls.
    """

    leasing: Leasing
    limits: Limits = field(default_factory=Limits)
    pacing: Pacing = field(default_factory=Pacing)
    max_polls_per_second: int = 50
    tombstones: timedelta = timedelta(days=7)
    retain_results: bool = False
    backoff_chance: Callable[[], float] = random.random
    poll_chance: Callable[[], float] = random.random


class Engine:
    """Builds, starts and stops what one process at a time runs.

    Args:
        ports: What it works on.
        settings: How it works.
        on_outage: Told the name of an upstream that stopped answering, with the failure, or
            that answers again, with None. Must not block.

    Attributes:
        breakers: Which upstreams answer.
        admission: Which operations may be submitted now.
        poll_scheduler: When running operations are polled.
        driver: The steps.
        runner: Takes due work and steps it.
        dispatcher: Wakes operations that may go.
        retention: Removes expired operations.

    """

    def __init__(
        self,
        ports: Ports,
        settings: EngineSettings,
        on_outage: Callable[[str, Failure | None], None],
    ) -> None:
        self._on_outage = on_outage
        self._ports = ports
        self._settings = settings
        clock, limits = ports.clock, settings.limits
        probing = replace(
            limits.backoff,
            longest_seconds=min(limits.backoff.longest_seconds, _LONGEST_OUTAGE_WAIT_SECONDS),
        )
        self.breakers = Breakers(
            clock,
            lambda failures, retry_after: probing.after(
                failures, settings.backoff_chance(), retry_after
            ),
            self._answering_changed,
        )
        self.admission = Admission(
            ports.catalogue,
            clock,
            limits.backoff,
            settings.backoff_chance,
            self.breakers,
            other_regions(ports.upstreams),
        )
        self.poll_scheduler = PollScheduler(
            ports.store, ports.catalogue, clock, settings.pacing, settings.poll_chance
        )
        poll_budget = PollBudget(
            settings.max_polls_per_second,
            clock,
            self.poll_scheduler.chance_of_end,
            self.breakers,
            self.admission.changed,
        )
        self.driver = self._driver(poll_budget)
        self.runner = Runner(ports.store, self.driver, ports.media, clock, settings.leasing)
        self.dispatcher = Dispatcher(
            self.admission,
            ports.store,
            ports.ledger,
            ports.topics,
            poll_budget,
            clock,
            self.runner.notify,
        )
        self.retention = Retention(
            ports.store, ports.ledger, ports.media, clock, settings.tombstones
        )

    def _driver(self, poll_budget: PollBudget) -> Driver:
        ports, limits = self._ports, self._settings.limits
        retries = Retries(limits.backoff, ports.clock, self._settings.backoff_chance)
        ending = Ending(
            store=ports.store,
            ledger=ports.ledger,
            upstreams=ports.upstreams,
            catalogue=ports.catalogue,
            retries=retries,
            telemetry=ports.telemetry,
            retained_in=ports.media if self._settings.retain_results else None,
        )
        submission = Submission(
            store=ports.store,
            ledger=ports.ledger,
            upstreams=ports.upstreams,
            catalogue=ports.catalogue,
            admission=self.admission,
            poll_scheduler=self.poll_scheduler,
            ending=ending,
            retries=retries,
            clock=ports.clock,
            telemetry=ports.telemetry,
            limits=limits,
        )
        polling = Polling(
            topics=ports.topics,
            upstreams=ports.upstreams,
            poll_scheduler=self.poll_scheduler,
            poll_budget=poll_budget,
            breakers=self.breakers,
            ending=ending,
            retries=retries,
            clock=ports.clock,
            telemetry=ports.telemetry,
            limits=limits,
        )
        return Driver(ports.ledger, submission, polling, ending, retries)

    def _answering_changed(self, upstream: str, failure: Failure | None) -> None:
        self.admission.changed.set()
        if failure is None:
            _log.info("an upstream answers again", extra={"upstream": upstream})
        else:
            _log.warning(
                "an upstream does not answer; one operation at a time tries it, the others wait",
                extra={"upstream": upstream, "cause": failure.message},
            )
        self._on_outage(upstream, failure)

    def outage(self, record: OperationRecord) -> Outage | None:
        """Return why a queued operation waits, if that is because its upstream does not answer."""
        return self.breakers.outage(record.upstream)

    async def resume(self) -> None:
        """Go on where an earlier process was, and follow the ledger from now on.

        Raises:
            StorageUnavailable: The store cannot be read.

        """
        self._ports.ledger.observe(self.admission)
        self._ports.topics.on_watched(self.admission.watched)
        await self.poll_scheduler.resume()
        await self.dispatcher.resume()

    async def run(self) -> None:
        """Run until `stop`. Cancelling it leaves every operation resumable."""
        async with asyncio.TaskGroup() as beside:
            tasks = (
                beside.create_task(self.dispatcher.run(), name="dispatcher"),
                beside.create_task(self.retention.run(), name="retention"),
            )
            await self.runner.run()
            for task in tasks:
                task.cancel()

    def stop(self) -> None:
        """Take no more work; `run` returns when the steps under way have ended."""
        self.runner.stop()

    def first_due(self, record: OperationRecord) -> datetime:
        """Return when the first step of a new operation is due, if nothing wakes it before."""
        if self.admission.may_go(record):
            return record.create_time
        return record.waits_until(self._settings.limits.queue)

    def notify(self, due: datetime | None = None) -> None:
        """Look for work: there may be some now, or there is some that is due at a time."""
        self.runner.notify(due)

    def hint(self, name: str) -> None:
        """Take note that a generation is said to have ended."""
        self.poll_scheduler.hint(name)

    def forget(self, name: str) -> None:
        """Forget an operation that was deleted."""
        self.runner.forget(name)
