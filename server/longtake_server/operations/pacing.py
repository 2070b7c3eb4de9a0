# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""When to call the upstream next: pure functions of time and chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often the upstream is asked.

    Attributes:
        shortest_seconds: The least time between two polls of an operation.
        longest_seconds: The most.
        elapsed_share: The time to the next poll as a share of the time since the
            submission: young operations are asked often, old ones less so.
    """

    shortest_seconds: float = 1.0
    longest_seconds: float = 15.0
    elapsed_share: float = 0.15

    def until_next_poll(self, elapsed_seconds: float, chance: float) -> float:
        """Return the seconds until the next poll, up to a tenth less by `chance` (0 to 1)."""
        wanted = elapsed_seconds * self.elapsed_share
        bounded = min(self.longest_seconds, max(self.shortest_seconds, wanted))
        return bounded * (1 - 0.1 * chance)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after a call that started nothing.

    Attributes:
        first_seconds: The wait after the first failure, before chance.
        longest_seconds: The most.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    def after(self, failures: int, chance: float, retry_after: float | None = None) -> float:
        """Return the seconds to wait: doubled each time, halved at most by `chance`.

        Never less than what the upstream asked for.
        """
        doubled = self.first_seconds * 2.0 ** min(max(0, failures - 1), 30)
        waiting = min(self.longest_seconds, doubled) * (1 - 0.5 * chance)
        return max(waiting, retry_after or 0.0)
