# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Leases due work and runs one step of each operation in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import OutcomeUnknown, ResourceError, StorageUnavailable
from longtake_server.operations.model import IllegalTransition
from longtake_server.operations.store import EngineReplaced, LeaseLost, RevisionConflict
from longtake_server.telemetry.logs import StepSubject, subject

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from longtake_server.clock import Clock
    from longtake_server.operations.engine.driver import Driver
    from longtake_server.operations.engine.term import Term
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.store import OperationStore, Work
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Leasing:
    """How this process leases work.

    Attributes:
        owner: The name of this process in leases.
        most_steps: The most operations that are stepped concurrently.
        lease: The duration of a lease. It is extended while its step runs.
    """

    owner: str
    most_steps: int = 64
    lease: timedelta = timedelta(seconds=60)


class Runner:
    """Leases due work from the store and steps each operation until it ends."""

    def __init__(
        self,
        store: OperationStore,
        driver: Driver,
        media: MediaStore,
        clock: Clock,
        leasing: Leasing,
        telemetry: Telemetry,
        term: Term,
    ) -> None:
        self._term = term
        self._steps: dict[str, asyncio.Task[None]] = {}
        self._leased: dict[str, Work] = {}
        self._store = store
        self._driver = driver
        self._media = media
        self._clock = clock
        self._leasing = leasing
        self._telemetry = telemetry
        self._free_steps = leasing.most_steps
        self._notified = asyncio.Event()
        # The earliest time passed to `notify` since work was last leased, and the end of the
        # current wait.
        self._notified_due: datetime | None = None
        self._waits_until: datetime | None = None
        self._stopping = False
        self._aborted = False

    def notify(self, due: datetime | None = None) -> None:
        """Note that work may be due: now, or at `due`."""
        if due is None:
            self._notified.set()
            return
        self._notified_due = min(due, self._notified_due or due)
        # If the wall clock was set forward, the current wait may end too late.
        if self._waits_until is not None and (due < self._waits_until or due <= self._clock.now()):
            self._notified.set()

    def stop(self) -> None:
        """Stop leasing work. `run` returns once the steps in progress have ended."""
        self._stopping = True
        self._notified.set()

    def abort(self) -> None:
        """Stop at once: cancel the steps, except those that have sent a submission."""
        self.stop()
        self._aborted = True
        for name, step in self._steps.items():
            if self._term.may_cancel(name):
                step.cancel()

    async def run(self) -> None:
        """Step operations until `stop`. Cancelling it leaves each operation resumable."""
        async with asyncio.TaskGroup() as steps:
            while not self._stopping:
                self._notified.clear()
                self._notified_due = None
                try:
                    for work in await self._take():
                        # If the clock is set forward, a lease ends early: start no second step.
                        if work.name not in self._steps:
                            self._free_steps -= 1
                            self._leased[work.name] = work
                            self._steps[work.name] = steps.create_task(self._run_step(work))
                    if self._aborted:
                        # They were taken meanwhile.
                        self.abort()
                    await self._wait_for_work()
                except EngineReplaced:
                    self._telemetry.refused_write("epoch")
                    self._term.end()
                    self._stopping = True
                except StorageUnavailable as error:
                    self._telemetry.store_fault("engine")
                    _log.error(
                        "cannot read the work queue; trying again", extra={"cause": str(error)}
                    )
                    await self._clock.sleep(_RETRY_SECONDS)
        if self._aborted:
            await self._give_back()

    async def _give_back(self) -> None:
        """Release the leases of the steps that were cancelled, for the next engine.

        All at once: if the store does not answer, each would wait for it.
        """
        now = self._clock.now()
        releasing = (self._store.again(work, now) for work in self._leased.values())
        for end in await asyncio.gather(*releasing, return_exceptions=True):
            if isinstance(end, Exception) and not isinstance(end, (LeaseLost, StorageUnavailable)):
                raise end

    async def _take(self) -> Sequence[Work]:
        if self._free_steps == 0:
            return ()
        now = self._clock.now()
        until = now + self._leasing.lease
        owner, limit = self._leasing.owner, self._free_steps
        return tuple(await self._store.take(owner, now, until, limit, epoch=self._term.epoch))

    async def _wait_for_work(self) -> None:
        """Wait for `notify`, or until the next work is due if a step is free."""
        now = self._clock.now()
        due = await self._store.next_due(now) if self._free_steps else None
        if self._notified_due is not None and self._free_steps:
            due = min(self._notified_due, due or self._notified_due)
        if due is not None and due <= now:
            return
        self._waits_until = due or _NEVER
        seconds = None if due is None else (due - now).total_seconds()
        if self._store.is_shared:
            # Other replicas wake work too, which is no change that the feed tells.
            seconds = _LOOK_SECONDS if seconds is None else min(seconds, _LOOK_SECONDS)
        try:
            await happened(self._notified, self._clock, seconds)
        finally:
            self._waits_until = None

    async def _run_step(self, work: Work) -> None:
        """Run one step, and return the work to the queue unless the operation ended."""
        subject.set(StepSubject(work.name))
        try:
            async with self._holding_lease(work):
                due = await self._step_or_later(work.name)
            self._leased.pop(work.name, None)
            if due is not None:
                await self._return_to_queue(work, due)
        except EngineReplaced:
            self._telemetry.refused_write("epoch")
            self._term.end()
        except StorageUnavailable as error:
            # The lease expires, and the work is leased again.
            self._telemetry.store_fault("engine")
            _log.error(
                "cannot return the work to the queue; its lease expires instead",
                extra={"operation": work.name, "cause": str(error)},
            )
        finally:
            self._free_steps += 1
            self._notified.set()

    async def _return_to_queue(self, work: Work, due: datetime) -> None:
        """Return the work, and try again while its lease lasts: nobody else may take it."""
        give_up_at = self._clock.monotonic() + self._leasing.lease.total_seconds()
        may_be_returned = False
        while True:
            try:
                await self._store.again(work, due)
            except LeaseLost:
                if not may_be_returned:
                    self._driver.forget(work.name)
                    await self._abandon(work.name)
                return
            except StorageUnavailable as error:
                if self._stopping or self._clock.monotonic() >= give_up_at:
                    raise
                may_be_returned = may_be_returned or isinstance(error, OutcomeUnknown)
            else:
                return
            await self._clock.sleep(_RETRY_SECONDS)

    async def _abandon(self, name: str) -> None:
        try:
            await self._store.get(name)
        except ResourceError:
            # Deleted during the step. Delete what the step has stored since.
            await self._media.delete(name)
        else:
            self._telemetry.lease_fault("lost")
            _log.warning(
                "lost the lease; another owner continues the operation", extra={"operation": name}
            )

    async def _step_or_later(self, name: str) -> datetime | None:
        try:
            return await self._driver.step(name)
        except LeaseLost:
            self._telemetry.refused_write("lease")
            return self._clock.now()
        except (ResourceError, IllegalTransition, RevisionConflict):
            # The operation was deleted, or changed during the step, for example by a
            # cancellation. The next step finds out which.
            return self._clock.now()
        except StorageUnavailable as error:
            self._telemetry.store_fault("engine")
            _log.error("cannot store a step", extra={"operation": name, "cause": str(error)})
            return self._driver.later(name)
        except EngineReplaced:
            raise
        except Exception:  # noqa: BLE001 - a defect in one operation must not stop the others
            _log.exception("a step failed", extra={"operation": name})
            return self._driver.later(name)

    @contextlib.asynccontextmanager
    async def _holding_lease(self, work: Work) -> AsyncIterator[None]:
        """Extend the lease while the step runs, and prevent a second step of the operation.

        The step goes on if the lease is lost. That is safe: its commit then fails by revision.
        """
        extending = asyncio.ensure_future(self._extend(work))
        try:
            with self._term.stepping(work):
                yield
        finally:
            # This precedes the return of the work, after which the next step may start.
            self._steps.pop(work.name, None)
            extending.cancel()
            await asyncio.gather(extending, return_exceptions=True)

    async def _extend(self, work: Work) -> None:
        while True:
            await self._clock.sleep(self._leasing.lease.total_seconds() / 3)
            try:
                await self._store.extend(work, self._clock.now() + self._leasing.lease)
            except (LeaseLost, StorageUnavailable) as error:
                self._telemetry.lease_fault("not_extended")
                _log.warning(
                    "cannot extend a lease",
                    extra={"operation": work.name, "cause": type(error).__name__},
                )
