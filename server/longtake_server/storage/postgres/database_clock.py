# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A clock that tells the time of the database, so that all its processes agree."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from longtake_server.clock import Alarm, Clock

_log = logging.getLogger(__name__)

_NOTEWORTHY = timedelta(seconds=1)


class DatabaseClock:
    """The clock of this machine, corrected by what the database tells.

    Leases, rates, budgets and deadlines of one process are compared with the clock of another, so
    clocks a minute apart would end a lease early or refuse calls for a minute.

    Args:
        clock: The clock of this machine.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = timedelta(0)

    def told(self, time: datetime, asked: datetime) -> None:
        """Note the time of the database, which it told between `asked` and now.

        The correction changes only if it contradicts that, so a slow answer does no harm.

        Args:
            time: What the database told.
            asked: The time of this machine when it was asked, from `uncorrected`.

        """
        lowest, highest = time - self._clock.now(), time - asked
        offset = min(max(self._offset, lowest), highest)
        if abs(offset - self._offset) >= _NOTEWORTHY:
            _log.warning(
                "the clock of this machine differs from the database's, which counts",
                extra={"seconds": round(-offset.total_seconds(), 3)},
            )
        self._offset = offset

    def uncorrected(self) -> datetime:
        """Return the time of this machine."""
        return self._clock.now()

    def now(self) -> datetime:
        """Return the time of the database in UTC, as far as it is known."""
        return self._clock.now() + self._offset

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return self._clock.monotonic()

    def boottime(self) -> float:
        """See Clock.boottime."""
        return self._clock.boottime()

    async def sleep(self, seconds: float) -> None:
        """See Clock.sleep."""
        await self._clock.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Alarm:
        """See Clock.call_later."""
        return self._clock.call_later(seconds, callback)
