# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How much one model of one upstream takes: at once, in a minute, and after it refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.admission.turns import Turns

if TYPE_CHECKING:
    from longtake_server.operations.polling.pacing import Backoff

MINUTE_SECONDS = 60.0
# So many submissions at once without a refusal, and none was needed.
_WIDE_OPEN = 64.0
_NEWEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Quota:
    """What a target takes; None is any number.

    Attributes:
        at_once: Generations that are being submitted or run.
        per_minute: Submissions in a minute.
    """

    at_once: int | None = None
    per_minute: int | None = None


class Target:
    """A model of an upstream. Times are seconds of a monotonic clock.

    After a refusal nobody is sent until the wait is over, and then so few at the same time
    as half of those that were being sent, at least one; each one that is taken allows one more.

    Attributes:
        turns: Who waits.
        granted: Those that may be submitted and have not begun.
        submitting: Those whose submission is under way.
        running: Those that the upstream works on.
    """

    def __init__(self, quota: Quota) -> None:
        self.turns = Turns()
        self.granted: set[str] = set()
        self.submitting: set[str] = set()
        self.running: set[str] = set()
        self._quota = quota
        self._begun: dict[str, float] = {}
        self._closed_until = 0.0
        self._refusals = 0
        self._most_sending: float | None = None
        self._generation_seconds: float | None = None

    def open(self, now: float) -> bool:
        """Return whether one more may go now."""
        opens = self.opens_at(now)
        return opens is not None and opens <= now

    def is_closed(self, now: float) -> bool:
        """Return whether nobody is sent because of a refusal."""
        return now < self._closed_until

    def opens_at(self, now: float) -> float | None:
        """Return when one more may go: now, later, or None for when another has ended."""
        held = len(self.granted) + len(self.submitting) + len(self.running)
        if self._quota.at_once is not None and held >= self._quota.at_once:
            return None
        sending = len(self.granted) + len(self.submitting)
        if self._most_sending is not None and sending >= math.floor(self._most_sending):
            return None
        return max(now, self._closed_until, self._minute_moves(now))

    def _minute_moves(self, now: float) -> float:
        most = self._quota.per_minute
        if most is None:
            return now
        begun = [time for time in self._begun.values() if time > now - MINUTE_SECONDS]
        surplus = len(begun) + len(self.granted) - most
        if surplus < 0:
            return now
        if surplus >= len(begun):
            return now + MINUTE_SECONDS
        return sorted(begun)[surplus] + MINUTE_SECONDS

    def submit(self, name: str, now: float) -> None:
        """Note that a submission begins."""
        self.granted.discard(name)
        self.submitting.add(name)
        self.begin(name, now, now)

    def run(self, name: str) -> None:
        """Note that a generation runs."""
        self.running.add(name)

    def leave(self, name: str) -> None:
        """Note that an operation is no longer what it was."""
        for each in (self.granted, self.submitting, self.running):
            each.discard(name)

    def begin(self, name: str, at: float, now: float) -> None:
        """Count a submission that began at a time."""
        if self._quota.per_minute is None:
            return
        old = now - MINUTE_SECONDS
        while self._begun and next(iter(self._begun.values())) <= old:
            del self._begun[next(iter(self._begun))]
        self._begun.pop(name, None)
        self._begun[name] = at

    def nothing_begun(self, name: str) -> None:
        """Count a submission no more: the upstream surely did not take it."""
        self._begun.pop(name, None)

    def refused(
        self, now: float, retry_after: float | None, backoff: Backoff, chance: float
    ) -> float:
        """Slow down, and return in how many seconds one may be sent again."""
        if now >= self._closed_until:
            # Of many that were under way together, only the first makes the wait longer.
            self._refusals += 1
        wait = backoff.after(self._refusals if retry_after is None else 1, chance, retry_after)
        self._closed_until = max(self._closed_until, now + wait)
        sending = self._most_sending or float(len(self.submitting))
        self._most_sending = max(1.0, sending / 2)
        return self._closed_until - now

    def taken(self) -> None:
        """Note that the upstream took a submission: it may be sent one more at once."""
        self._refusals = 0
        if self._most_sending is not None:
            more = self._most_sending + 1
            self._most_sending = more if more < _WIDE_OPEN else None

    def generated(self, seconds: float) -> None:
        """Note how long a generation took, for estimates."""
        known = self._generation_seconds
        self._generation_seconds = (
            seconds if known is None else known + _NEWEST_SHARE * (seconds - known)
        )

    def seconds_until_start(self, position: int, now: float) -> float | None:
        """Return the likely wait of the one at a position (1 is next), None if not known."""
        waits = [max(0.0, (self.opens_at(now) or now) - now)]
        if self._quota.per_minute is not None:
            waits.append(waits[0] + (position - 1) // self._quota.per_minute * MINUTE_SECONDS)
        if self._quota.at_once is not None:
            if self._generation_seconds is None:
                return None
            waits.append(self._generation_seconds * position / self._quota.at_once)
        return max(waits)
