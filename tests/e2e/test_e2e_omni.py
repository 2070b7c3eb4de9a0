# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Omni models through the same contract: generate, edit the result, extend and cancel."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import grpc
import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Video
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    DownloadVideoRequest,
    GenerateVideosRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

State = GenerateVideosMetadata.State
OMNI = "gemini-omni-1.2-flash"
SHORT = GenerateVideosConfig(duration_seconds=3, resolution="360p")


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


@pytest.fixture
async def developer(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    keys = {"gemini_api_key": "key", "gemini_base_url": upstream.base_url}
    async with server(tmp_path, upstream, **keys) as running:
        yield running


async def generated(
    stub: VideoServiceAsyncStub, request: GenerateVideosRequest
) -> GenerateVideosOperation:
    name = (await stub.GenerateVideos(request)).name
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


async def downloaded(stub: VideoServiceAsyncStub, operation: GenerateVideosOperation) -> bytes:
    name = operation.response.generated_videos[0].name
    stream = stub.DownloadVideo(DownloadVideoRequest(name=name))
    return b"".join([message.chunk.data async for message in stream])


def seconds(video: bytes) -> int:
    with av.open(io.BytesIO(video), "r") as container:
        return round(sum(1 for _ in container.decode(video=0)) / 24)


async def test_a_video_is_generated_edited_and_extended(longtake: Server) -> None:
    stub = await longtake.start()
    first = await generated(stub, GenerateVideosRequest(model=OMNI, prompt="a dog", config=SHORT))
    assert first.metadata.state == State.SUCCEEDED, first.error
    video = await downloaded(stub, first)
    assert seconds(video) == 3
    edited = await generated(
        stub,
        GenerateVideosRequest(model=OMNI, prompt="make it red", previous_operation=first.name),
    )
    assert edited.metadata.state == State.SUCCEEDED, edited.error
    assert seconds(await downloaded(stub, edited)) == 3
    extended = await generated(
        stub,
        GenerateVideosRequest(
            model=OMNI,
            prompt="it runs on",
            video=Video(data=video, mime_type="video/mp4"),
            config=GenerateVideosConfig(duration_seconds=4),
        ),
    )
    assert extended.metadata.state == State.SUCCEEDED, extended.error
    assert seconds(await downloaded(stub, extended)) == 7


async def test_the_developer_api_keeps_files_that_expire(developer: Server) -> None:
    stub = await developer.start()
    operation = await generated(
        stub, GenerateVideosRequest(model=OMNI, prompt="a dog", config=SHORT)
    )
    assert operation.metadata.state == State.SUCCEEDED, operation.error
    assert seconds(await downloaded(stub, operation)) == 3
    again = await generated(
        stub,
        GenerateVideosRequest(model=OMNI, prompt="a cat", previous_operation=operation.name),
    )
    assert again.metadata.state == State.SUCCEEDED, again.error


async def test_a_refusal_is_a_result_without_a_video(longtake: Server) -> None:
    stub = await longtake.start()
    request = GenerateVideosRequest(model=OMNI, prompt="x [sim:filter]", config=SHORT)
    operation = await generated(stub, request)
    assert operation.metadata.state == State.SUCCEEDED
    assert not operation.response.generated_videos
    assert operation.response.rai_media_filtered_count == 1
    assert operation.response.rai_media_filtered_reasons


async def test_a_failure_is_the_operations_error(longtake: Server) -> None:
    stub = await longtake.start()
    request = GenerateVideosRequest(model=OMNI, prompt="x [sim:fail]", config=SHORT)
    operation = await generated(stub, request)
    assert operation.metadata.state == State.FAILED
    assert "UPSTREAM_FAILED" in str(operation.error.details)


async def test_a_generation_is_cancelled_at_the_upstream(
    longtake: Server, upstream: Simulator
) -> None:
    stub = await longtake.start()
    request = GenerateVideosRequest(model=OMNI, prompt="x [sim:never]", config=SHORT)
    name = (await stub.GenerateVideos(request)).name
    await upstream.wait(submissions=1, polls=1)
    await stub.CancelOperation(CancelOperationRequest(name=name))
    operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    assert operation.metadata.state == State.CANCELLED
    assert operation.error.code == grpc.StatusCode.CANCELLED.value[0]
    assert "was told to stop" in operation.metadata.warnings[0]


async def test_a_submission_that_breaks_off_is_sent_once(
    longtake: Server, upstream: Simulator
) -> None:
    stub = await longtake.start()
    request = GenerateVideosRequest(model=OMNI, prompt="x [sim:drop]", config=SHORT)
    operation = await generated(stub, request)
    assert "SUBMISSION_OUTCOME_UNKNOWN" in str(operation.error.details)
    assert (await upstream.statistics())["submissions_received"] == 1
