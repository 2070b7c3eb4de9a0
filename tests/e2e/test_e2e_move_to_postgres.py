# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An operator moves a server from its file to PostgreSQL, and its callers go on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e.test_e2e_database_commands import printed, run
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    DownloadVideoRequest,
    GenerateVideosRequest,
    WaitOperationRequest,
    WatchOperationRequest,
    WatchOperationsRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
RUNNING = GenerateVideosMetadata.State.RUNNING


def _request(prompt: str) -> GenerateVideosRequest:
    return GenerateVideosRequest(
        model="veo-3.1-lite-generate-001",
        prompt=prompt,
        request_id=f"00000000-0000-4000-8000-{len(prompt):012}",
        config={"duration_seconds": 4, "resolution": "720p"},
    )


async def _ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    while not operation.done:
        operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    return operation


async def _position(stub: VideoServiceAsyncStub) -> str:
    """Return the sealed position of the present."""
    async for message in stub.WatchOperations(WatchOperationsRequest()):
        if message.HasField("initial_set_complete"):
            return message.position
    raise AssertionError("the watch ended")


async def _video(stub: VideoServiceAsyncStub, operation: GenerateVideosOperation) -> bytes:
    name = operation.response.generated_videos[0].name
    return b"".join(
        [part.chunk.data async for part in stub.DownloadVideo(DownloadVideoRequest(name=name))]
    )


async def test_a_move_to_postgres_keeps_operations_positions_and_videos(
    tmp_path: Path, database_url: str
) -> None:
    async with simulator(tmp_path) as upstream:
        async with server(tmp_path, upstream) as before:
            stub = await before.start()
            old = await _ended(stub, (await stub.GenerateVideos(_request("a dog"))).name)
            video = await _video(stub, old)
            # Its first download may have told the size of the video.
            old = await _ended(stub, old.name)
            await upstream.tell("hold")
            name = (await stub.GenerateVideos(_request("a cat runs"))).name
            async for message in stub.WatchOperation(WatchOperationRequest(name=name)):
                if message.operation.metadata.state == RUNNING:
                    break
            position = await _position(stub)
            assert await before.process.terminate() == 0
        media = tmp_path / "shared"
        shutil.copytree(tmp_path / "data" / "media", media)
        settings = {"database_url": database_url, "media_url": f"file://{media}"}
        lines = printed(run(tmp_path, "copy-to-postgres", **settings)).splitlines()
        assert lines[:2] == ["operations: 2 rows, all equal", "requests: 2 rows, all equal"]
        (tmp_path / "data" / "longtake.db").rename(tmp_path / "moved.db")
        async with server(tmp_path, upstream, **settings) as after:
            stub = await after.start()
            changes = stub.WatchOperations(WatchOperationsRequest(after_position=position))
            await upstream.tell("release")
            async for change in changes:
                if change.operation.done:
                    break
            assert change.operation.name == name
            assert await _ended(stub, old.name) == old
            assert await _video(stub, old) == video
            again = await stub.GenerateVideos(_request("a cat runs"))
            assert again.name == name
            assert (await upstream.statistics())["submissions_by_prompt"] == {
                "a dog": 1,
                "a cat runs": 1,
            }
