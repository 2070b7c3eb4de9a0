# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Removes expired operations and old tombstones."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from longtake_server.errors import ResourceError, StorageUnavailable

if TYPE_CHECKING:
    from datetime import timedelta

    from longtake_server.clock import Clock
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.store import OperationStore
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_BATCH_SIZE = 100
_SWEEP_INTERVAL_SECONDS = 60.0


class Retention:
    """Removes operations whose expire_time has passed, their videos, and old tombstones."""

    def __init__(
        self,
        store: OperationStore,
        ledger: Ledger,
        media: MediaStore,
        clock: Clock,
        tombstones: timedelta,
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._media = media
        self._clock = clock
        self._tombstones = tombstones
        self._telemetry = telemetry

    async def run(self) -> None:
        """Sweep once a minute until cancelled."""
        while True:
            try:
                await self.sweep()
            except StorageUnavailable as error:
                self._telemetry.store_fault("engine")
                _log.error(
                    "the retention sweep stopped early; the next one continues",
                    extra={"cause": str(error)},
                )
            await self._clock.sleep(_SWEEP_INTERVAL_SECONDS)

    async def sweep(self) -> int:
        """Remove everything that is due, and return the number of operations removed.

        Videos are deleted before their record, so that an interrupted sweep finds the record again.

        Raises:
            StorageUnavailable: The store failed; the next sweep removes the rest.

        """
        removed = 0
        while names := await self._store.expired(self._clock.now(), _BATCH_SIZE):
            for name in names:
                await self._media.delete(name)
                with contextlib.suppress(ResourceError):
                    await self._ledger.delete(name, expired=True)
                removed += 1
        await self._store.compact(self._clock.now() - self._tombstones)
        return removed
