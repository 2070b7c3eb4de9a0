# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""When to poll next: pure functions of time and chance."""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from longtake_server.operations.polling.latencies import MIDDLES
from longtake_server.operations.polling.plan import best_plan

if TYPE_CHECKING:
    from longtake_server.operations.polling.latencies import Latencies
    from longtake_server.operations.polling.plan import PollPlan

_FEWEST_POLLS = 3.3
_LEARNING_POLLS = 3.0
_JITTER_SHARE = 0.05
_JITTER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often the upstream is asked for an operation.

    Attributes:
        shortest_seconds: The least time between two polls.
        longest_seconds: The most.
        delay_seconds: From the end of a generation to the poll that sees it, on average.
            It is reached with as few polls as that takes.
        generation_seconds_per_poll: What bounds the polls where ends are hard to foresee:
            one in so many seconds, on average over all generations of a kind.
    """

    shortest_seconds: float = 0.5
    longest_seconds: float = 120.0
    delay_seconds: float = 0.75
    generation_seconds_per_poll: float = 20.0

    def plan(self, latencies: Latencies) -> PollPlan:
        """Return where to poll generations that take as long as those before.

        This takes some hundredths of a second.
        """
        masses = latencies.masses()
        mean = sum(map(mul, masses, MIDDLES))
        allowed = max(_FEWEST_POLLS, mean / self.generation_seconds_per_poll)
        # Where little is known, each poll also tells when generations end.
        learning = 1 + _LEARNING_POLLS / (1 + latencies.weight)
        return best_plan(masses, self.delay_seconds, allowed * learning)

    def until_next_poll(self, plan: PollPlan, elapsed_seconds: float, chance: float) -> float:
        """Return the seconds until the next poll, a little more or less by `chance` (0 to 1)."""
        planned = plan.after(elapsed_seconds) - elapsed_seconds
        jitter = min(_JITTER_SHARE * planned, _JITTER_SECONDS)
        bounded = max(self.shortest_seconds, planned + (chance - 0.5) * jitter)
        return min(self.longest_seconds, bounded)
