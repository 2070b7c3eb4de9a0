# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Callers of Longtake and of the LiteLLM proxy, each through the client that its users have."""

from __future__ import annotations

import base64
import re
import uuid
from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import (
    DownloadVideoRequest,
    GenerateVideosRequest,
    GetOperationRequest,
    WatchOperationRequest,
)

from benchmarks.peer_work import DURATION_SECONDS, MODEL, RESOLUTION

if TYPE_CHECKING:
    import httpx
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

_FRAME_SIZE = "1280x720"
_GOOGLE_NAME = re.compile(r"(?<=video_id:)projects/[^;]+")


class LongtakeCaller:
    """Calls Longtake over gRPC."""

    def __init__(self, stub: VideoServiceAsyncStub) -> None:
        self._stub = stub

    async def submit(self, prompt: str) -> str:
        """Start a generation."""
        config = GenerateVideosConfig(duration_seconds=DURATION_SECONDS, resolution=RESOLUTION)
        request = GenerateVideosRequest(
            request_id=str(uuid.uuid4()), model=MODEL, prompt=prompt, config=config
        )
        return (await self._stub.GenerateVideos(request)).name

    async def read(self, name: str) -> bool:
        """Get the operation."""
        return (await self._stub.GetOperation(GetOperationRequest(name=name))).done

    async def wait(self, name: str) -> None:
        """Watch the operation to its end."""
        async for _ in self._stub.WatchOperation(WatchOperationRequest(name=name)):
            pass

    async def download(self, name: str) -> int:
        """Download the first video."""
        request = DownloadVideoRequest(name=f"{name}/videos/0")
        size = 0
        async for message in self._stub.DownloadVideo(request):
            size += len(message.chunk.data)
        return size


class LiteLlmCaller:
    """Calls the video endpoints of a LiteLLM proxy."""

    def __init__(self, proxy: httpx.AsyncClient, simulator: httpx.AsyncClient) -> None:
        """Create a caller from two HTTP clients.

        Args:
            proxy: Has the proxy's address and key.
            simulator: Has the simulator's address.

        """
        self._proxy = proxy
        self._simulator = simulator

    async def submit(self, prompt: str) -> str:
        """Start a generation."""
        body = {
            "model": MODEL,
            "prompt": prompt,
            "seconds": str(DURATION_SECONDS),
            "size": _FRAME_SIZE,
        }
        answer = (await self._proxy.post("/v1/videos", json=body)).raise_for_status()
        return str(answer.json()["id"])

    async def read(self, name: str) -> bool:
        """Get the video's status."""
        answer = (await self._proxy.get(f"/v1/videos/{name}")).raise_for_status()
        return answer.json()["status"] not in ("queued", "processing")

    async def wait(self, name: str) -> None:
        """Wait until the simulator reports the end of the generation."""
        operation = {"operation": google_name(name)}
        (await self._simulator.post("/simulator/wait", params=operation)).raise_for_status()

    async def download(self, name: str) -> int:
        """Download the video."""
        size = 0
        async with self._proxy.stream("GET", f"/v1/videos/{name}/content") as answer:
            async for piece in answer.raise_for_status().aiter_raw():
                size += len(piece)
        return size


def google_name(video_id: str) -> str:
    """Return Google's operation name, which the video id of a LiteLLM proxy contains.

    Raises:
        ValueError: The id contains no such name.

    """
    encoded = video_id.removeprefix("video_")
    told = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    if not (found := _GOOGLE_NAME.search(told)):
        raise ValueError(f"id: {video_id} contains no operation name of Google's")
    return found[0]
