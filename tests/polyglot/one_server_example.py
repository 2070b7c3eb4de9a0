# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a language's example as a stranger would."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from processes.running import server, simulator

from polyglot.toolchains import run

if TYPE_CHECKING:
    from pathlib import Path


async def make_a_video(folder: Path, *command: str | Path) -> None:
    """The program makes a video of a prompt, and says so: `command "prompt" out.mp4`."""
    out_file = folder / "out.mp4"
    async with simulator(folder) as upstream, server(folder, upstream) as longtake:
        await longtake.start()
        said = await asyncio.to_thread(
            run, *command, "A paper boat", out_file,
            environment={"LONGTAKE_ADDRESS": longtake.address},
        )  # fmt: skip
    assert "SUCCEEDED" in said.split()
    assert hashlib.sha256(out_file.read_bytes()).hexdigest() in said
