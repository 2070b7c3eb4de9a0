# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Follows the limits and the thresholds of budgets in the store, once a second."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from longtake_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.operations.admission.dispatcher import Dispatcher
    from longtake_server.operations.store import OperationStore
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 1.0
_BATCH_SIZE = 100


class LimitsWatch:
    """Logs and counts the thresholds that budgets reach, and refreshes the limits of admission."""

    def __init__(
        self, store: OperationStore, dispatcher: Dispatcher, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._telemetry = telemetry
        self._told = 0

    async def resume(self) -> None:
        """Leave out the thresholds that an earlier process told. Raises StorageUnavailable."""
        self._told = await self._store.newest_budget_event()

    async def run(self) -> None:
        """Repeat `step` once a second until cancelled."""
        while True:
            try:
                await self.step()
            except StorageUnavailable as error:
                _log.error(
                    "cannot read limits and budgets; trying again", extra={"cause": str(error)}
                )
            await self._clock.sleep(_INTERVAL_SECONDS)

    async def step(self) -> None:
        """Read what is new. Raises StorageUnavailable."""
        await self._dispatcher.refresh_limits()
        while events := await self._store.budget_events(self._told, _BATCH_SIZE):
            for event in events:
                self._telemetry.budget_threshold(event.measure.value, event.percent)
                _log.warning(
                    "a budget has reached a threshold",
                    extra={
                        "budget": event.subject,
                        "period": event.period_key,
                        "measure": event.measure.value,
                        "percent": event.percent,
                    },
                )
            self._told = events[-1].number
