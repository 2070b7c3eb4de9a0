# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""google-api-core, which nobody here wrote, is a client of the standard operations service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions, operation, operation_async, operations_v1
from google.api_core.future import polling
from google.longrunning import operations_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from longtake.v1.generation_pb2 import GenerateVideosResponse
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

State = GenerateVideosMetadata.State
QUICK = polling.DEFAULT_POLLING.with_delay(initial=0.05, maximum=0.2)


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        await running.start()
        yield running


@pytest.fixture
def google(longtake: Server) -> operations_v1.OperationsClient:
    channel = grpc.insecure_channel(longtake.address)
    return operations_v1.OperationsClient(channel)


async def generate(stub: VideoServiceAsyncStub, prompt: str) -> str:
    request = GenerateVideosRequest(
        model="veo-3.1-lite-generate-001", prompt=prompt, config={"duration_seconds": 4}
    )
    return (await stub.GenerateVideos(request)).name


def future(google: Any, name: str) -> Any:
    """Return the future that a generated Google client would return for the operation."""
    return operation.from_gapic(
        google.get_operation(name),
        google,
        GenerateVideosResponse,
        metadata_type=GenerateVideosMetadata,
        polling=QUICK,
    )


async def test_the_result_of_a_future_is_our_response(longtake: Server, google: Any) -> None:
    name = await generate(longtake.connect(), "a paper boat")

    def wait() -> tuple[Any, Any]:
        waiting = future(google, name)
        return waiting.result(timeout=GUARD_SECONDS), waiting.metadata

    response, metadata = await asyncio.to_thread(wait)

    assert isinstance(response, GenerateVideosResponse)
    assert [one.name for one in response.generated_videos] == [f"{name}/videos/0"]
    assert metadata.state == State.SUCCEEDED


async def test_the_result_of_an_asynchronous_future_is_our_response(longtake: Server) -> None:
    name = await generate(longtake.connect(), "a paper boat")

    async with grpc.aio.insecure_channel(longtake.address) as channel:
        client = operations_v1.OperationsAsyncClient(channel)
        waiting = operation_async.from_gapic(
            await client.get_operation(name),
            client,
            GenerateVideosResponse,
            metadata_type=GenerateVideosMetadata,
        )
        response = await waiting.result(timeout=GUARD_SECONDS)

    assert response.generated_videos[0].name == f"{name}/videos/0"


async def test_a_generation_that_failed_raises_google_s_error(
    longtake: Server, google: Any
) -> None:
    name = await generate(longtake.connect(), "a kite [sim:fail]")

    def wait() -> None:
        future(google, name).result(timeout=GUARD_SECONDS)

    with pytest.raises(exceptions.InternalServerError) as raised:
        await asyncio.to_thread(wait)

    reason = ErrorInfo()
    assert raised.value.errors[0].details[0].Unpack(reason)
    assert (reason.reason, reason.domain) == ("UPSTREAM_FAILED", "longtake.dev")


async def test_a_future_is_cancelled(longtake: Server, upstream: Simulator, google: Any) -> None:
    await upstream.tell("hold")
    name = await generate(longtake.connect(), "a long dance")

    def cancel() -> Any:
        waiting = future(google, name)
        assert not waiting.done()
        assert waiting.cancel()
        with pytest.raises(exceptions.Cancelled):
            waiting.result(timeout=GUARD_SECONDS)
        return waiting

    waiting = await asyncio.to_thread(cancel)
    await upstream.tell("release")

    assert waiting.cancelled()
    assert waiting.metadata.state == State.CANCELLED


async def test_operations_are_listed_by_pages_and_deleted(longtake: Server, google: Any) -> None:
    stub = longtake.connect()
    names = {await generate(stub, f"kite {number}") for number in range(3)}

    def act() -> list[str]:
        found = list(google.list_operations("operations", ""))
        for one in found:
            assert isinstance(one, operations_pb2.Operation)
            google.delete_operation(one.name)
        with pytest.raises(exceptions.NotFound):
            google.get_operation(found[0].name)
        return [one.name for one in found]

    listed = await asyncio.to_thread(act)

    assert set(listed) == names
    assert len(listed) == len(names)
