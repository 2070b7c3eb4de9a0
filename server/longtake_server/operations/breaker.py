# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker for each upstream: one that does not answer is probed by one call at a time.

A region of an upstream is an upstream of its own here. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.model import Failure

_FAILURES_TO_OPEN = 3
"""A call may fail by its own fault, so that one alone proves nothing of the upstream."""

_SHORTEST_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """An upstream that does not answer.

    Attributes:
        failure: Why the last call failed; holds no secret.
        retry_time: When it is tried again.
    """

    failure: Failure
    retry_time: datetime


class _Breaker:
    """The breaker of one upstream. Times are seconds of a monotonic clock.

    Attributes:
        closed: Whether every call goes. If not, one at a time may go, from `retry_at` on.
        probe: The operation that makes the call, if one does.
        failure: Why the last call failed; None if no call has failed yet.
        failures: Failed calls since the last answer; many at once count as one.
    """

    def __init__(self) -> None:
        self.closed = True
        self.retry_at = 0.0
        self.probe: str | None = None
        self.failure: Failure | None = None
        self.failures = 0

    def allows(self, name: str, now: float) -> bool:
        return self.closed or (now >= self.retry_at and self.probe in (None, name))

    def opens_at(self, now: float) -> float | None:
        if self.closed:
            return now
        return None if self.probe is not None else max(now, self.retry_at)


class Breakers:
    """The breakers of all upstreams.

    Args:
        clock: Time.
        wait: Returns the seconds to wait after a number of failures and, if the upstream
            asked for it, at least so many seconds.
        changed: Told the name of an upstream that stopped answering, with the failure, or
            that answers again, with None. Must not block.

    """

    def __init__(
        self,
        clock: Clock,
        wait: Callable[[int, float | None], float],
        changed: Callable[[str, Failure | None], None],
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._changed = changed
        self._breakers: dict[str, _Breaker] = {}

    def is_closed(self, upstream: str) -> bool:
        """Return whether every call of an upstream goes."""
        return self._of(upstream).closed

    def allows(self, upstream: str, name: str = "") -> bool:
        """Return whether a call for an operation may go now, by default for any of them."""
        return self._of(upstream).allows(name, self._clock.monotonic())

    def opens_at(self, upstream: str) -> float | None:
        """Return from when a call may go: now, later, or None while another call probes."""
        return self._of(upstream).opens_at(self._clock.monotonic())

    def begin(self, upstream: str, name: str) -> None:
        """Take note that a call for an operation goes, which `allows` has allowed."""
        breaker = self._of(upstream)
        if not breaker.closed:
            breaker.probe = name

    def release(self, upstream: str, name: str) -> None:
        """Take note that no call for an operation is made any more, whatever came of it."""
        breaker = self._of(upstream)
        if breaker.probe == name:
            breaker.probe = None
            breaker.retry_at = self._clock.monotonic() + _SHORTEST_WAIT_SECONDS

    def suspect(self, upstreams: Iterable[str]) -> None:
        """Let one call alone find out whether an upstream answers, as after a restart."""
        for upstream in upstreams:
            breaker = self._of(upstream)
            breaker.closed, breaker.retry_at = False, self._clock.monotonic()

    def answered(self, upstream: str) -> None:
        """Close the breaker: the upstream answered a call, whatever its answer was."""
        breaker = self._of(upstream)
        was_closed, was_out = breaker.closed, breaker.failure is not None
        self._breakers[upstream] = _Breaker()
        if not was_closed and was_out:
            self._changed(upstream, None)

    def unanswered(
        self,
        upstream: str,
        name: str,
        failure: Failure,
        retry_after: float | None = None,
        *,
        surely: bool = False,
    ) -> float:
        """Count a call that the upstream did not answer.

        Args:
            upstream: The upstream.
            name: The operation for which the call was made.
            failure: What happened.
            retry_after: Seconds that the upstream asked to wait.
            surely: Whether one such call suffices to open the breaker.

        Returns:
            The seconds until a call may go.

        """
        breaker, now = self._of(upstream), self._clock.monotonic()
        if breaker.closed:
            breaker.failures += 1
            if not surely and breaker.failures < _FAILURES_TO_OPEN:
                return 0.0
            breaker.failures = 1
        elif breaker.probe == name:
            breaker.failures += 1
        else:
            # It was under way when the breaker opened.
            return max(0.0, breaker.retry_at - now)
        was_known = not breaker.closed and breaker.failure is not None
        wait = max(_SHORTEST_WAIT_SECONDS, self._wait(breaker.failures, retry_after))
        breaker.closed, breaker.probe, breaker.failure = False, None, failure
        breaker.retry_at = now + wait
        if not was_known:
            self._changed(upstream, failure)
        return wait

    def outage(self, upstream: str) -> Outage | None:
        """Return why an upstream does not answer, None if it does or nothing is known."""
        breaker = self._breakers.get(upstream)
        if breaker is None or breaker.closed or breaker.failure is None:
            return None
        wait = max(0.0, breaker.retry_at - self._clock.monotonic())
        return Outage(breaker.failure, self._clock.now() + timedelta(seconds=wait))

    def answering(self) -> Mapping[str, bool]:
        """Return of each upstream that was called whether it answers."""
        return {
            name: breaker.closed or breaker.failure is None
            for name, breaker in self._breakers.items()
        }

    def _of(self, upstream: str) -> _Breaker:
        return self._breakers.setdefault(upstream, _Breaker())
