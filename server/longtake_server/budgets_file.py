# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the limits in the store equal to those of a file, which may change at any time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from longtake_server.configuration.files import text_of
from longtake_server.errors import StartFailure, StorageUnavailable
from longtake_server.operations.budgets.document import parse
from longtake_server.operations.budgets.limits import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake_server.clock import Clock
    from longtake_server.operations.budget_store import BudgetStore
    from longtake_server.operations.budgets.limits import Limits

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 1.0
_KIND = "budgets"


def read_budgets(file: Path) -> Mapping[str, Limits]:
    """Return the limits of a file. Blocks.

    Raises:
        StartFailure: The file cannot be read, or something in it is wrong. Holds all faults.

    """
    return parse(text_of(file, _KIND), file)


class BudgetsFile:
    """Follows the file.

    Args:
        file: The file, None for no file: then no limits are a file's.
        store: Keeps the limits.
        clock: The time source.

    """

    def __init__(self, file: Path | None, store: BudgetStore, clock: Clock) -> None:
        self._file = file
        self._store = store
        self._clock = clock
        self._stored: str | None = None
        self._seen: str | None = None
        self._refused: str | None = None

    async def load(self) -> None:
        """Store the limits of the file.

        Raises:
            StartFailure: As `read_budgets`. The stored limits stay.
            StorageUnavailable: The store failed.

        """
        if self._file is None:
            await self._store.replace_limits(Source.FILE, {})
            return
        await self._store_text(await asyncio.to_thread(text_of, self._file, _KIND), self._file)

    async def _store_text(self, text: str, file: Path) -> None:
        documents = await asyncio.to_thread(parse, text, file)
        await self._store.replace_limits(Source.FILE, documents)
        self._stored = text
        _log.info("the budgets file is in force", extra={"subjects": len(documents)})

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while self._file is not None:
            await self._clock.sleep(_INTERVAL_SECONDS)
            await self.step(self._file)

    async def step(self, file: Path) -> None:
        """Store the limits of the file if it changed. What is wrong is logged once."""
        try:
            text = await asyncio.to_thread(text_of, file, _KIND)
            # A file that is being written may look whole. It is used once it stays as it is.
            is_settled, self._seen = text == self._seen, text
            if is_settled and text != self._stored:
                await self._store_text(text, file)
            self._refused = self._refused if text != self._stored else None
        except (StartFailure, StorageUnavailable) as error:
            if str(error) != self._refused:
                _log.error(
                    "cannot use the budgets file; the limits of before stay",
                    extra={"cause": str(error)},
                )
            self._refused = str(error)
