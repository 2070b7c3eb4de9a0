# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Removes what was kept long enough."""

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

_log = logging.getLogger(__name__)

_AT_ONCE = 100
_BETWEEN_SWEEPS_SECONDS = 60.0


class Retention:
    """Sweeps operations whose expire_time has passed, and old tombstones."""

    def __init__(
        self,
        store: OperationStore,
        ledger: Ledger,
        media: MediaStore,
        clock: Clock,
        tombstones: timedelta,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._media = media
        self._clock = clock
        self._tombstones = tombstones

    async def run(self) -> None:
        """Sweep once a minute, until cancelled."""
        while True:
            try:
                await self.sweep()
            except StorageUnavailable as error:
                _log.error("the retention sweep was broken off", extra={"cause": str(error)})
            await self._clock.sleep(_BETWEEN_SWEEPS_SECONDS)

    async def sweep(self) -> int:
        """Remove all that is due, and return how many operations.

        The videos go first: a sweep that is broken off finds the record again.

        Raises:
            StorageUnavailable: The rest stays for the next sweep.

        """
        removed = 0
        while names := await self._store.expired(self._clock.now(), _AT_ONCE):
            for name in names:
                await self._media.delete(name)
                with contextlib.suppress(ResourceError):
                    await self._ledger.delete(name, expired=True)
                removed += 1
        await self._store.compact(self._clock.now() - self._tombstones)
        return removed
