# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Moves an operation on by one call to its upstream, by the state that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.model import State

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.engine.ending import Ending
    from longtake_server.operations.engine.polling import Polling
    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.engine.submission import Submission
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import OperationRecord


class Driver:
    """Knows which step an operation needs next."""

    def __init__(
        self,
        ledger: Ledger,
        submission: Submission,
        polling: Polling,
        ending: Ending,
        retries: Retries,
    ) -> None:
        self._ledger = ledger
        self._submission = submission
        self._polling = polling
        self._ending = ending
        self._retries = retries

    async def step(self, name: str) -> datetime | None:
        """Move an operation on by one call to its upstream.

        Returns:
            When the next step is due, or None if the operation has ended.

        Raises:
            ResourceError: It was deleted.
            IllegalTransition: It was changed meanwhile; step again.
            StorageUnavailable: Nothing was changed; step again.

        """
        due = await self._step(await self._ledger.get(name))
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
            case _:
                return None

    def forget(self, name: str) -> None:
        """Forget what is known only here of an operation that has ended or is gone."""
        self._retries.forget(name)
        self._polling.forget(name)

    def later(self, name: str) -> datetime:
        """Return when to try a step again that could not be finished."""
        return self._retries.later(name)
