# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the limits in the store equal to those of a file, which may change at any time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from longtake_server.configuration.files import text_of
from longtake_server.followed_file import FollowedFile
from longtake_server.operations.budgets.document import parse
from longtake_server.operations.budgets.limits import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake_server.clock import Clock
    from longtake_server.operations.budget_store import BudgetStore
    from longtake_server.operations.budgets.limits import Limits

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
        self._store = store
        self._followed = (
            None if file is None else FollowedFile(file, _KIND, self._store_text, clock)
        )

    async def load(self) -> None:
        """Store the limits of the file.

        Raises:
            StartFailure: As `read_budgets`. The stored limits stay.
            StorageUnavailable: The store failed.

        """
        if self._followed is None:
            await self._store.replace_limits(Source.FILE, {})
        else:
            await self._followed.load()

    async def _store_text(self, text: str, file: Path) -> None:
        documents = await asyncio.to_thread(parse, text, file)
        await self._store.replace_limits(Source.FILE, documents)

    async def run(self) -> None:
        """Follow the file until cancelled."""
        if self._followed is not None:
            await self._followed.run()

    async def step(self) -> None:
        """Store the limits of the file if it changed. What is wrong is logged once."""
        if self._followed is not None:
            await self._followed.step()
