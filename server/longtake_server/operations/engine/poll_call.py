# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One poll of a generation, within the poll budget and the circuit breaker of its upstream."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.engine.ending import generation_of, no_answer
from longtake_server.operations.upstream import Broken, NotNow, OutcomeUnknown, Rejected

if TYPE_CHECKING:
    from longtake_server.operations.breaker import Breakers
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.budget import PollBudget
    from longtake_server.operations.upstream import PollResult, Upstream
    from longtake_server.telemetry import Telemetry

# A waiting operation is woken when the budget grants its poll. These fallbacks apply if the
# process that would wake it dies.
_POLL_FALLBACK = timedelta(seconds=15)
_OUTAGE_FALLBACK = timedelta(seconds=60)


class PollCall:
    """Polls generations, and tells the breakers which upstreams answer."""

    def __init__(self, poll_budget: PollBudget, breakers: Breakers, telemetry: Telemetry) -> None:
        self._poll_budget = poll_budget
        self._breakers = breakers
        self._telemetry = telemetry

    def wait(self, record: OperationRecord) -> timedelta | None:
        """Return None if an operation may be polled now, or else how long it waits at most."""
        if self._poll_budget.admit(record):
            return None
        answers = self._breakers.is_closed(record.upstream)
        return _POLL_FALLBACK if answers else _OUTAGE_FALLBACK

    async def poll(self, record: OperationRecord, upstream: Upstream) -> PollResult:
        """Poll a generation that need not wait. Raises as Upstream.poll."""
        with self._telemetry.poll(generation_of(record, upstream)) as span:
            try:
                result = await upstream.poll(record.name, record.upstream_operation)
            except Rejected as error:
                span.outcome("rejected", error.failure.reason)
                self._breakers.answered(record.upstream)
                raise
            except NotNow as error:
                span.outcome("not_now", error.failure.reason)
                self._breakers.not_now(record.upstream, record.name, error)
                raise
            except OutcomeUnknown as error:
                failure = no_answer(record.upstream, error)
                span.outcome("unknown", failure.reason)
                self._breakers.unanswered(record.upstream, record.name, failure)
                raise
            reason = result.failure.reason if isinstance(result, Broken) else ""
            span.outcome(type(result).__name__.lower(), reason)
        self._breakers.answered(record.upstream)
        return result

    def forget(self, name: str) -> None:
        """Drop an operation that is no longer polled."""
        self._poll_budget.forget(name)
