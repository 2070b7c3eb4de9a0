# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A queue that is fair among callers. Within a caller, priority and then age decide."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord


class _Place(NamedTuple):
    """The sort key of an operation within its caller's queue; the smallest goes first."""

    negated_priority: int
    create_time: datetime
    name: str


def _place(record: OperationRecord) -> _Place:
    return _Place(-record.priority, record.create_time, record.name)


class FairQueue:
    """The operations that wait for one quota.

    The next operation belongs to the caller that was served least recently, so callers with
    waiting operations are served equally often.

    Args:
        may_start: Whether one more operation of a caller may start. Callers at their own limit are
            passed over.

    """

    def __init__(self, may_start: Callable[[str], bool] = lambda _: True) -> None:
        self._may_start = may_start
        self._waiting: dict[str, list[_Place]] = {}
        self._last_served: dict[str, int] = {}
        self._servings = 0

    def __bool__(self) -> bool:
        """Whether any operation waits."""
        return bool(self._waiting)

    def add(self, record: OperationRecord) -> None:
        """Add an operation."""
        places, place = self._waiting.setdefault(record.caller, []), _place(record)
        if not places or places[-1] < place:
            # Most are the newest, and a search looks at many that are not in the processor's cache.
            places.append(place)
        else:
            insort(places, place)

    def remove(self, record: OperationRecord) -> None:
        """Remove an operation, which must be in the queue."""
        places = self._waiting[record.caller]
        del places[bisect_left(places, _place(record))]
        if not places:
            del self._waiting[record.caller]
        if not self._waiting:
            self._last_served.clear()

    def served(self, caller: str) -> None:
        """Note that a caller was just served. Has no effect on an empty queue."""
        if self._waiting:
            self._servings += 1
            self._last_served[caller] = self._servings

    def next(self) -> str | None:
        """Return the name of the next operation that may start, or None."""
        ready = filter(self._may_start, self._waiting)
        caller = min(ready, key=self._last_served_at, default=None)
        return None if caller is None else self._waiting[caller][0].name

    @property
    def callers(self) -> Collection[str]:
        """The callers with waiting operations."""
        return self._waiting.keys()

    def order(self) -> Iterator[str]:
        """Yield the names of all operations in the order in which they would be served."""
        callers = sorted(self._waiting, key=self._last_served_at)
        remaining = [iter(tuple(self._waiting[caller])) for caller in callers]
        while remaining:
            turns = [(places, next(places, None)) for places in remaining]
            yield from (place.name for _, place in turns if place is not None)
            remaining = [places for places, place in turns if place is not None]

    def _last_served_at(self, caller: str) -> int:
        return self._last_served.get(caller, 0)
