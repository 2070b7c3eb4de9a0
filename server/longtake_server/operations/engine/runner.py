# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Owns the tasks that drive operations: takes due work, a lease and a step at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import ResourceError, StorageUnavailable
from longtake_server.operations.model import IllegalTransition
from longtake_server.operations.store import LeaseLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from longtake_server.clock import Clock
    from longtake_server.operations.engine.driver import Driver
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.store import OperationStore, Work

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Leasing:
    """How this process takes work.

    Attributes:
        owner: Names this process in leases.
        most_steps: Operations that are submitted or polled at the same time.
        lease: How long work is this process's without being extended.
    """

    owner: str
    most_steps: int = 64
    lease: timedelta = timedelta(seconds=60)


class Runner:
    """Takes due work from the store and moves each operation on by a step at a time."""

    def __init__(
        self,
        store: OperationStore,
        driver: Driver,
        media: MediaStore,
        clock: Clock,
        leasing: Leasing,
    ) -> None:
        self._store = store
        self._driver = driver
        self._media = media
        self._clock = clock
        self._leasing = leasing
        self._free_steps = leasing.most_steps
        self._driven: set[str] = set()
        self._news = asyncio.Event()
        # What is due at the earliest by what was told since the last look, and until when it waits.
        self._told: datetime | None = None
        self._waits_until: datetime | None = None
        self._stopping = False

    def notify(self, due: datetime | None = None) -> None:
        """Look for work: there may be some now, or there is some that is due at a time."""
        if due is None:
            self._news.set()
            return
        self._told = min(due, self._told or due)
        # A clock that was set forward may be past the end of a wait that goes on.
        if self._waits_until is not None and (due < self._waits_until or due <= self._clock.now()):
            self._news.set()

    def forget(self, name: str) -> None:
        """Forget an operation that was deleted."""
        self._driver.forget(name)

    def stop(self) -> None:
        """Take no more work; `run` returns when the steps under way have ended."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Drive operations until `stop`. Cancelling it leaves each one resumable."""
        async with asyncio.TaskGroup() as steps:
            while not self._stopping:
                self._news.clear()
                self._told = None
                try:
                    for work in await self._take():
                        # Its lease ended early, if the clock was set forward: one step is enough.
                        if work.name not in self._driven:
                            self._free_steps -= 1
                            steps.create_task(self._drive(work))
                    await self._until_due()
                except StorageUnavailable as error:
                    _log.error("the runner cannot read its work", extra={"cause": str(error)})
                    await self._clock.sleep(_PAUSE_SECONDS)

    async def _take(self) -> Sequence[Work]:
        if self._free_steps == 0:
            return ()
        now = self._clock.now()
        until = now + self._leasing.lease
        return tuple(await self._store.take(self._leasing.owner, now, until, self._free_steps))

    async def _until_due(self) -> None:
        """Wait until news come, or until the next work is due if a step is free."""
        now = self._clock.now()
        due = await self._store.next_due(now) if self._free_steps else None
        if self._told is not None and self._free_steps:
            due = min(self._told, due or self._told)
        if due is not None and due <= now:
            return
        self._waits_until = due or _NEVER
        seconds = None if due is None else (due - now).total_seconds()
        try:
            await happened(self._news, self._clock, seconds)
        finally:
            self._waits_until = None

    async def _drive(self, work: Work) -> None:
        """Do one step and give the work back, whatever the step comes to."""
        try:
            async with self._keeping(work):
                due = await self._step_or_later(work.name)
            if due is not None:
                await self._give_back(work, due)
        except StorageUnavailable as error:
            # The lease runs out by itself, and the work is taken again.
            _log.error(
                "a step could not be stored", extra={"operation": work.name, "cause": str(error)}
            )
        finally:
            self._free_steps += 1
            self._news.set()

    async def _give_back(self, work: Work, due: datetime) -> None:
        try:
            await self._store.again(work, due)
        except LeaseLost:
            self._driver.forget(work.name)
            await self._let_go(work.name)

    async def _let_go(self, name: str) -> None:
        try:
            await self._store.get(name)
        except ResourceError:
            # Deleted while the step ran: what it stored meanwhile goes too.
            await self._media.delete(name)
        else:
            _log.warning("another owner took over", extra={"operation": name})

    async def _step_or_later(self, name: str) -> datetime | None:
        try:
            return await self._driver.step(name)
        except (ResourceError, IllegalTransition):
            # It was deleted, and there is nothing to give back, or somebody else moved it on,
            # for example a cancellation: look again.
            return self._clock.now()
        except StorageUnavailable as error:
            _log.error("a step could not be stored", extra={"operation": name, "cause": str(error)})
            return self._driver.later(name)
        except Exception:  # noqa: BLE001 - one operation's defect must not stop the others'
            _log.exception("a step failed", extra={"operation": name})
            return self._driver.later(name)

    @contextlib.asynccontextmanager
    async def _keeping(self, work: Work) -> AsyncIterator[None]:
        """Extend the lease while the step runs, and have no other begun; losing it stops nothing.

        A step whose lease was lost cannot do harm: its commit fails by revision.
        """
        keeper = asyncio.ensure_future(self._extend(work))
        self._driven.add(work.name)
        try:
            yield
        finally:
            # Before the work is given back: from then on it may be taken for the next step.
            self._driven.discard(work.name)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _extend(self, work: Work) -> None:
        while True:
            await self._clock.sleep(self._leasing.lease.total_seconds() / 3)
            try:
                await self._store.extend(work, self._clock.now() + self._leasing.lease)
            except (LeaseLost, StorageUnavailable) as error:
                _log.warning(
                    "a lease was not extended",
                    extra={"operation": work.name, "cause": type(error).__name__},
                )
