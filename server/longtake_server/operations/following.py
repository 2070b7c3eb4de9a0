# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Follows the changes that other replicas make, and publishes them in this process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from longtake_server.errors import PositionAhead, PositionExpired, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Clock
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.store import OperationStore

_log = logging.getLogger(__name__)

_BATCH_SIZE = 200
_RETRY_SECONDS = 1.0


class Follower:
    """Reads the feed of the store, updates the ledger and wakes watchers.

    The changes of this process come along too. The ledger knows them by their revision.

    Args:
        store: Keeps the operations.
        ledger: Publishes the changes.
        clock: The time source.
        went_back: Called if the store has a lower position than was seen before: it was replaced by
            an older copy of itself, and what was submitted since is not known any more.

    """

    def __init__(
        self,
        store: OperationStore,
        ledger: Ledger,
        clock: Clock,
        went_back: Callable[[], None],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._went_back = went_back
        self._position = 0

    async def start(self) -> None:
        """Follow from the present position on. Call this before the ledger is used.

        Raises:
            StorageUnavailable: The store cannot be read.

        """
        self._position = await self._store.position()

    async def run(self) -> None:
        """Wait for news and publish it, until cancelled."""
        while True:
            try:
                await self._store.news(self._position)
                await self.step()
            except StorageUnavailable as error:
                _log.error("cannot follow the store; trying again", extra={"cause": str(error)})
                await self._clock.sleep(_RETRY_SECONDS)

    async def step(self) -> None:
        """Publish all changes that were not seen yet. Raises StorageUnavailable."""
        try:
            while changes := await self._store.changes(self._position, _BATCH_SIZE):
                for change in changes:
                    self._ledger.follow(change)
                self._position = changes[-1].position
        except PositionAhead:
            self._went_back()
            await self._start_anew()
        except PositionExpired:
            # This process was suspended for days.
            await self._start_anew()

    async def _start_anew(self) -> None:
        self._position = await self._store.position()
        self._ledger.distrust()
