# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Advances an operation by one step: at most one call to its upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.model import State
from longtake_server.telemetry.logs import note_trace

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.engine.ending import Ending
    from longtake_server.operations.engine.late_polling import LatePolling
    from longtake_server.operations.engine.polling import Polling
    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.engine.submission import Submission
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import OperationRecord


class Driver:
    """Chooses and runs the next step of an operation from its state."""

    def __init__(
        self,
        ledger: Ledger,
        submission: Submission,
        polling: Polling,
        late_polling: LatePolling,
        ending: Ending,
        retries: Retries,
    ) -> None:
        self._ledger = ledger
        self._submission = submission
        self._polling = polling
        self._late_polling = late_polling
        self._ending = ending
        self._retries = retries

    async def step(self, name: str) -> datetime | None:
        """Run the next step of an operation.

        Returns:
            When the next step is due, or None if the operation has ended and no step is left.

        Raises:
            ResourceError: The operation was deleted.
            IllegalTransition: The operation changed during the step; step again.
            StorageUnavailable: Nothing was stored; step again.

        """
        record = await self._ledger.get(name)
        note_trace(record.trace)
        due = await self._step(record)
        if due is None:
            self.forget(name)
        return due

    async def _step(self, record: OperationRecord) -> datetime | None:
        match record.state:
            case State.QUEUED:
                return await self._submission.submit(record)
            case State.SUBMITTING:
                return await self._submission.outcome_unknown(record)
            case State.RUNNING if record.cancel_requested:
                return await self._ending.cancel(record)
            case State.RUNNING:
                return await self._polling.poll(record)
            case State.FAILED if record.may_succeed_late:
                return await self._late_polling.poll(record)
            case _:
                return None

    def forget(self, name: str) -> None:
        """Drop the in-memory state of an operation that has ended or was deleted."""
        self._retries.forget(name)
        self._polling.forget(name)

    def later(self, name: str) -> datetime:
        """Count a failed step, and return when to run it again."""
        return self._retries.later(name)
