# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits the polls of each upstream per second, and picks which go first. No I/O."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from longtake_server.clock import Clock
    from longtake_server.operations.breaker import Breakers
    from longtake_server.operations.model import OperationRecord

_WINDOW_SECONDS = 1.0
# The shortest interval between two rounds of grants, each of which ranks all waiting polls.
_GRANT_INTERVAL_SECONDS = 0.1


class _UpstreamBudget:
    """The budget of one upstream. `sent` holds the start times of the polls of the last second."""

    def __init__(self) -> None:
        self.sent: deque[float] = deque()
        self.waiting: set[str] = set()
        self.granted: set[str] = set()

    def free(self, most: int, now: float) -> int:
        """Return how many more polls may begin now."""
        while self.sent and self.sent[0] <= now - _WINDOW_SECONDS:
            self.sent.popleft()
        return most - len(self.sent) - len(self.granted)

    def begin(self, name: str, now: float) -> None:
        """Count a poll that begins."""
        self.waiting.discard(name)
        self.granted.discard(name)
        self.sent.append(now)


class PollBudget:
    """A hard limit on the polls of each upstream in any second.

    If more polls are due, those of the operations that most likely have ended go first.

    Args:
        most_per_second: The most polls of one upstream per second, at least 1.
        clock: The time source.
        chance_of_end: Returns the probability (0 to 1) that the named operation has ended.
        breakers: Track which upstreams answer. One that does not gets one poll at a time.
        changed: Set when `granted` should be called.

    """

    def __init__(
        self,
        most_per_second: int,
        clock: Clock,
        chance_of_end: Callable[[str], float],
        breakers: Breakers,
        changed: asyncio.Event,
    ) -> None:
        self._breakers = breakers
        self._most = most_per_second
        self._clock = clock
        self._chance_of_end = chance_of_end
        self._changed = changed
        self._budgets: dict[str, _UpstreamBudget] = {}

    def admit(self, record: OperationRecord) -> bool:
        """Return whether an operation may be polled now; have it wait if not.

        `granted` returns its name once it may be polled.
        """
        budget = self._budgets.setdefault(record.upstream, _UpstreamBudget())
        now = self._clock.monotonic()
        has_turn = record.name in budget.granted or (
            budget.waiting <= {record.name} and budget.free(self._most, now) > 0
        )
        may_poll = has_turn and self._breakers.allows(record.upstream, record.name)
        if may_poll:
            budget.begin(record.name, now)
            self._breakers.begin(record.upstream, record.name)
        else:
            budget.granted.discard(record.name)
            budget.waiting.add(record.name)
        if budget.waiting:
            self._changed.set()
        return may_poll

    def granted(self) -> frozenset[str]:
        """Return the waiting operations that may be polled now. Each one is returned once."""
        now = self._clock.monotonic()
        names: set[str] = set()
        for upstream, budget in self._budgets.items():
            free = self._free(upstream, budget, now)
            if budget.waiting and free > 0:
                likeliest = heapq.nlargest(free, budget.waiting, key=self._chance_of_end)
                budget.waiting.difference_update(likeliest)
                budget.granted.update(likeliest)
                names.update(likeliest)
                self._breakers.begin(upstream, likeliest[0])
        return frozenset(names)

    def _free(self, upstream: str, budget: _UpstreamBudget, now: float) -> int:
        free = budget.free(self._most, now)
        if self._breakers.is_closed(upstream):
            return free
        return min(1, free) if self._breakers.allows(upstream) else 0

    def seconds_to_next(self) -> float | None:
        """Return in how many seconds a waiting operation may be polled, or None if none waits."""
        now = self._clock.monotonic()
        times = [
            max(opens_at, budget.sent[0] + _WINDOW_SECONDS if budget.sent else now) - now
            for upstream, budget in self._budgets.items()
            if budget.waiting and (opens_at := self._breakers.opens_at(upstream)) is not None
        ]
        return max(min(times), _GRANT_INTERVAL_SECONDS) if times else None

    def forget(self, name: str) -> None:
        """Drop an operation that is no longer polled."""
        for upstream, budget in self._budgets.items():
            self._breakers.release(upstream, name)
            budget.waiting.discard(name)
            if name in budget.granted:
                budget.granted.discard(name)
                self._changed.set()
