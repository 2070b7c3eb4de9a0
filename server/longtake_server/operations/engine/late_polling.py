# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Polls the generation of a failed operation that may go on, and settles it if it succeeded.

The upstream bills such a generation, so its cost must be what was delivered. The last poll comes
one generation limit after the end of the operation; a push brings another one forward. After that,
the work of the operation stays, far off, only so that a push can wake it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.model import LateSuccess
from longtake_server.operations.upstream import Finished, NotNow, OutcomeUnknown, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.engine.ending import Ending
    from longtake_server.operations.engine.limits import Limits
    from longtake_server.operations.engine.poll_call import PollCall
    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.upstream import Upstream

_log = logging.getLogger(__name__)

# Retention removes an operation, and its work, soon after it expires.
_AFTER_EXPIRY = timedelta(days=1)


class LatePolling:
    """Runs the last step of operations that failed while their generation may go on."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        media: MediaStore,
        upstreams: Mapping[str, Upstream],
        call: PollCall,
        ending: Ending,
        retries: Retries,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._ledger = ledger
        self._media = media
        self._upstreams = upstreams
        self._call = call
        self._ending = ending
        self._retries = retries
        self._clock = clock
        self._limits = limits

    async def poll(self, record: OperationRecord) -> datetime | None:
        """Poll a generation if the budget allows it; return when its operation is due again.

        Only a success changes the operation. A poll that fails is repeated, for at most one
        more generation limit.

        Raises as Driver.step.
        """
        upstream = self._upstreams.get(record.upstream)
        is_over = self._clock.now() > _ended(record) + 2 * self._limits.generation
        if upstream is None or (is_over and self._retries.has_failed(record.name)):
            return self._later(record)
        if (wait := self._call.wait(record)) is not None:
            return self._clock.now() + wait
        try:
            result = await self._call.poll(record, upstream)
        except Rejected:
            return self._later(record)
        except (NotNow, OutcomeUnknown) as error:
            retry_after = error.retry_after if isinstance(error, NotNow) else None
            return self._retries.later(record.name, retry_after)
        if not isinstance(result, Finished):
            return self._later(record)
        await self._settle(record, result)
        return None

    async def _settle(self, record: OperationRecord, result: Finished) -> None:
        # Inline videos are in the media store by now. Deleted first, none stays after a crash.
        await self._media.delete(record.name)
        bill = await self._ending.bill(record, result)
        event = LateSuccess(billed_seconds=bill.seconds, cost_micros=bill.cost_micros)
        await self._ledger.commit(record.name, event, record)
        _log.warning(
            "a generation succeeded after its operation had failed",
            extra={"operation": record.name, "upstream": record.upstream},
        )

    def _later(self, record: OperationRecord) -> datetime:
        """Return when the last poll is due, or, if it is past, a time that only a push precedes."""
        self._retries.forget(record.name)
        self._call.forget(record.name)
        now = self._clock.now()
        last_poll = _ended(record) + self._limits.generation
        if now < last_poll:
            return last_poll
        return max(now, record.expire_time or now) + _AFTER_EXPIRY


def _ended(record: OperationRecord) -> datetime:
    return record.end_time or record.update_time
