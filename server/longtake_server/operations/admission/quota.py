# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How much one model of one upstream takes: concurrently, per minute, and after a refusal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.admission.fair_queue import FairQueue

if TYPE_CHECKING:
    from longtake_server.operations.polling.backoff import Backoff

MINUTE_SECONDS = 60.0
# So many submissions at once without a refusal, and none was needed.
_UNLIMITED_SENDING = 64.0
_NEWEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """The limits of a quota; None is no limit.

    Attributes:
        concurrent: Generations that are submitted or run at the same time.
        per_minute: Submissions in a minute.
    """

    concurrent: int | None = None
    per_minute: int | None = None


class Quota:
    """The quota of one model at one upstream. Times are seconds of a monotonic clock.

    After a refusal nobody is sent until the wait is over, and then so few at the same time
    as half of those that were being sent, at least one; each one that is taken allows one more.

    Attributes:
        queue: The operations that wait.
        granted: Those that may be submitted and have not begun.
        submitting: Those whose submission is under way.
        running: Those that the upstream works on.
    """

    def __init__(self, limits: QuotaLimits) -> None:
        self.queue = FairQueue()
        self.granted: set[str] = set()
        self.submitting: set[str] = set()
        self.running: set[str] = set()
        self._limits = limits
        self._begun: dict[str, float] = {}
        self._retry_at = 0.0
        self._refusals = 0
        self._sending_limit: float | None = None
        self._generation_seconds: float | None = None

    def is_open(self, now: float) -> bool:
        """Return whether one more may go now."""
        opens = self.opens_at(now)
        return opens is not None and opens <= now

    def is_backing_off(self, now: float) -> bool:
        """Return whether nobody is sent because of a refusal."""
        return now < self._retry_at

    def opens_at(self, now: float) -> float | None:
        """Return when one more may go: now, later, or None for when another has ended."""
        held = len(self.granted) + len(self.submitting) + len(self.running)
        if self._limits.concurrent is not None and held >= self._limits.concurrent:
            return None
        sending = len(self.granted) + len(self.submitting)
        if self._sending_limit is not None and sending >= math.floor(self._sending_limit):
            return None
        return max(now, self._retry_at, self._minute_frees_at(now))

    def _minute_frees_at(self, now: float) -> float:
        most = self._limits.per_minute
        if most is None:
            return now
        begun = [time for time in self._begun.values() if time > now - MINUTE_SECONDS]
        surplus = len(begun) + len(self.granted) - most
        if surplus < 0:
            return now
        if surplus >= len(begun):
            return now + MINUTE_SECONDS
        return sorted(begun)[surplus] + MINUTE_SECONDS

    def start_submission(self, name: str, now: float) -> None:
        """Note that a submission begins."""
        self.granted.discard(name)
        self.submitting.add(name)
        self.count_submission(name, now, now)

    def start_running(self, name: str) -> None:
        """Note that a generation runs."""
        self.running.add(name)

    def leave(self, name: str) -> None:
        """Note that an operation is no longer what it was."""
        for each in (self.granted, self.submitting, self.running):
            each.discard(name)

    def count_submission(self, name: str, at: float, now: float) -> None:
        """Count a submission that began at a time."""
        if self._limits.per_minute is None:
            return
        old = now - MINUTE_SECONDS
        while self._begun and next(iter(self._begun.values())) <= old:
            del self._begun[next(iter(self._begun))]
        self._begun.pop(name, None)
        self._begun[name] = at

    def uncount_submission(self, name: str) -> None:
        """Count a submission no more: the upstream surely did not take it."""
        self._begun.pop(name, None)

    def refused(
        self, now: float, retry_after: float | None, backoff: Backoff, chance: float
    ) -> float:
        """Slow down, and return in how many seconds one may be sent again."""
        if now >= self._retry_at:
            # Of many that were under way together, only the first makes the wait longer.
            self._refusals += 1
        wait = backoff.after(self._refusals if retry_after is None else 1, chance, retry_after)
        self._retry_at = max(self._retry_at, now + wait)
        sending = self._sending_limit or float(len(self.submitting))
        self._sending_limit = max(1.0, sending / 2)
        return self._retry_at - now

    def accepted(self) -> None:
        """Note that the upstream took a submission: it may be sent one more at once."""
        self._refusals = 0
        if self._sending_limit is not None:
            more = self._sending_limit + 1
            self._sending_limit = more if more < _UNLIMITED_SENDING else None

    def record_duration(self, seconds: float) -> None:
        """Note how long a generation took, for estimates."""
        known = self._generation_seconds
        self._generation_seconds = (
            seconds if known is None else known + _NEWEST_SHARE * (seconds - known)
        )

    def seconds_until_start(self, position: int, now: float) -> float | None:
        """Return the likely wait of the one at a position (1 is next), None if not known."""
        waits = [max(0.0, (self.opens_at(now) or now) - now)]
        if self._limits.per_minute is not None:
            waits.append(waits[0] + (position - 1) // self._limits.per_minute * MINUTE_SECONDS)
        if self._limits.concurrent is not None:
            if self._generation_seconds is None:
                return None
            waits.append(self._generation_seconds * position / self._limits.concurrent)
        return max(waits)
