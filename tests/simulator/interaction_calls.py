# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of the Interactions API, and what comes back."""

from __future__ import annotations

import base64
import io
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import av
import httpx
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from processes.running import Simulator

PLATFORM = "/v1beta1/projects/p/locations/global/interactions"
DEVELOPER = "/v1beta/interactions"
MODEL = "gemini-omni-1.2-flash"
SMALL = {"type": "video", "duration": "3s", "resolution": "360p"}
TOKEN = {"authorization": "Bearer t"}
FPS = 24


class Caller:
    """A client of a simulator that runs."""

    def __init__(self, running: Simulator, http: httpx.AsyncClient) -> None:
        self.running = running
        self.http = http

    async def create(self, given: object, path: str = PLATFORM, **fields: Any) -> httpx.Response:
        body = {"model": MODEL, "input": given, "response_format": SMALL, **fields}
        return await self.http.post(path, json=body)

    async def background(self, given: object, path: str = PLATFORM, **fields: Any) -> str:
        answer = (await self.create(given, path, background=True, **fields)).raise_for_status()
        assert answer.json().keys() == {"id", "status", "object"}
        name: str = answer.json()["id"]
        return name

    async def get(self, name: str, path: str = PLATFORM, **query: str) -> dict[str, Any]:
        answer = await self.http.get(f"{path}/{name}", params=query)
        whole: dict[str, Any] = answer.raise_for_status().json()
        return whole

    async def finished(self, name: str, path: str = PLATFORM) -> dict[str, Any]:
        waited = await self.http.post("/simulator/wait", params={"operation": name})
        waited.raise_for_status()
        return await self.get(name, path)


@asynccontextmanager
async def caller(folder: Path, *options: str) -> AsyncIterator[Caller]:
    async with (
        simulator(folder, *options) as running,
        httpx.AsyncClient(base_url=running.base_url, headers=TOKEN, timeout=GUARD_SECONDS) as http,
    ):
        yield Caller(running, http)


def content(interaction: dict[str, Any]) -> dict[str, Any]:
    """Return the only content of the only step of an interaction that is completed."""
    assert interaction["status"] == "completed", interaction.get("errors")
    [step] = interaction["steps"]
    assert step["type"] == "model_output"
    [only] = step["content"]
    found: dict[str, Any] = only
    return found


def video(interaction: dict[str, Any]) -> bytes:
    """Return the inline video of an interaction."""
    given = content(interaction)
    assert (given["type"], given["mime_type"]) == ("video", "video/mp4")
    return base64.b64decode(given["data"])


def shape(data: bytes) -> tuple[int, int, int]:
    """Return the width, the height and the number of frames of a video."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, sum(1 for _ in container.decode(video=0))


def events(text: str) -> list[dict[str, Any]]:
    """Return the events of a stream, of which the last may be cut."""
    blocks = [block.removeprefix("data: ") for block in text.split("\n\n")[:-1]]
    return [json.loads(block) for block in blocks if block != "[DONE]"]
