# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes this replica the engine whenever no other is.

One replica at a time is the engine. It renews its term long before the end, and counts the end from
before each renewal was sent, on a clock that also counts while the machine sleeps. So it stops
before another can begin.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.engine.accord import Accord
from longtake_server.operations.engine.engine import Engine
from longtake_server.operations.engine.reporting import report
from longtake_server.operations.engine.term import Term
from longtake_server.operations.model import State
from longtake_server.operations.notices import Outbox
from longtake_server.operations.store import EngineReplaced
from longtake_server.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from longtake_server.operations.breaker import Outage
    from longtake_server.operations.engine.engine import EngineSettings, Ports
    from longtake_server.operations.model import Failure, OperationRecord

_log = logging.getLogger(__name__)

_RENEWAL_SECONDS = 1.5
_CANDIDACY_SECONDS = 1.0


class Election:
    """Runs an Engine in each term of this replica, and stands between it and the service.

    Args:
        ports: What the engine depends on.
        settings: Its settings. The owner of its leases is the name of this replica.
        on_outage: See Engine.
        on_change: Called with whether this replica is the engine, when that changes. Must not
            block.
        on_agreement: See Accord.

    Attributes:
        engine: The running engine; None while this replica is not the engine.
        replica: The name of this replica.
        outbox: What this replica has to tell the others. See operations.neighbours.

    """

    def __init__(
        self,
        ports: Ports,
        settings: EngineSettings,
        on_outage: Callable[[str, Failure | None], None],
        on_change: Callable[[bool], None],
        on_agreement: Callable[[bool], None],
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._on_outage = on_outage
        self._on_change = on_change
        self.replica = settings.leasing.owner
        self._clock = ports.clock
        self._stopping = asyncio.Event()
        self._was_holding = False
        self._term: Term | None = None
        self.engine: Engine | None = None
        self.outbox = Outbox()
        # Outages that the engine, another replica, told, and when, by monotonic time.
        self._heard_outages: dict[str, tuple[Outage, float]] = {}
        self._accord = Accord(ports.store, settings.upstreams, on_agreement)
        ports.ledger.observe(self)
        ports.topics.on_watched(self._watched)
        if ports.store.is_shared:
            ports.topics.on_polled(self.outbox.polled)
        report(ports.telemetry, lambda: self.engine)
        ports.telemetry.report(metrics.ENGINE_HOLDING, lambda: int(self.is_holding))

    async def start(self) -> None:
        """Become the engine if no other replica is. `run` goes on from there.

        Raises:
            StorageUnavailable: The store cannot be read or written.

        """
        with suppress(EngineReplaced):
            await self._stand()

    async def run(self) -> None:
        """Be the engine, or wait to become it, until `stop`. Then resign.

        Cancelling it leaves every operation resumable.
        """
        while not self._stopping.is_set():
            if self.engine is not None and self._term is not None:
                await self._lead(self.engine, self._term)
                continue
            try:
                await self._stand()
            except EngineReplaced:
                _log.info("another replica became the engine first")
            except StorageUnavailable as error:
                _log.error("cannot become the engine; trying again", extra={"cause": str(error)})
            if self._term is not None:
                _log.info("this replica has become the engine", extra={"epoch": self._term.epoch})
            else:
                await happened(self._stopping, self._clock, _CANDIDACY_SECONDS)
        try:
            await self._ports.store.resign(self.replica)
        except StorageUnavailable as error:
            _log.warning("cannot resign; the term runs out", extra={"cause": str(error)})

    def stop(self) -> None:
        """Stop taking work. `run` returns once the steps in progress have ended."""
        self._stopping.set()
        if self.engine is not None:
            self.engine.stop()

    async def _stand(self) -> None:
        """Begin a term, and start the engine in it, if no other replica leads."""
        may_lead = await self._accord.look()
        self._follow_hold()
        if not may_lead:
            return
        asked = self._clock.boottime()
        leadership = await self._ports.store.lead(self.replica, self._settings.term_seconds)
        if leadership is None:
            return
        term = Term(leadership.epoch, self._clock, asked + self._settings.term_seconds)
        if self.is_holding:
            term.hold()
        engine = Engine(self._ports, self._settings, self._on_outage, term)
        # Before it reads the store, so that it misses no commit.
        self.engine, self._term = engine, term
        self.forget_outages()
        renewing = asyncio.create_task(self._renew(term), name="engine renewal")
        try:
            await engine.resume()
        except BaseException:
            self.engine = self._term = None
            raise
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        self._ports.telemetry.elected(self._clock.boottime() - asked)
        self._on_change(not self.is_holding)

    async def _lead(self, engine: Engine, term: Term) -> None:
        """Run the engine, and renew its term until one of them ends."""
        running = asyncio.create_task(engine.run(), name="engine")
        renewing = asyncio.create_task(self._renew(term), name="engine renewal")
        ending = asyncio.create_task(term.over(), name="engine term")
        tasks = (running, renewing, ending)
        try:
            await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                _log.error("the term of this engine is over; it submits nothing more")
                term.end()
                renewing.cancel()
                engine.abort()
            self._leave(engine)
            await running
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _leave(self, engine: Engine) -> None:
        self.engine = self._term = None
        for upstream, answers in engine.breakers.answering().items():
            if not answers:
                # Only the engine knows.
                self._on_outage(upstream, None)
        self._on_change(False)

    async def _renew(self, term: Term) -> None:
        while True:
            await self._clock.sleep(_RENEWAL_SECONDS)
            asked = self._clock.boottime()
            try:
                renewed = await self._ports.store.lead(self.replica, self._settings.term_seconds)
            except StorageUnavailable as error:
                _log.warning("cannot renew the term of the engine", extra={"cause": str(error)})
                continue
            if renewed is None or renewed.epoch != term.epoch:
                term.end()
                return
            term.renew(asked + self._settings.term_seconds)
            with suppress(StorageUnavailable):
                await self._accord.look()
            self._follow_hold()

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """See Observer.committed."""
        if self.engine is not None:
            self.engine.committed(name, record)

    def created(self, record: OperationRecord, due: datetime) -> None:
        """See Observer.created."""
        self._ports.telemetry.accepted(record.model, record.caller)
        if self.engine is not None:
            self.engine.created(record, due)

    def followed(self, name: str, record: OperationRecord | None) -> None:
        """See Observer.followed."""
        if self.engine is None:
            return
        if record is None:
            self.engine.forget(name)
        elif not record.done:
            self.engine.notify()

    @property
    def is_holding(self) -> bool:
        """Whether submissions are held, see `hold`."""
        return self._accord.is_held

    def hold(self) -> None:
        """Submit nothing more, at no replica, until an operator says so.

        The store has forgotten changes. Operations whose submission it has forgotten would be
        submitted twice.
        """
        self._accord.hold()
        self._follow_hold()

    def _follow_hold(self) -> None:
        """Hold or release the present term if that changed."""
        if self.is_holding == self._was_holding:
            return
        self._was_holding = self.is_holding
        if self.is_holding:
            _log.critical(
                "the store is older than before: it was restored or failed over to a standby that "
                "lacked changes; no replica submits anything until you have compared the "
                "operations with the upstream and run `longtake-server resume-submissions`"
            )
        else:
            _log.warning("an operator has resumed submissions")
        if self._term is not None:
            if self.is_holding:
                self._term.hold()
            else:
                self._term.release()
            self._on_change(not self.is_holding)

    def first_due(self, record: OperationRecord) -> datetime:
        """Return when the first step of a new operation is due. It may be woken earlier."""
        return record.create_time if self.engine is None else self.engine.first_due(record)

    def outage(self, record: OperationRecord) -> Outage | None:
        """Return the outage that a queued operation waits for. None if it is not known here."""
        if self.engine is not None:
            return self.engine.outage(record)
        heard = self._heard_outages.get(record.upstream)
        return None if heard is None else heard[0]

    def hear_outage(self, upstream: str, outage: Outage | None, now: float) -> None:
        """Note what the engine told of an upstream, at a monotonic time."""
        if upstream not in self._ports.upstreams:
            return
        if outage is not None:
            self._heard_outages[upstream] = outage, now
            self._on_outage(upstream, outage.failure)
        elif self._heard_outages.pop(upstream, None) is not None:
            self._on_outage(upstream, None)

    def forget_outages(self, before: float = math.inf) -> None:
        """Forget the outages that were told before a monotonic time."""
        for upstream, (_, at) in tuple(self._heard_outages.items()):
            if at < before:
                del self._heard_outages[upstream]
                self._on_outage(upstream, None)

    def _watched(self, name: str) -> None:
        """Note that a queued operation got its first watcher here, who wants its position."""
        if self.engine is not None:
            self.engine.admission.watched(name)
        else:
            record = self._ports.ledger.cached(name)
            if record is None or record.state is State.QUEUED:
                self.outbox.watched(name)

    def watched_elsewhere(self, name: str, now: float) -> None:
        """Note that a queued operation has watchers at another replica, at a monotonic time."""
        is_first = not self._ports.topics.is_watched(name)
        self._ports.topics.watched_elsewhere(name, now)
        if is_first and self.engine is not None:
            self.engine.admission.watched(name)

    def notify(self) -> None:
        """Tell the engine that work may be due now."""
        if self.engine is not None:
            self.engine.notify()
        else:
            self.outbox.work_is_due()

    def hint(self, name: str) -> None:
        """Tell the engine that a generation is reported to have ended."""
        if self.engine is not None:
            self.engine.hint(name)
        else:
            self.outbox.ended(name)

    def forget(self, name: str) -> None:
        """Drop the in-memory state of a deleted operation."""
        if self.engine is not None:
            self.engine.forget(name)
