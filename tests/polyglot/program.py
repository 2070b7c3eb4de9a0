# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A program of any language that tells what it does in lines of JSON."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Program:
    """A program that runs."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process = process
        self._errors = errors

    async def step(self, name: str) -> dict[str, Any]:
        """Return the next object that it prints, whose `step` must be this."""
        _, told = await self.any_of(name)
        return told

    async def any_of(self, *names: str) -> tuple[str, dict[str, Any]]:
        """Return the next object that it prints after its `step`, which must be one of these."""
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        assert line, f"it ended before {names}:\n{self._errors.read_text()}"
        told: dict[str, Any] = json.loads(line)
        step = told.pop("step")
        assert step in names, line
        return step, told

    async def end(self) -> None:
        """Wait for its end, which must be a good one without further output."""
        rest, _ = await self._process.communicate()
        assert rest == b""
        assert self._process.returncode == 0, self._errors.read_text()


@asynccontextmanager
async def program(*command: str | Path, errors: Path) -> AsyncIterator[Program]:
    """Run a command while it lasts; its standard error goes to a file."""
    with errors.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    try:
        yield Program(process, errors)
    finally:
        if process.returncode is None:
            process.kill()
            # Reads to the end, so that no transport is left open.
            await process.communicate()
