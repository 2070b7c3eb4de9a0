# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rate of requests by the generic cell rate algorithm, as a leaky bucket. Pure functions.

Each request fills the bucket, and it leaks at the rate of the limit. All numbers are whole, so the
time of the next request is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from longtake_server.frozen import frozen_by_types

MINUTE_MICROS = 60_000_000
"""A minute in microseconds, and what one request fills in: at a limit of n per minute, a
microsecond drains n."""


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Bucket:
    """The requests of a principal that still count.

    Attributes:
        level: How full it is; MINUTE_MICROS for each request.
        at: When it was that full, in microseconds since 1970-01-01 UTC.
    """

    level: int = 0
    at: int = 0

    def leaked(self, now: int, per_minute: int) -> Bucket:
        """Return the bucket at another time.

        A time before the last request, as another process may have, leaks nothing. One more than a
        minute before it means that the clock was set back: what counted then counts no more.
        """
        if self.at - now > MINUTE_MICROS:
            return Bucket(0, now)
        elapsed = max(0, now - self.at)
        return Bucket(max(0, self.level - elapsed * per_minute), max(now, self.at))

    def wait(self, per_minute: int) -> int:
        """Return in how many microseconds a further request fits; 0 if it does now."""
        surplus = self.level + MINUTE_MICROS - per_minute * MINUTE_MICROS
        return max(0, -(-surplus // per_minute))

    def with_request(self) -> Bucket:
        """Return the bucket with one more request."""
        return Bucket(self.level + MINUTE_MICROS, self.at)
