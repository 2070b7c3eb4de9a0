# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How long to wait before a call that started nothing is made again. Pure."""

from __future__ import annotations

from dataclasses import dataclass


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
