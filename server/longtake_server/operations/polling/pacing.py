# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the time of the next poll. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from longtake_server.operations.polling.latencies import MIDDLES
from longtake_server.operations.polling.plan import best_plan

if TYPE_CHECKING:
    from longtake_server.operations.polling.latencies import Latencies
    from longtake_server.operations.polling.plan import PollPlan

_MIN_POLLS = 3.3
_LEARNING_POLLS = 3.0
_JITTER_SHARE = 0.05
_JITTER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often a running operation is polled.

    Attributes:
        shortest_seconds: The shortest time between two polls.
        longest_seconds: The longest time between two polls.
        delay_seconds: The target for the average delay from the end of a generation to the
            poll that sees it. It is met with as few polls as possible.
        generation_seconds_per_poll: Bounds the number of polls if ends are hard to predict: on
            average over all generations of a kind, one poll in this many seconds.
    """

    shortest_seconds: float = 0.5
    longest_seconds: float = 120.0
    delay_seconds: float = 0.75
    generation_seconds_per_poll: float = 20.0

    def plan(self, latencies: Latencies) -> PollPlan:
        """Return the poll plan for generations whose durations follow `latencies`.

        Takes some hundredths of a second, so call it in a thread.
        """
        masses = latencies.masses()
        mean = sum(map(mul, masses, MIDDLES))
        allowed = max(_MIN_POLLS, mean / self.generation_seconds_per_poll)
        # With few observations, extra polls pay off: they also measure the durations.
        learning = 1 + _LEARNING_POLLS / (1 + latencies.weight)
        return best_plan(masses, self.delay_seconds, allowed * learning)

    def until_next_poll(self, plan: PollPlan, elapsed_seconds: float, chance: float) -> float:
        """Return the seconds until the next poll, with jitter from `chance` (0 to 1)."""
        planned = plan.after(elapsed_seconds) - elapsed_seconds
        jitter = min(_JITTER_SHARE * planned, _JITTER_SECONDS)
        bounded = max(self.shortest_seconds, planned + (chance - 0.5) * jitter)
        return min(self.longest_seconds, bounded)
