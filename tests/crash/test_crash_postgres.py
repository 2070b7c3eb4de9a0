# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL stops and starts again under a server that runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    WatchOperationRequest,
    WatchOperationResponse,
)
from processes.postgres import schema
from processes.running import GUARD_SECONDS, server, simulator

from scripts.postgres import PostgresServer, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation

    Watch = grpc.aio.UnaryStreamCall[WatchOperationRequest, WatchOperationResponse]

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
State = GenerateVideosMetadata.State
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001",
    prompt="a dog [sim:filter]",
    config={"duration_seconds": 4, "resolution": "720p"},
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server({}) as running:
        yield running


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_server_resumes_by_itself_when_the_database_is_back(
    tmp_path: Path, postgres: PostgresServer, end: str
) -> None:
    # Each run has another upstream, so another store.
    with schema(postgres.url) as url:
        await _resumes(tmp_path, postgres, end, url)


async def _resumes(tmp_path: Path, postgres: PostgresServer, end: str, url: str) -> None:
    async with simulator(tmp_path) as upstream:
        await upstream.tell("hold")
        media = f"file://{tmp_path}/media"
        async with server(tmp_path, upstream, database_url=url, media_url=media) as longtake:
            stub = await longtake.start()
            operation = await stub.GenerateVideos(REQUEST)
            watch = stub.WatchOperation(WatchOperationRequest(name=operation.name))
            seen = await _state(watch, State.RUNNING)
            await asyncio.to_thread(getattr(postgres, end))
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.GenerateVideos(REQUEST)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            assert _is_told_to_retry(refused.value)
            await upstream.tell("release")
            await asyncio.to_thread(postgres.start)
            ended = await _state(watch, State.SUCCEEDED)
            assert ended.revision > seen.revision
            assert await stub.GetOperation(GetOperationRequest(name=ended.name)) == ended
            assert (await upstream.statistics())["submissions_by_prompt"] == {REQUEST.prompt: 1}
            assert (await longtake.process.terminate()) == 0
        assert "Traceback" not in longtake.log


async def _state(watch: Watch, wanted: int) -> GenerateVideosOperation:
    """Read until an operation has a state, and check that revisions rise."""
    newest = 0
    while True:
        message = await watch.read()
        assert isinstance(message, WatchOperationResponse)
        if message.HasField("operation"):
            operation = message.operation
            assert operation.revision > newest
            newest = operation.revision
            if operation.metadata.state == wanted:
                return operation


def _is_told_to_retry(error: grpc.aio.AioRpcError) -> bool:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    return any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)
