# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How long to wait before resuming a broken stream, and when to give up. No I/O."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from longtake.errors import LongtakeError, Unauthenticated

# The deadline of one stream. It is resumed afterwards, so that none hangs for ever.
STREAM_SECONDS = 600.0

# Codes that proxies, broken connections and STREAM_SECONDS produce. Errors of the server
# itself have a reason. CANCELLED is what gRPC of a stopping server answers to calls that still
# arrive. A call that its own caller cancels ends without an error of this kind.
_MADE_ON_THE_WAY = frozenset({"CANCELLED", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"})


def _jitter() -> float:
    # `random.random` itself belongs to a generator, which would be pickled with a policy.
    return random.random()  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How watches and downloads are resumed. The defaults try for about a minute.

    Attributes:
        initial_seconds: The first wait, in seconds.
        multiplier: The factor from each wait to the next.
        max_seconds: The longest wait, in seconds.
        attempts: The most attempts in a row that bring nothing new.
        jitter: Returns a number from 0 to 1. It shortens a wait to between half and all of it.
    """

    initial_seconds: float = 0.25
    multiplier: float = 2.0
    max_seconds: float = 15.0
    attempts: int = 10
    jitter: Callable[[], float] = field(default=_jitter, repr=False)


class TokenRefused(LongtakeError):
    """A stream ended because its token was refused, and another one may be accepted.

    Never reaches a caller.

    Attributes:
        refusal: The refusal.
    """

    def __init__(self, refusal: Unauthenticated) -> None:
        super().__init__(refusal.status, refusal.message)
        self.refusal = refusal


class Backoff:
    """Counts consecutive failures."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures = 0
        self._has_renewed_token = False

    def reset(self) -> None:
        """Start counting from zero, because a message arrived."""
        self._failures = 0
        self._has_renewed_token = False

    def next_delay(self, error: LongtakeError) -> float:
        """Return the seconds to wait before the next attempt, at least what the server asks for.

        Raises:
            LongtakeError: The given error, if it is permanent or no attempts are left, or if a
                renewed token is refused, too.

        """
        if isinstance(error, TokenRefused):
            if self._has_renewed_token:
                raise error.refusal
            self._has_renewed_token = True
            return 0.0
        if not is_passing(error) or self._failures >= self._policy.attempts:
            raise error
        policy = self._policy
        longest = policy.initial_seconds * policy.multiplier**self._failures
        wait = min(policy.max_seconds, longest) * (1 + policy.jitter()) / 2
        self._failures += 1
        return wait + (error.retry_after or 0.0)


def is_passing(error: LongtakeError) -> bool:
    """Return whether the same call may succeed on another attempt."""
    if error.status == "UNAVAILABLE":
        return True
    return error.status in _MADE_ON_THE_WAY and not error.reason


class Deadline:
    """The end of a wait.

    Args:
        timeout: Seconds from now, or None for no limit.
        now: The clock.

    """

    def __init__(self, timeout: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._timeout = timeout
        self._end = None if timeout is None else now() + timeout

    def remaining(self, name: str, most: float) -> float:
        """Return the remaining seconds, but not more than `most`.

        Raises:
            TimeoutError: No time is left. The message names the operation.

        """
        if self._end is None:
            return most
        left = self._end - self._now()
        if left <= 0:
            raise TimeoutError(f"{name} has not ended within {self._timeout:g} seconds; it goes on")
        return min(left, most)
