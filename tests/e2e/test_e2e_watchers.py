# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Many watchers, readers that never read, shutdown under load, and large videos."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import grpc
import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import (
    DownloadVideoRequest,
    GenerateVideosRequest,
    GetOperationRequest,
    WaitOperationRequest,
    WatchOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"
GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


def request(prompt: str, **config: object) -> GenerateVideosRequest:
    return GenerateVideosRequest(
        model=MODEL,
        prompt=prompt,
        config={"duration_seconds": 4, "resolution": "720p", **config},
    )


async def ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


@pytest.mark.timeout(GUARD_SECONDS)
async def test_a_thousand_watchers_cost_the_polls_of_one(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    name = (await stub.GenerateVideos(request("a dog"))).name
    await upstream.wait(submissions=1)
    streams = [stub.WatchOperation(WatchOperationRequest(name=name)) for _ in range(1000)]
    for stream in streams:
        first = await anext(aiter(stream))
        assert first.operation.name == name
    before = await upstream.statistics()
    await upstream.wait(polls=before["polls"] + 5)
    await upstream.tell("release")

    async def last(stream: grpc.aio.UnaryStreamCall) -> list[bool]:  # type: ignore[type-arg]  # as the stub is typed
        return [message.operation.done async for message in stream if message.HasField("operation")]

    for seen in await asyncio.gather(*map(last, streams)):
        assert seen.count(True) == 1
        assert seen[-1]
    operation = await stub.GetOperation(GetOperationRequest(name=name))
    after = await upstream.statistics()
    assert after["submissions_received"] == 1
    # There is one poller, never faster than the shortest interval, for any number of watchers.
    seconds = (
        operation.metadata.end_time.ToMicroseconds()
        - operation.metadata.submit_time.ToMicroseconds()
    )
    assert after["polls"] <= seconds / 1e6 / (0.05 * 0.9) + 2


@pytest.mark.timeout(GUARD_SECONDS)
async def test_a_reader_that_never_reads_costs_the_others_nothing(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    name = (await stub.GenerateVideos(request("a dog"))).name
    deaf = [longtake.connect().WatchOperation(WatchOperationRequest(name=name)) for _ in range(20)]
    reader = stub.WatchOperation(WatchOperationRequest(name=name))
    assert (await anext(aiter(reader))).operation.name == name
    await upstream.tell("release")
    operation = await ended(stub, name)
    assert operation.metadata.state == State.SUCCEEDED
    seen = [message.operation async for message in reader if message.HasField("operation")]
    assert seen[-1].revision == operation.revision
    for stream in deaf:
        stream.cancel()


@pytest.mark.timeout(GUARD_SECONDS)
async def test_sigterm_under_load_loses_nothing(upstream: Simulator, longtake: Server) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    # Videos that are filtered cost the simulator no rendering.
    wanted = [request(f"dog {number} [sim:filter]") for number in range(10)]
    names = [(await stub.GenerateVideos(each)).name for each in wanted]
    await upstream.wait(submissions=10)
    for name in names:
        while (
            await stub.GetOperation(GetOperationRequest(name=name))
        ).metadata.state != State.RUNNING:
            await stub.WaitOperation(WaitOperationRequest(name=name, after_revision=2))
    streams = [
        stub.WatchOperation(WatchOperationRequest(name=name)) for name in names for _ in range(5)
    ]
    for stream in streams:
        await stream.read()
    assert await longtake.process.terminate() == 0
    for stream in streams:
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await stream.read()
        assert told.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "make the same call again" in (told.value.details() or "")
    stub = await longtake.start()
    await upstream.tell("release")
    for name in names:
        assert (await ended(stub, name)).metadata.state == State.SUCCEEDED
    assert (await upstream.statistics())["submissions_received"] == 10


@pytest.mark.timeout(GUARD_SECONDS * 2)
async def test_a_gibibyte_downloads_in_little_memory_and_resumes(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    name = (
        await stub.GenerateVideos(
            request(f"big [sim:size bytes={GIBIBYTE}]", output_gcs_uri="gs://bucket/big")
        )
    ).name
    operation = await ended(stub, name)
    assert operation.metadata.state == State.SUCCEEDED, operation.error
    video = operation.response.generated_videos[0].name

    before = longtake.process.resident_bytes
    peak = before
    digest = hashlib.sha256()
    received = 0
    cut = stub.DownloadVideo(DownloadVideoRequest(name=video))
    async for message in cut:
        digest.update(message.chunk.data)
        received += len(message.chunk.data)
        if received >= 100 * MEBIBYTE:
            cut.cancel()
            break
    async for message in longtake.connect().DownloadVideo(
        DownloadVideoRequest(name=video, read_offset=received)
    ):
        assert len(message.chunk.data) <= MEBIBYTE
        digest.update(message.chunk.data)
        received += len(message.chunk.data)
        peak = max(peak, longtake.process.resident_bytes)
    assert received == GIBIBYTE
    assert peak - before < 64 * MEBIBYTE

    whole = hashlib.sha256()
    told = ""
    async for message in stub.DownloadVideo(DownloadVideoRequest(name=video)):
        whole.update(message.chunk.data)
        told = message.video.sha256 or told
    assert whole.hexdigest() == digest.hexdigest() == told
    measured = await stub.GetOperation(GetOperationRequest(name=name))
    assert measured.response.generated_videos[0].video.sha256 == told
    assert measured.response.generated_videos[0].video.size_bytes == GIBIBYTE
