# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Who goes next: callers by turns, a caller's own by priority and age. No I/O."""

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


class Turns:
    """Those who wait for one target.

    The caller whose last turn is longest ago goes next, so that each has as many turns
    as any other while it has something that waits.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Place]] = {}
        self._last_turn: dict[str, int] = {}
        self._turn = 0

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
            self._last_turn.clear()

    def taken(self, caller: str) -> None:
        """Note that a caller had its turn just now. It matters only while somebody waits."""
        if self._waiting:
            self._turn += 1
            self._last_turn[caller] = self._turn

    def next(self) -> str:
        """Return the name of the operation that goes next. Somebody must wait."""
        caller = min(self._waiting, key=self._turn_of)
        return self._waiting[caller][0].name

    def order(self) -> Iterator[str]:
        """Yield the names of all in the order in which they go if nothing else comes."""
        callers = sorted(self._waiting, key=self._turn_of)
        left = [iter(tuple(self._waiting[caller])) for caller in callers]
        while left:
            going = [(places, next(places, None)) for places in left]
            yield from (place.name for _, place in going if place is not None)
            left = [places for places, place in going if place is not None]

    def _turn_of(self, caller: str) -> int:
        return self._last_turn.get(caller, 0)
