# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How long to wait before a broken stream is taken up again, and when to give up. No I/O."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake.errors import LongtakeError

# The most seconds that one stream lasts before it is resumed, so that none hangs for ever.
STREAM_SECONDS = 600.0

# Codes that proxies, broken connections and STREAM_SECONDS produce. The server gives a
# reason with its own.
_MADE_ON_THE_WAY = frozenset({"INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"})


def _jitter() -> float:
    # `random.random` itself belongs to a generator, which would be pickled with a policy.
    return random.random()  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How watches and downloads are resumed. The defaults try for about a minute.

    Attributes:
        initial_seconds: The first wait.
        multiplier: What each wait is multiplied by for the next.
        max_seconds: The longest wait.
        attempts: How often in a row, without a message in between.
        jitter: Returns a number from 0 to 1; a wait is shortened to between half and all of it.
    """

    initial_seconds: float = 0.25
    multiplier: float = 2.0
    max_seconds: float = 15.0
    attempts: int = 10
    jitter: Callable[[], float] = field(default=_jitter, repr=False)


class Backoff:
    """Counts failures in a row."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures = 0

    def reset(self) -> None:
        """Begin anew, since something arrived."""
        self._failures = 0

    def next_delay(self, error: LongtakeError) -> float:
        """Return the seconds to wait before the next attempt, at least what the server asks for.

        Raises:
            LongtakeError: The error given, since it does not pass or the attempts are used up.

        """
        if not is_passing(error) or self._failures >= self._policy.attempts:
            raise error
        policy = self._policy
        longest = policy.initial_seconds * policy.multiplier**self._failures
        wait = min(policy.max_seconds, longest) * (1 + policy.jitter()) / 2
        self._failures += 1
        return wait + (error.retry_after or 0.0)


def is_passing(error: LongtakeError) -> bool:
    """Return whether the same call may work on another attempt."""
    if error.status == "UNAVAILABLE":
        return True
    return error.status in _MADE_ON_THE_WAY and not error.reason


class Deadline:
    """The end of a wait.

    Args:
        timeout: Seconds from now, or None for no end.
        now: The clock.

    """

    def __init__(self, timeout: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._timeout = timeout
        self._end = None if timeout is None else now() + timeout

    def remaining(self, name: str, most: float) -> float:
        """Return the seconds that are left, at most so many.

        Raises:
            TimeoutError: None are left; the message names the operation.

        """
        if self._end is None:
            return most
        left = self._end - self._now()
        if left <= 0:
            raise TimeoutError(f"{name} has not ended within {self._timeout:g} seconds; it goes on")
        return min(left, most)
