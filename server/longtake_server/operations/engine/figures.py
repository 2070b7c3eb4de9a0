# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records what commits change as metrics and spans, and counts the operations in progress."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from longtake_server.operations.model import State
from longtake_server.operations.results.usage import usage_after_deletion, usage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.clock import Clock
    from longtake_server.operations.accounting import Usage
    from longtake_server.operations.admission.admission import Admission
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.scheduler import PollScheduler
    from longtake_server.telemetry import Telemetry

_DELETED = "DELETED"
_IN_PROGRESS = (State.QUEUED, State.SUBMITTING, State.RUNNING)


class Figures:
    """Records commits, and counts what is in progress.

    Args:
        admission: Knows the operations that have not ended.
        poll_scheduler: Knows how long generations take.
        clock: The time source.
        telemetry: Receives the metrics and spans.

    """

    def __init__(
        self,
        admission: Admission,
        poll_scheduler: PollScheduler,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._admission = admission
        self._poll_scheduler = poll_scheduler
        self._clock = clock
        self._telemetry = telemetry

    def overdue(self) -> int:
        """Return how many generations are overdue. See PollScheduler.overdue."""
        return self._poll_scheduler.overdue()

    def states(self) -> Mapping[str, int]:
        """Return how many operations are in each state of those in progress."""
        counts = Counter(record.state for record in self._admission.in_progress())
        return {state.value: counts[state] for state in _IN_PROGRESS}

    def queue_age(self) -> float:
        """Return the age of the oldest queued operation in seconds; 0 if none."""
        queued = (
            record.create_time
            for record in self._admission.in_progress()
            if record.state is State.QUEUED
        )
        oldest = min(queued, default=None)
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    def reserved_micros(self) -> Mapping[str, int]:
        """Return the reserved cost of each caller in micro-dollars."""
        sums: Counter[str] = Counter()
        for record in self._admission.in_progress():
            sums[record.caller] += usage_of(record).reserved_micros
        return sums

    def committed(self, before: OperationRecord | None, after: OperationRecord | None) -> None:
        """Record a commit.

        Args:
            before: The record before it, if the operation had not ended.
            after: The record after it, None if the operation was deleted.

        """
        if before is None or before is after:
            return
        if after is None:
            self._telemetry.finished(before.model, before.caller, _DELETED, "")
            self._settle(before, usage_after_deletion(before))
        elif after.done:
            self._ended(after)
        elif after.state is State.RUNNING and before.state is State.SUBMITTING:
            waited = (after.update_time - after.create_time).total_seconds()
            self._telemetry.left_queue(after.model, max(0.0, waited))

    def _ended(self, record: OperationRecord) -> None:
        state, reason = record.state.value, record.failure.reason if record.failure else ""
        began, ended = record.create_time.timestamp(), record.update_time.timestamp()
        telemetry = self._telemetry
        telemetry.finished(record.model, record.caller, state, reason)
        telemetry.took(record.model, state, max(0.0, ended - began))
        telemetry.spans.operation(record.name, record.trace, (began, ended), state, reason)
        self._settle(record, usage_of(record))

    def _settle(self, record: OperationRecord, usage: Usage) -> None:
        self._telemetry.settled(
            record.served_model, record.caller, usage.settled_micros, usage.billed_milliseconds
        )
