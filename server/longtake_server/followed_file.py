# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Follows a file that the operator may change at any time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from longtake_server.configuration.files import text_of
from longtake_server.errors import StartFailure, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from longtake_server.clock import Clock

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 1.0


class FollowedFile:
    """Uses the text of a file now, and again when it has changed.

    Args:
        file: The file.
        kind: What it is, for messages: `budgets`.
        use: Called with the text and the file. What it raises leaves what was in force before.
        clock: The time source.

    """

    def __init__(
        self, file: Path, kind: str, use: Callable[[str, Path], Awaitable[None]], clock: Clock
    ) -> None:
        self._file = file
        self._kind = kind
        self._use = use
        self._clock = clock
        self._used: str | None = None
        self._seen: str | None = None
        self._refused: str | None = None

    async def load(self) -> None:
        """Use the file.

        Raises:
            StartFailure: It cannot be read, or `use` refuses its text.
            StorageUnavailable: The store failed.

        """
        await self._use_text(await asyncio.to_thread(text_of, self._file, self._kind))

    async def _use_text(self, text: str) -> None:
        await self._use(text, self._file)
        self._used = text
        _log.info("the %s file is in force", self._kind, extra={"file": str(self._file)})

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await self._clock.sleep(_INTERVAL_SECONDS)
            await self.step()

    async def step(self) -> None:
        """Use the file if it has changed. What is wrong is logged once."""
        try:
            text = await asyncio.to_thread(text_of, self._file, self._kind)
            # A file that is being written may look whole. It is used once it stays as it is.
            is_settled, self._seen = text == self._seen, text
            if is_settled and text != self._used:
                await self._use_text(text)
            self._refused = self._refused if text != self._used else None
        except (StartFailure, StorageUnavailable) as error:
            if str(error) != self._refused:
                _log.error(
                    "cannot use the %s file; what was in force before stays",
                    self._kind,
                    extra={"cause": str(error)},
                )
            self._refused = str(error)
