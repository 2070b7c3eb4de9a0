# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Exponential backoff with jitter. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff for calls that started nothing.

    Attributes:
        first_seconds: The wait after the first failure, without jitter.
        longest_seconds: The longest wait, unless the upstream asks for a longer one.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    def after(self, failures: int, chance: float, retry_after: float | None = None) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            failures: The number of consecutive failures. Each one doubles the wait.
            chance: 0 to 1; reduces the wait by up to a half.
            retry_after: The seconds that the upstream asked to wait, which is the minimum.

        """
        doubled = self.first_seconds * 2.0 ** min(max(0, failures - 1), 30)
        waiting = min(self.longest_seconds, doubled) * (1 - 0.5 * chance)
        return max(waiting, retry_after or 0.0)
