# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The example of a language, run as a reader would, and with one of two servers dead."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from typing import TYPE_CHECKING

from processes.running import server, simulator

if TYPE_CHECKING:
    from pathlib import Path


async def generate_beside_a_dead_server(folder: Path, *command: str | Path) -> None:
    """The example generates, tells each state, and saves the video that it tells of."""
    out_file = folder / "boat.mp4"
    with socket.socket() as unheard:
        # It takes the port, and never a connection.
        unheard.bind(("127.0.0.1", 0))
        dead = "{}:{}".format(*unheard.getsockname())
        async with simulator(folder) as upstream, server(folder, upstream) as longtake:
            await longtake.start()
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                "A paper boat",
                str(out_file),
                env={**os.environ, "LONGTAKE_ADDRESS": f"{dead},{longtake.address}"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    lines = told.splitlines()
    assert lines[-2].endswith(" SUCCEEDED"), told
    assert hashlib.sha256(out_file.read_bytes()).hexdigest() in lines[-1]
