# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""If one region of the upstream refuses a generation, another serves it; callers do not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    DownloadVideoRequest,
    GenerateVideosRequest,
    GetOperationRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"


async def accepted(stub: VideoServiceAsyncStub, words: str = "") -> str:
    config = {"duration_seconds": 4, "resolution": "720p"}
    request = GenerateVideosRequest(model=MODEL, prompt=f"a dog {words}", config=config)
    return (await stub.GenerateVideos(request)).name


async def ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


async def test_another_region_serves_it_also_after_a_restart(tmp_path: Path) -> None:
    async with (
        simulator(tmp_path, "--quota-per-minute", "1") as upstream,
        server(tmp_path, upstream, google_fallback_locations="europe-west4") as longtake,
    ):
        stub = await longtake.start()
        first = await ended(stub, await accepted(stub))
        assert first.metadata.state == State.SUCCEEDED
        # The home region refuses the next one, which is still running when the server is killed.
        name = await accepted(stub, "[sim:latency seconds=2]")
        operation = await stub.GetOperation(GetOperationRequest(name=name))
        while operation.metadata.state != State.RUNNING:
            later = WaitOperationRequest(name=name, after_revision=operation.revision)
            operation = await stub.WaitOperation(later)
        await longtake.process.kill()
        stub = await longtake.start()
        second = await ended(stub, name)
        assert second.metadata.state == State.SUCCEEDED
        assert second.metadata.served_model == first.metadata.served_model
        assert not second.metadata.warnings
        request = DownloadVideoRequest(name=f"{name}/videos/0")
        assert [part async for part in stub.DownloadVideo(request)]
        places = [each.split("/")[3] for each in await upstream.operations()]
        assert places == ["us-central1", "europe-west4"]
