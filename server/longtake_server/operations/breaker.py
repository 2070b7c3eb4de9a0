# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Circuit breakers: an upstream that does not answer is probed by one call at a time.

Each region of an upstream has a breaker of its own. No I/O.
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
    from longtake_server.operations.upstream import NotNow

_FAILURES_TO_OPEN = 3
"""The failed calls that open a breaker. A single call may fail for a reason of its own."""

_MIN_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """An upstream that does not answer.

    Attributes:
        failure: Why the last call failed. Contains no secret.
        retry_time: When the upstream is probed next.
    """

    failure: Failure
    retry_time: datetime


class _Breaker:
    """The breaker of one upstream. Times are seconds of a monotonic clock.

    Attributes:
        closed: Whether all calls are allowed. If not, one call at a time is, from `retry_at` on.
        probe: The operation that makes the probing call, None if there is none.
        failure: Why the last call failed, None if none has failed.
        failures: The failed calls since the last answer; while open, only probes count.
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
        clock: The time source.
        wait: Returns the seconds to wait, given the number of failures and the seconds that the
            upstream asked to wait, if any.
        changed: Called with the name of an upstream and a failure when it stops answering, and
            with None when it answers again. Must not block.

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
        """Return whether all calls to an upstream are allowed."""
        return self._of(upstream).closed

    def allows(self, upstream: str, name: str = "") -> bool:
        """Return whether a call is allowed now, for one operation or by default for any."""
        return self._of(upstream).allows(name, self._clock.monotonic())

    def opens_at(self, upstream: str) -> float | None:
        """Return the monotonic time from which a call is allowed, None while a probe runs."""
        return self._of(upstream).opens_at(self._clock.monotonic())

    def begin(self, upstream: str, name: str) -> None:
        """Note the start of a call that `allows` has allowed."""
        breaker = self._of(upstream)
        if not breaker.closed:
            breaker.probe = name

    def release(self, upstream: str, name: str) -> None:
        """Note that an operation makes no more calls, whether or not one was answered."""
        breaker = self._of(upstream)
        if breaker.probe == name:
            breaker.probe = None
            breaker.retry_at = self._clock.monotonic() + _MIN_WAIT_SECONDS

    def suspect(self, upstreams: Iterable[str]) -> None:
        """Open the breakers of upstreams until one call has probed each, as after a restart."""
        for upstream in upstreams:
            breaker = self._of(upstream)
            breaker.closed, breaker.retry_at = False, self._clock.monotonic()

    def answered(self, upstream: str) -> None:
        """Close the breaker: the upstream answered a call, even if with an error."""
        breaker = self._of(upstream)
        if breaker.closed and not breaker.failures:
            return
        was_out = not breaker.closed and breaker.failure is not None
        self._breakers[upstream] = _Breaker()
        if was_out:
            self._changed(upstream, None)

    def not_now(self, upstream: str, name: str, error: NotNow) -> float:
        """Note a call that started nothing. A refusal for lack of quota is an answer.

        Returns:
            The seconds until the next call is allowed, 0 if the breaker is closed.

        """
        if error.lacks_quota:
            self.answered(upstream)
            return 0.0
        return self.unanswered(
            upstream, name, error.failure, error.retry_after, surely=not error.reached
        )

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
            failure: Why there was no answer.
            retry_after: The seconds that the upstream asked to wait, if any.
            surely: Whether this call alone proves an outage and opens the breaker.

        Returns:
            The seconds until the next call is allowed, 0 if the breaker is still closed.

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
            # The call was in progress when the breaker opened.
            return max(0.0, breaker.retry_at - now)
        was_out = not breaker.closed and breaker.failure is not None
        wait = max(_MIN_WAIT_SECONDS, self._wait(breaker.failures, retry_after))
        breaker.closed, breaker.probe, breaker.failure = False, None, failure
        breaker.retry_at = now + wait
        if not was_out:
            self._changed(upstream, failure)
        return wait

    def outage(self, upstream: str) -> Outage | None:
        """Return the outage of an upstream, or None if it answers or was not called yet."""
        breaker = self._breakers.get(upstream)
        if breaker is None or breaker.closed or breaker.failure is None:
            return None
        wait = max(0.0, breaker.retry_at - self._clock.monotonic())
        return Outage(breaker.failure, self._clock.now() + timedelta(seconds=wait))

    def outages(self) -> Mapping[str, Outage | None]:
        """Return the outage of each upstream called so far, None for those that answer."""
        return {name: self.outage(name) for name in self._breakers}

    def answering(self) -> Mapping[str, bool]:
        """Return whether each upstream answers, for those called so far."""
        return {
            name: breaker.closed or breaker.failure is None
            for name, breaker in self._breakers.items()
        }

    def _of(self, upstream: str) -> _Breaker:
        if (known := self._breakers.get(upstream)) is None:
            known = self._breakers[upstream] = _Breaker()
        return known
