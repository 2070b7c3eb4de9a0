# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where to place the polls of an operation, by how long those like it took. No I/O.

A plan costs polls and delay: the seconds from an end to the poll that sees it. For a given
price of a poll, in seconds of delay, the plan that costs least is found exactly: from the
last bucket back, the best next poll after each edge. What follows the poll at an edge costs
the least of a set of straight lines, one for each later edge, so that one pass over the
buckets finds it for all (the convex hull trick for least-weight subsequences; D. S. Hirschberg
and L. L. Larmore, SIAM J. Comput. 16 (1987), F. F. Yao's quadrangle inequality).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING

from longtake_server.operations.polling.latencies import EDGES, MIDDLES

if TYPE_CHECKING:
    from collections.abc import Sequence

# Prices of a poll in seconds of delay, the cheapest first.
_PRICES = tuple(0.005 * 1.15**step for step in range(64))


@dataclass(frozen=True, slots=True)
class PollPlan:
    """The best next poll after each edge of the buckets.

    Attributes:
        polls: Polls of a generation, on average.
        delay_seconds: From its end to the poll that sees it, on average.
    """

    polls: float
    delay_seconds: float
    _following: tuple[int, ...]
    _left: tuple[float, ...]

    def after(self, elapsed_seconds: float) -> float:
        """Return when to poll next, in seconds since the start.

        Args:
            elapsed_seconds: The time of the poll before, 0 for the first.

        """
        edge = bisect_right(EDGES, elapsed_seconds) - 1
        if edge >= len(self._following) - 1:
            return EDGES[-1]
        share = (elapsed_seconds - EDGES[edge]) / (EDGES[edge + 1] - EDGES[edge])
        here, later = EDGES[self._following[edge]], EDGES[self._following[edge + 1]]
        return here + share * (later - here)

    def chance_of_end(self, running_at: float, now: float) -> float:
        """Return how likely one that ran at a time has ended by now: 0 to 1."""
        still = self._still_running(running_at)
        return 1.0 if still <= 0 else 1 - self._still_running(now) / still

    def _still_running(self, seconds: float) -> float:
        edge = bisect_right(EDGES, seconds) - 1
        if edge >= len(self._left) - 1:
            return 0.0
        share = (seconds - EDGES[edge]) / (EDGES[edge + 1] - EDGES[edge])
        return self._left[edge] + share * (self._left[edge + 1] - self._left[edge])


def best_plan(masses: Sequence[float], delay_seconds: float, most_polls: float) -> PollPlan:
    """Return the plan with the fewest polls for an average delay.

    Where that takes more polls than are allowed, it is the one with the least delay for as
    many as are allowed.

    Args:
        masses: How likely an end is in each bucket of `latencies.EDGES`; they add up to one.
        delay_seconds: The average delay that is wanted.
        most_polls: Polls of a generation that are allowed on average.

    """
    ends = _Ends(masses)
    allowed, too_late = 0, len(_PRICES)
    while allowed < too_late:
        middle = (allowed + too_late) // 2
        plan = ends.plan(_PRICES[middle])
        if plan.polls <= most_polls and plan.delay_seconds > delay_seconds:
            too_late = middle
        else:
            allowed = middle + 1
    plan = ends.plan(_PRICES[max(0, too_late - 1)])
    if plan.polls > most_polls and too_late < len(_PRICES):
        return ends.plan(_PRICES[too_late])
    return plan


def plan_at_price(masses: Sequence[float], poll_seconds: float) -> PollPlan:
    """Return the plan that costs least where a poll costs so many seconds of delay.

    Args:
        masses: As for `best_plan`.
        poll_seconds: The price, more than 0.

    """
    return _Ends(masses).plan(poll_seconds)


class _Ends:
    """When generations end, summed up so that any plan is weighed by differences."""

    def __init__(self, masses: Sequence[float]) -> None:
        self._ended = tuple(accumulate(masses, initial=0.0))
        self._moments = tuple(accumulate(map(mul, masses, MIDDLES), initial=0.0))
        self._left = tuple(max(0.0, 1 - ended) for ended in self._ended)

    def plan(self, price: float) -> PollPlan:
        """Return the plan that costs least where a poll costs so many seconds of delay."""
        following = self._following(price)
        polls = delay = 0.0
        edge = 0
        while edge < len(EDGES) - 1:
            poll = following[edge]
            polls += self._left[edge]
            delay += EDGES[poll] * (self._ended[poll] - self._ended[edge])
            delay -= self._moments[poll] - self._moments[edge]
            edge = poll
        return PollPlan(polls, delay, following, self._left)

    def _following(self, price: float) -> tuple[int, ...]:
        """Return the edge of the best next poll after each edge; the last has none.

        From the edge i on the least cost is
            cost(i) = price left(i) + moment(i) + min over j > i of (height(j) - EDGES[j] ended(i))
            height(j) = EDGES[j] ended(j) - moment(j) + cost(j)
        so each j is a line of slope -EDGES[j], and i asks for the lowest one at ended(i).
        """
        last = len(EDGES) - 1
        following = [last] * (last + 1)
        lines = _LowestLines()
        cost = 0.0
        for edge in range(last - 1, -1, -1):
            later = edge + 1
            height = EDGES[later] * self._ended[later] - self._moments[later] + cost
            lines.add(-EDGES[later], height, later)
            lowest, following[edge] = lines.at(self._ended[edge])
            cost = price * self._left[edge] + self._moments[edge] + lowest
        return tuple(following)


class _LowestLines:
    """The lower envelope of lines that are added by rising slope and asked by falling place."""

    def __init__(self) -> None:
        self._lines: list[tuple[float, float, int]] = []
        self._best = 0

    def add(self, slope: float, height: float, name: int) -> None:
        """Add a line that is steeper upwards than all before."""
        lines = self._lines
        while len(lines) > 1:
            (slope1, height1, _), (slope2, height2, _) = lines[-2], lines[-1]
            if (height2 - height) * (slope2 - slope1) < (height1 - height2) * (slope - slope2):
                break
            lines.pop()
        lines.append((slope, height, name))

    def at(self, place: float) -> tuple[float, int]:
        """Return the lowest line's height at a place, and its name."""
        lines = self._lines
        best = min(self._best, len(lines) - 1)
        slope, height, name = lines[best]
        lowest = slope * place + height
        while best + 1 < len(lines):
            slope, height, other = lines[best + 1]
            if slope * place + height > lowest:
                break
            lowest, name = slope * place + height, other
            best += 1
        self._best = best
        return lowest, name
