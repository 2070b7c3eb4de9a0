# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Plans the polls of an operation from the durations of similar operations. No I/O.

The cost of a plan is its number of polls and its delay: the seconds from the end of a generation
to the poll that sees it. A price of one poll, in seconds of delay, makes the two comparable. For a
given price the cheapest plan is found exactly, by dynamic programming from the last bucket back:
the best next poll after each edge. The cost of the rest of a plan after an edge is the minimum of a
set of straight lines, one for each later edge, so one pass over the buckets is enough (the convex
hull trick for least-weight subsequences; D. S. Hirschberg and L. L. Larmore, SIAM J. Comput. 16
(1987), and F. F. Yao's quadrangle inequality).
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

# The prices of a poll that are tried, in seconds of delay, in ascending order.
_PRICES = tuple(0.005 * 1.15**step for step in range(64))


@dataclass(frozen=True, slots=True)
class PollPlan:
    """The best next poll after each edge of the buckets.

    Attributes:
        polls: The average number of polls of a generation.
        delay_seconds: The average delay from the end of a generation to the poll that sees it.
    """

    polls: float
    delay_seconds: float
    _following: tuple[int, ...]
    _left: tuple[float, ...]

    def after(self, elapsed_seconds: float) -> float:
        """Return the time of the next poll, in seconds since the start of the generation.

        Args:
            elapsed_seconds: The time of the previous poll, 0 if there was none.

        """
        edge = bisect_right(EDGES, elapsed_seconds) - 1
        if edge >= len(self._following) - 1:
            return EDGES[-1]
        share = (elapsed_seconds - EDGES[edge]) / (EDGES[edge + 1] - EDGES[edge])
        here, later = EDGES[self._following[edge]], EDGES[self._following[edge + 1]]
        return here + share * (later - here)

    def chance_of_end(self, running_at: float, now: float) -> float:
        """Return the probability (0 to 1) that a generation has ended by `now`.

        Args:
            running_at: The elapsed seconds when it was last seen running.
            now: The elapsed seconds now.

        """
        still = self._still_running(running_at)
        return 1.0 if still <= 0 else 1 - self._still_running(now) / still

    def _still_running(self, seconds: float) -> float:
        edge = bisect_right(EDGES, seconds) - 1
        if edge >= len(self._left) - 1:
            return 0.0
        share = (seconds - EDGES[edge]) / (EDGES[edge + 1] - EDGES[edge])
        return self._left[edge] + share * (self._left[edge + 1] - self._left[edge])


def best_plan(masses: Sequence[float], delay_seconds: float, most_polls: float) -> PollPlan:
    """Return the plan with the fewest polls that meets an average delay.

    If that takes more than `most_polls`, return the plan with the least delay within that limit.

    Args:
        masses: The probability of an end in each bucket of `latencies.EDGES`. They add up to 1.
        delay_seconds: The target for the average delay.
        most_polls: The limit on the average number of polls of a generation.

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
    """Return the cheapest plan for a price of a poll.

    Args:
        masses: As for `best_plan`.
        poll_seconds: The price of a poll in seconds of delay, more than 0.

    """
    return _Ends(masses).plan(poll_seconds)


class _Ends:
    """Prefix sums over the ends of generations, from which the cost of any plan follows."""

    def __init__(self, masses: Sequence[float]) -> None:
        self._ended = tuple(accumulate(masses, initial=0.0))
        self._moments = tuple(accumulate(map(mul, masses, MIDDLES), initial=0.0))
        self._left = tuple(max(0.0, 1 - ended) for ended in self._ended)

    def plan(self, price: float) -> PollPlan:
        """Return the cheapest plan for a price of a poll in seconds of delay."""
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
        """Return the edge of the best next poll after each edge. The last edge has none.

        The least cost from edge i on is
            cost(i) = price left(i) + moment(i) + min over j > i of (height(j) - EDGES[j] ended(i))
            height(j) = EDGES[j] ended(j) - moment(j) + cost(j)
        so each j is a line of slope -EDGES[j], and the minimum is the lowest line at ended(i).
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
    """The lower envelope of lines. Add them by rising slope; query it at falling places."""

    def __init__(self) -> None:
        self._lines: list[tuple[float, float, int]] = []
        self._best = 0

    def add(self, slope: float, height: float, name: int) -> None:
        """Add a line with a greater slope than all lines before it."""
        lines = self._lines
        while len(lines) > 1:
            (slope1, height1, _), (slope2, height2, _) = lines[-2], lines[-1]
            if (height2 - height) * (slope2 - slope1) < (height1 - height2) * (slope - slope2):
                break
            lines.pop()
        lines.append((slope, height, name))

    def at(self, place: float) -> tuple[float, int]:
        """Return the height at a place of the lowest line there, and its name."""
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
