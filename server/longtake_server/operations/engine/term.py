# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The time in which this replica is the engine, and what a step may do in it."""

from __future__ import annotations

import asyncio
import math
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.operations.store import Fence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.clock import Clock
    from longtake_server.operations.store import Work

_MARGIN_SECONDS = 1.0
"""How long before its end nothing is sent any more. A send takes far less."""

_ENDING_PAUSE = timedelta(seconds=1)
_HELD_PAUSE = timedelta(seconds=60)


class Term:
    """A term of this replica. It ends at a time unless it is renewed before.

    Args:
        epoch: The number of the term.
        clock: The time source. Its boottime counts while the machine sleeps.
        ends_at: When the term ends, in seconds of boottime.

    Attributes:
        epoch: See above.

    """

    def __init__(self, epoch: int, clock: Clock, ends_at: float) -> None:
        self.epoch = epoch
        self._is_held = False
        self._clock = clock
        self._ends_at = ends_at
        self._ended = asyncio.Event()
        self._works: dict[str, Work] = {}
        self._sent: set[str] = set()
        self._starting: set[str] = set()

    def hold(self) -> None:
        """Send no submission any more in this term."""
        self._is_held = True

    def release(self) -> None:
        """Send submissions again."""
        self._is_held = False

    def pause(self) -> timedelta | None:
        """Return None if a submission may begin now, or else when to ask again."""
        if self._is_held:
            return _HELD_PAUSE
        return _ENDING_PAUSE if self.seconds_left <= _MARGIN_SECONDS else None

    def renew(self, ends_at: float) -> None:
        """Put off the end. Does nothing once the term has ended."""
        self._ends_at = max(self._ends_at, ends_at)

    def end(self) -> None:
        """End the term now: another replica is the engine."""
        self._ended.set()

    @property
    def seconds_left(self) -> float:
        """The seconds until the term ends; 0 or less if it has ended."""
        return -math.inf if self._ended.is_set() else self._ends_at - self._clock.boottime()

    async def over(self) -> None:
        """Wait until the term ends."""
        while (left := self.seconds_left) > 0:
            await happened(self._ended, self._clock, left)

    def last_look(self, name: str) -> bool:
        """Return whether the submission of an operation may be sent now, and note that it is."""
        if self.pause() is not None:
            return False
        self._sent.add(name)
        return True

    def has_sent(self, name: str) -> bool:
        """Return whether the submission of an operation in a step was sent."""
        return name in self._sent

    def may_cancel(self, name: str) -> bool:
        """Return whether the step of an operation may be cancelled before its end."""
        return name not in self._sent and name not in self._starting

    @contextmanager
    def starting(self, name: str) -> Iterator[None]:
        """Keep a step from being cancelled while the start of its submission is stored."""
        self._starting.add(name)
        try:
            yield
        finally:
            self._starting.discard(name)

    @contextmanager
    def stepping(self, work: Work) -> Iterator[None]:
        """Note the lease of the work whose step runs."""
        self._works[work.name] = work
        try:
            yield
        finally:
            del self._works[work.name]
            self._sent.discard(work.name)

    def fence(self, name: str) -> Fence:
        """Return what must hold when the submission of an operation is begun."""
        return Fence(self.epoch, self._works.get(name))
