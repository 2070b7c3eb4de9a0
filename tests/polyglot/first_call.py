# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The first calls that the README shows."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import av
from fakes.video_service import Call, video_service
from processes.running import server
from project.markdown_snippets import snippets
from stubs.stubs_messages import failed, operation, seen

from polyglot.toolchains import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def block(language: str) -> str:
    [found] = snippets(ROOT / "README.md", language)
    return found


async def makes_a_video(folder: Path, *command: str | Path) -> None:
    """Run a program against a service on its simulator; it saves a video and tells the states."""
    async with server(folder, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=folder,
            env={**os.environ, "LONGTAKE_ADDRESS": longtake.address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    assert "SUCCEEDED" in told.splitlines()[-1]
    with av.open(str(folder / "boat.mp4"), "r") as video:
        assert sum(1 for _ in video.decode(video=0)) == 8 * 24


async def says_why_it_failed(folder: Path, *command: str | Path) -> None:
    """Run a program whose generation fails; it saves nothing and says why."""
    with video_service(
        Call("GenerateVideos", operation()), Call("WatchOperation", seen(failed()))
    ) as service:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=folder,
            env={**os.environ, "LONGTAKE_ADDRESS": service.address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await process.communicate())[0].decode()
    assert told.splitlines()[-1].endswith("The upstream failed.")
    assert not (folder / "boat.mp4").exists()
