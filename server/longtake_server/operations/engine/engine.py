# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The engine: submits, polls, finishes and removes operations. One process at a time runs it."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from longtake_server.operations.admission.admission import Admission
from longtake_server.operations.admission.dispatcher import Dispatcher
from longtake_server.operations.admission.regions import other_regions
from longtake_server.operations.breaker import Breakers
from longtake_server.operations.engine.driver import Driver
from longtake_server.operations.engine.ending import Ending
from longtake_server.operations.engine.figures import Figures
from longtake_server.operations.engine.late_polling import LatePolling
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.engine.limits_watch import LimitsWatch
from longtake_server.operations.engine.poll_call import PollCall
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
    from longtake_server.operations.engine.term import Term
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import Failure, OperationRecord
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.topics import Topics
    from longtake_server.operations.upstream import Upstream
    from longtake_server.telemetry import Telemetry

    class Sending(Protocol):
        """Tells webhooks of events in one term."""

        async def run(self) -> None:
            """Run until `stop`. Cancelling it loses no event."""

        def stop(self) -> None:
            """Send nothing more. `run` returns soon after."""


_BATCH_SIZE = 200

_log = logging.getLogger(__name__)

_MAX_PROBE_WAIT_SECONDS = 2.0
"""The longest wait between two probes of an upstream that does not answer."""

