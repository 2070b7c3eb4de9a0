# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts failed calls and backs off, separately for each operation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.polling.backoff import Backoff


class Retries:
    """Counts the consecutive failures of each operation.

    Args:
        backoff: The waits after failures.
        clock: Time.
        chance: Returns a number from 0 to 1, for jitter.

    """

    def __init__(self, backoff: Backoff, clock: Clock, chance: Callable[[], float]) -> None:
        self._backoff = backoff
        self._clock = clock
        self._chance = chance
        self._failures: dict[str, int] = {}

    def later(self, name: str, retry_after: float | None = None) -> datetime:
        """Count a failure, and return when to try again.

        Args:
            name: The operation.
            retry_after: The seconds that the upstream asked to wait, if any.

        """
        failures = self._failures.get(name, 0) + 1
        self._failures[name] = failures
        return self.after(failures, retry_after)

    def after(self, failures: int, retry_after: float | None = None) -> datetime:
        """Return when to try again after `failures` failures, which the caller counts."""
        return self._clock.now() + timedelta(seconds=self.seconds(failures, retry_after))

    def seconds(self, failures: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after `failures` failures, which the caller counts."""
        return self._backoff.after(failures, self._chance(), retry_after)

    def has_failed(self, name: str) -> bool:
        """Return whether the latest call for an operation failed."""
        return name in self._failures

    def forget(self, name: str) -> None:
        """Reset the failure count of an operation."""
        self._failures.pop(name, None)
