# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server whose database files are removed or replaced stops and says why."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from processes.running import Server

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001",
    prompt="a dog [sim:filter]",
    config={"duration_seconds": 4, "resolution": "720p"},
)


@pytest.fixture
async def longtake(tmp_path: Path) -> AsyncIterator[Server]:
    async with simulator(tmp_path) as upstream, server(tmp_path, upstream) as running:
        yield running


def _remove(suffix: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        (folder / f"longtake.db{suffix}").unlink()

    return remove


def _replace(folder: Path) -> None:
    copy = folder / "copy"
    shutil.copy(folder / "longtake.db", copy)
    copy.rename(folder / "longtake.db")


@pytest.mark.parametrize(
    ("spoil", "says", "kept"),
    [
        pytest.param(_remove(""), "longtake.db was removed", False, id="database removed"),
        pytest.param(_replace, "longtake.db was replaced", False, id="database replaced"),
        # The server's log is still open, and is written to the database on close.
        pytest.param(_remove("-wal"), "longtake.db-wal was removed", True, id="log removed"),
        pytest.param(shutil.rmtree, "longtake.db was removed", False, id="folder removed"),
    ],
)
async def test_a_server_whose_database_is_gone_accepts_nothing_and_stops(
    tmp_path: Path,
    longtake: Server,
    spoil: Callable[[Path], None],
    says: str,
    kept: bool,
) -> None:
    stub = await longtake.start()
    name = (await stub.GenerateVideos(REQUEST)).name
    while not (await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    async with grpc.aio.insecure_channel(longtake.address) as channel:
        # The library types the synchronous channel only.
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        change = asyncio.ensure_future(watch.read())
        spoil(tmp_path / "data")
        # A commit of the engine may have detected it first. Then the server is draining, or stops
        # while the call arrives, which grpcio answers with CANCELLED.
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await stub.GenerateVideos(REQUEST)
        assert told.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        await told_not_serving(change)
    assert await longtake.process.ended() == 1
    [line] = [line for line in longtake.log.splitlines() if line.startswith("longtake-server: ")]
    assert says in line
    assert "Traceback" not in longtake.log
    if kept:
        stub = await longtake.start()
        assert (await stub.GetOperation(GetOperationRequest(name=name))).done


async def told_not_serving(change: asyncio.Future[Any]) -> None:
    try:
        status = (await change).status
    except grpc.aio.AioRpcError as ended:
        # gRPC may drop a message that is followed at once by an error.
        assert ended.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - either may come
    else:
        assert status == health_pb2.HealthCheckResponse.NOT_SERVING