_TERM_SECONDS = 6.0
"""How long no other replica becomes the engine after one has led or renewed."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the engine depends on. Whoever creates the ports opens and closes them.

    Attributes:
        upstreams: All upstreams by name, including those that only earlier operations use.
        sending: Returns what tells webhooks of events in a term.
    """

    store: OperationStore
    media: MediaStore
    ledger: Ledger
    topics: Topics
    upstreams: Mapping[str, Upstream]
    catalogue: Catalogue
    clock: Clock
    telemetry: Telemetry
    sending: Callable[[Term], Sending]


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The settings of the engine.

    Attributes:
        leasing: How this process leases work.
        limits: Attempts and time limits of an operation.
        pacing: How often a running operation is polled.
        max_polls_per_second: The limit for each upstream.
        tombstones: How long deletions are remembered.
        retain_results: Whether results that an upstream holds are copied to the media store.
        upstreams: The settings that say where it submits, by name. All replicas must have the same.
        term_seconds: How long a term lasts unless it is renewed.
        backoff_chance: Returns a number from 0 to 1 for the jitter of backoffs.
        poll_chance: Returns a number from 0 to 1 for the jitter of polls.
    """

    leasing: Leasing
    limits: Limits = field(default_factory=Limits)
    pacing: Pacing = field(default_factory=Pacing)
    max_polls_per_second: int = 50
    tombstones: timedelta = timedelta(days=7)
    retain_results: bool = False
    upstreams: Mapping[str, str] = field(default_factory=dict)
    term_seconds: float = _TERM_SECONDS
    backoff_chance: Callable[[], float] = random.random
    poll_chance: Callable[[], float] = random.random


class Engine:
    """Builds, starts and stops the parts that process operations.

    Args:
        ports: The dependencies.
        settings: The settings.
        on_outage: Called with the name of an upstream and a failure when the upstream stops
            answering, and with None when it answers again. Must not block.
        term: The term in which it is the engine.

    Attributes:
        figures: Counts what is in progress.
        breakers: Track which upstreams answer.
        admission: Decides which operations may be submitted.
        poll_scheduler: Decides when running operations are polled.
        driver: Runs single steps.
        runner: Leases due work and has it stepped.
        dispatcher: Wakes operations that may be submitted or polled.
        limits_watch: Follows limits and budgets.
        retention: Removes expired operations.

    """

    def __init__(
        self,
        ports: Ports,
        settings: EngineSettings,
        on_outage: Callable[[str, Failure | None], None],
        term: Term,
    ) -> None:
        self._term = term
        self._on_outage = on_outage
        self._ports = ports
        self._settings = settings
        clock, limits = ports.clock, settings.limits
        probing = replace(
            limits.backoff,
            longest_seconds=min(limits.backoff.longest_seconds, _MAX_PROBE_WAIT_SECONDS),
        )
        self.breakers = Breakers(
            clock,
            lambda failures, retry_after: probing.after(
                failures, settings.backoff_chance(), retry_after
            ),
            self._reachability_changed,
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
        self.figures = Figures(self.admission, self.poll_scheduler, clock, ports.telemetry)
        poll_budget = PollBudget(
            settings.max_polls_per_second,
            clock,
            self.poll_scheduler.chance_of_end,
            self.breakers,
            self.admission.changed,
        )
        self.driver = self._driver(poll_budget)
        self.runner = Runner(
            ports.store, self.driver, ports.media, clock, settings.leasing, ports.telemetry, term
        )
        self._sender = ports.sending(term)
        self._loops: tuple[asyncio.Task[None], ...] = ()
        self._sending: asyncio.Task[None] | None = None
        self.dispatcher = Dispatcher(
            self.admission,
            ports.store,
            ports.ledger,
            ports.topics,
            poll_budget,
            clock,
            self.runner.notify,
        )
        self.limits_watch = LimitsWatch(ports.store, self.dispatcher, clock, ports.telemetry)
        self.retention = Retention(
            ports.store, ports.ledger, ports.media, clock, settings.tombstones, ports.telemetry
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
            limits=limits,
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
            term=self._term,
        )
        call = PollCall(poll_budget, self.breakers, ports.telemetry)
        polling = Polling(
            topics=ports.topics,
            upstreams=ports.upstreams,
            poll_scheduler=self.poll_scheduler,
            breakers=self.breakers,
            call=call,
            ending=ending,
            retries=retries,
            clock=ports.clock,
            telemetry=ports.telemetry,
            limits=limits,
        )
        late_polling = LatePolling(
            ledger=ports.ledger,
            media=ports.media,
            upstreams=ports.upstreams,
            call=call,
            ending=ending,
            retries=retries,
            clock=ports.clock,
            limits=limits,
        )
        return Driver(ports.ledger, submission, polling, late_polling, ending, retries)

    def _reachability_changed(self, upstream: str, failure: Failure | None) -> None:
        self.admission.changed.set()
        if failure is None:
            _log.info("the upstream answers again", extra={"upstream": upstream})
        else:
            _log.warning(
                "cannot reach the upstream; one operation probes it and the others wait",
                extra={"upstream": upstream, "cause": failure.message},
            )
        self._on_outage(upstream, failure)

    def outage(self, record: OperationRecord) -> Outage | None:
        """Return the outage that a queued operation waits for, or None if its upstream answers."""
        return self.breakers.outage(record.upstream)

    async def resume(self) -> None:
        """Take over the work of the engine before, and load the state that it stored.

        Raises:
            EngineReplaced: The term is over.
            StorageUnavailable: The store cannot be read or written.

        """
        store = self._ports.store
        await store.release_leases(self._term.epoch)
        begun = await store.position()
        await self.poll_scheduler.resume()
        await self.dispatcher.resume()
        await self.limits_watch.resume()
        # Other replicas may have ended or deleted operations while these were read.
        while changes := await store.changes(begun, _BATCH_SIZE):
            for change in changes:
                self.admission.committed(change.name, change.record)
            begun = changes[-1].position

    async def run(self) -> None:
        """Run until `stop`. Cancelling it leaves every operation resumable."""
        async with asyncio.TaskGroup() as group:
            tasks = (
                group.create_task(self.dispatcher.run(), name="dispatcher"),
                group.create_task(self.retention.run(), name="retention"),
                group.create_task(self.limits_watch.run(), name="limits"),
            )
            self._loops = tasks
            self._sending = group.create_task(self._sender.run(), name="webhooks")
            await self.runner.run()
            self._cancel_loops()
            self._sender.stop()

    def abort(self) -> None:
        """Stop at once, because the term is over.

        `run` returns once the steps have ended that sent a submission. Their outcome is stored by
        revision.
        """
        self._cancel_loops()
        if self._sending is not None:
            self._sending.cancel()
        self.runner.abort()

    def _cancel_loops(self) -> None:
        for task in self._loops:
            task.cancel()

    def stop(self) -> None:
        """Stop taking work. `run` returns once the steps in progress have ended."""
        self.runner.stop()
        self._sender.stop()

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """See Observer.committed."""
        self.figures.committed(self.admission.known(name), record)
        self.admission.committed(name, record)

    def created(self, record: OperationRecord, due: datetime) -> None:
        """See Observer.created."""
        self.admission.created(record, due)
        self.runner.notify(due)

    def first_due(self, record: OperationRecord) -> datetime:
        """Return when the first step of a new operation is due. It may be woken earlier."""
        if self.admission.may_go(record):
            return record.create_time
        return record.waits_until(self._settings.limits.queue)

    def notify(self, due: datetime | None = None) -> None:
        """Tell the runner that work may be due: now, or at `due`."""
        self.runner.notify(due)

    def hint(self, name: str) -> None:
        """Note that a generation is reported to have ended."""
        self.poll_scheduler.hint(name)

    def forget(self, name: str) -> None:
        """Drop the in-memory state of a deleted operation."""
        self.driver.forget(name)
