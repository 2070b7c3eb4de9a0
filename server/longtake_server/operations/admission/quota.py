# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The quota of one model at one upstream: concurrency, submissions per minute, and backoff."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.admission.fair_queue import FairQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.operations.polling.backoff import Backoff

MINUTE_SECONDS = 60.0
# The limit on concurrent submissions is dropped once it has grown to this without a refusal.
_MAX_SUBMITTING_LIMIT = 64.0
_NEWEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """The limits of a quota. None means no limit.

    Attributes:
        concurrent: The most generations that are being submitted or run concurrently.
        per_minute: The most submissions in any minute.
    """

    concurrent: int | None = None
    per_minute: int | None = None


class Quota:
    """The quota of one model at one upstream. Times are seconds of a monotonic clock.

    After a refusal no operation is submitted until the backoff ends. Then the limit on concurrent
    submissions is half of what was in progress, at least one, and grows by one with each accepted
    submission.

    Args:
        limits: The limits.
        may_start: See FairQueue.

    Attributes:
        queue: The operations that wait for this quota.
        granted: The operations that may be submitted but whose submission has not begun.
        submitting: The operations whose submission is in progress.
        running: The operations that run at the upstream.
    """

    def __init__(
        self, limits: QuotaLimits, may_start: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.queue = FairQueue(may_start)
        self.granted: set[str] = set()
        self.submitting: set[str] = set()
        self.running: set[str] = set()
        self._limits = limits
        self._submission_times: dict[str, float] = {}
        self._retry_at = 0.0
        self._refusals = 0
        self._submitting_limit: float | None = None
        self._generation_seconds: float | None = None

    def is_open(self, now: float) -> bool:
        """Return whether one more operation may be submitted now."""
        opens = self.opens_at(now)
        return opens is not None and opens <= now

    def is_backing_off(self, now: float) -> bool:
        """Return whether submissions are held back after a refusal."""
        return now < self._retry_at

    def opens_at(self, now: float) -> float | None:
        """Return when one more operation may be submitted.

        None if an operation has to end or be accepted first.
        """
        in_use = len(self.granted) + len(self.submitting) + len(self.running)
        if self._limits.concurrent is not None and in_use >= self._limits.concurrent:
            return None
        sending = len(self.granted) + len(self.submitting)
        if self._submitting_limit is not None and sending >= math.floor(self._submitting_limit):
            return None
        return max(now, self._retry_at, self._rate_opens_at(now))

    def _rate_opens_at(self, now: float) -> float:
        limit = self._limits.per_minute
        if limit is None:
            return now
        counted = self._submission_times.items()
        times = [now if name in self.submitting else time for name, time in counted]
        times = [time for time in times if time > now - MINUTE_SECONDS]
        surplus = len(times) + len(self.granted) - limit
        if surplus < 0:
            return now
        if surplus >= len(times):
            return now + MINUTE_SECONDS
        return sorted(times)[surplus] + MINUTE_SECONDS

    def start_submission(self, name: str, now: float) -> None:
        """Note that a submission begins."""
        self.granted.discard(name)
        self.submitting.add(name)
        self.count_submission(name, now, now)

    def start_running(self, name: str) -> None:
        """Note that a generation runs."""
        self.running.add(name)

    def leave(self, name: str, now: float) -> None:
        """Remove an operation from the state that it was in.

        A submission counts from its end on: the upstream may have received it that late.
        """
        if name in self.submitting and name in self._submission_times:
            self.count_submission(name, now, now)
        for each in (self.granted, self.submitting, self.running):
            each.discard(name)

    def count_submission(self, name: str, at: float, now: float) -> None:
        """Count a submission toward the limit per minute.

        Args:
            name: The operation.
            at: When the upstream received it, at the latest.
            now: The present time.

        """
        if self._limits.per_minute is None:
            return
        self._submission_times = {
            one: time
            for one, time in self._submission_times.items()
            if time > now - MINUTE_SECONDS or one in self.submitting
        }
        self._submission_times[name] = at

    def uncount_submission(self, name: str) -> None:
        """Stop counting a submission that the upstream certainly did not accept."""
        self._submission_times.pop(name, None)

    def refused(
        self, now: float, retry_after: float | None, backoff: Backoff, chance: float
    ) -> float:
        """Back off after a refusal, and return the seconds until the next submission."""
        if now >= self._retry_at:
            # Of several submissions refused together, only the first lengthens the backoff.
            self._refusals += 1
        wait = backoff.after(self._refusals if retry_after is None else 1, chance, retry_after)
        self._retry_at = max(self._retry_at, now + wait)
        sending = self._submitting_limit or float(len(self.submitting))
        self._submitting_limit = max(1.0, sending / 2)
        return self._retry_at - now

    def accepted(self) -> None:
        """Note an accepted submission: raise the limit on concurrent submissions by one."""
        self._refusals = 0
        if self._submitting_limit is not None:
            more = self._submitting_limit + 1
            self._submitting_limit = more if more < _MAX_SUBMITTING_LIMIT else None

    def record_duration(self, seconds: float) -> None:
        """Note the duration of a generation, for estimates."""
        known = self._generation_seconds
        self._generation_seconds = (
            seconds if known is None else known + _NEWEST_SHARE * (seconds - known)
        )

    def seconds_until_start(self, position: int, now: float) -> float | None:
        """Return the estimated wait at a queue position (1 is next), or None if unknown."""
        waits = [max(0.0, (self.opens_at(now) or now) - now)]
        if self._limits.per_minute is not None:
            waits.append(waits[0] + (position - 1) // self._limits.per_minute * MINUTE_SECONDS)
        if self._limits.concurrent is not None:
            if self._generation_seconds is None:
                return None
            waits.append(self._generation_seconds * position / self._limits.concurrent)
        return max(waits)
