# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits on what one connection, and all requests together, may cost the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from longtake.v1.video_service_pb2 import GetOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from rpc.rpc_server import MAX_REQUEST_BYTES, refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from longtake_server.operations.model import OperationRecord

NAME = "operations/0193"
GENERATE = "/longtake.v1.VideoService/GenerateVideos"


class Held:
    """A use case that does not end until the test releases it."""

    def __init__(self, record: OperationRecord) -> None:
        self.entered = asyncio.Queue[None]()
        self.release = asyncio.Event()
        self._record = record

    async def get(self, name: str, caller: str) -> OperationRecord:
        self.entered.put_nowait(None)
        await self.release.wait()
        return self._record


async def held(folder: Path) -> Any:
    async with serving(folder) as real:
        return Held(await real.parts.store.get(await real.accepted()))


def of_size(size: int) -> bytes:
    """Return a request of a given size, most of it in an unknown field."""
    known = GetOperationRequest(name=NAME).SerializeToString()
    padding = size - len(known) - 4
    return known + bytes((0x9A, 0x06, padding & 0x7F | 0x80, padding >> 7)) + bytes(padding)


async def test_requests_in_flight_share_a_budget_of_bytes(tmp_path: Path) -> None:
    service = await held(tmp_path)
    async with serving(tmp_path, service=service, max_request_bytes_in_flight=1000) as server:
        get: Any = server.channel.unary_unary("/longtake.v1.VideoService/GetOperation")
        # A single request is served even if it exceeds the budget.
        first = asyncio.ensure_future(get(of_size(2000)))
        await service.entered.get()
        fault = await refused(get(of_size(600)))
        assert (fault.code, fault.reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "TOO_MANY_REQUEST_BYTES",
        )
        assert fault.metadata == {"max_bytes": "1000"}
        assert fault.details["RetryInfo"].retry_delay.ToMilliseconds() == 1000
        service.release.set()
        await first
        # Neither refused requests nor ended ones count.
        await get(of_size(600))
        await get(of_size(600))


async def test_a_compressed_request_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        channel = grpc.aio.insecure_channel(server.address, compression=grpc.Compression.Gzip)
        async with channel:
            call: Any = channel.unary_unary(GENERATE)
            with pytest.raises(grpc.aio.AioRpcError) as told:
                await call(bytes(MAX_REQUEST_BYTES))
    assert told.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "Compression algorithm 'gzip' is disabled" in (told.value.details() or "")


async def test_a_request_far_over_the_limit_is_refused_by_its_length(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        call: Any = server.channel.unary_unary(GENERATE)
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await call(bytes(2 * MAX_REQUEST_BYTES))
    assert told.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(2 * MAX_REQUEST_BYTES) in (told.value.details() or "")


async def test_a_connection_has_so_many_calls_at_a_time(tmp_path: Path) -> None:
    service = await held(tmp_path)
    request = GetOperationRequest(name=NAME)
    async with serving(tmp_path, service=service, max_calls_per_connection=2) as server:
        calls = [asyncio.ensure_future(server.videos.GetOperation(request)) for _ in range(3)]
        for _ in range(2):
            await service.entered.get()
        other = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(server.address, other) as channel:
            elsewhere = asyncio.ensure_future(VideoServiceStub(channel).GetOperation(request))
            # The third call of the first connection has not started.
            await service.entered.get()
            assert service.entered.empty()
            service.release.set()
            await asyncio.gather(elsewhere, *calls)
