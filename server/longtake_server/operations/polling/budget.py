# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How many polls each upstream gets in a second, and whose go first. No I/O."""

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
# Those who wait are compared at most so often.
_BETWEEN_GRANTS_SECONDS = 0.1


class _Share:
    """What one upstream gets. `sent` holds when the polls of the last second began."""

    def __init__(self) -> None:
        self.sent: deque[float] = deque()
        self.waiting: set[str] = set()
        self.granted: set[str] = set()

    def free(self, most: int, now: float) -> int:
        """Return how many polls more may begin now."""
        while self.sent and self.sent[0] <= now - _WINDOW_SECONDS:
            self.sent.popleft()
        return most - len(self.sent) - len(self.granted)

    def begin(self, name: str, now: float) -> None:
        """Count a poll that begins."""
        self.waiting.discard(name)
        self.granted.discard(name)
        self.sent.append(now)


class PollBudget:
    """A hard limit on the polls of each upstream in any second, whoever they are for.

    Where more want to poll, those go first that are likely to have ended.

    Args:
        most_per_second: Polls of one upstream, at least 1.
        chance_of_end: Returns how likely the operation of a name has ended: 0 to 1.
        breakers: Say which upstreams answer; one that does not gets one poll at a time.
        changed: Set when `granted` has to be asked.

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
        self._shares: dict[str, _Share] = {}

    def admit(self, record: OperationRecord) -> bool:
        """Return whether an operation may be polled now, else let it wait.

        One that waits is among those whom `granted` returns, once it may.
        """
        share = self._shares.setdefault(record.upstream, _Share())
        now = self._clock.monotonic()
        has_turn = record.name in share.granted or (
            share.waiting <= {record.name} and share.free(self._most, now) > 0
        )
        goes = has_turn and self._breakers.allows(record.upstream, record.name)
        if goes:
            share.begin(record.name, now)
            self._breakers.begin(record.upstream, record.name)
        else:
            share.granted.discard(record.name)
            share.waiting.add(record.name)
        if share.waiting:
            self._changed.set()
        return goes

    def granted(self) -> frozenset[str]:
        """Return the names of those who waited, may be polled now, and were not returned before."""
        now = self._clock.monotonic()
        names: set[str] = set()
        for upstream, share in self._shares.items():
            free = self._free(upstream, share, now)
            if share.waiting and free > 0:
                likeliest = heapq.nlargest(free, share.waiting, key=self._chance_of_end)
                share.waiting.difference_update(likeliest)
                share.granted.update(likeliest)
                names.update(likeliest)
                self._breakers.begin(upstream, likeliest[0])
        return frozenset(names)

    def _free(self, upstream: str, share: _Share, now: float) -> int:
        free = share.free(self._most, now)
        if self._breakers.is_closed(upstream):
            return free
        return min(1, free) if self._breakers.allows(upstream) else 0

    def seconds_to_next(self) -> float | None:
        """Return when time alone lets somebody be polled, None if nobody waits for it."""
        now = self._clock.monotonic()
        times = [
            max(opens_at, share.sent[0] + _WINDOW_SECONDS if share.sent else now) - now
            for upstream, share in self._shares.items()
            if share.waiting and (opens_at := self._breakers.opens_at(upstream)) is not None
        ]
        return max(min(times), _BETWEEN_GRANTS_SECONDS) if times else None

    def forget(self, name: str) -> None:
        """Let one wait no more that is polled no more."""
        for upstream, share in self._shares.items():
            self._breakers.release(upstream, name)
            share.waiting.discard(name)
            if name in share.granted:
                share.granted.discard(name)
                self._changed.set()
