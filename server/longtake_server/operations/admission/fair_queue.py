# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A queue that is fair among callers; a caller's own operations go by priority and age."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord


class _Place(NamedTuple):
    """What orders a caller's own operations: the least goes first."""

    lowness: int
    create_time: datetime
    name: str


def _place(record: OperationRecord) -> _Place:
    return _Place(-record.priority, record.create_time, record.name)


class FairQueue:
    """The operations that wait for one quota.

    The caller that was served longest ago goes next, so that each caller with waiting
    operations is served equally often.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Place]] = {}
        self._last_served: dict[str, int] = {}
        self._servings = 0

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def add(self, record: OperationRecord) -> None:
        """Let an operation wait."""
        insort(self._waiting.setdefault(record.caller, []), _place(record))

    def remove(self, record: OperationRecord) -> None:
        """Let an operation wait no more."""
        places = self._waiting[record.caller]
        del places[bisect_left(places, _place(record))]
        if not places:
            del self._waiting[record.caller]
        if not self._waiting:
            self._last_served.clear()

    def served(self, caller: str) -> None:
        """Note that a caller was served just now. It matters only while an operation waits."""
        if self._waiting:
            self._servings += 1
            self._last_served[caller] = self._servings

    def next(self) -> str:
        """Return the name of the operation that goes next. Somebody must wait."""
        caller = min(self._waiting, key=self._last_served_at)
        return self._waiting[caller][0].name

    def order(self) -> Iterator[str]:
        """Yield the names of all in the order in which they go if nothing else comes."""
        callers = sorted(self._waiting, key=self._last_served_at)
        left = [iter(tuple(self._waiting[caller])) for caller in callers]
        while left:
            going = [(places, next(places, None)) for places in left]
            yield from (place.name for _, place in going if place is not None)
            left = [places for places, place in going if place is not None]

    def _last_served_at(self, caller: str) -> int:
        return self._last_served.get(caller, 0)
