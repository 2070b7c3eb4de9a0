# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets a test wait for the lines of the access log."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class AccessLines(logging.Handler):
    """Collects the lines of the access log."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: asyncio.Queue[logging.LogRecord] = asyncio.Queue()
        self.all: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a line."""
        self._lines.put_nowait(record)

    async def next(self) -> dict[str, Any]:
        """Return the fields of the next line, once there is one."""
        line = vars(await self._lines.get())
        self.all.append(line)
        return line

    async def until(self, message: str) -> dict[str, Any]:
        """Return the fields of the next line with a message, once there is one."""
        while (line := await self.next())["msg"] != message:
            pass
        return line


@contextmanager
def access_lines() -> Iterator[AccessLines]:
    """Collect what is logged in the block."""
    log = logging.getLogger("longtake_server.access")
    lines, level = AccessLines(), log.level
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
