# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that must not submit: after a restore, and with the settings of another cluster."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import grpc
import psycopg
import pytest
from e2e.test_e2e_database_commands import printed, run
from grpc_health.v1 import health_pb2, health_pb2_grpc
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WaitOperationRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001",
    prompt="a dog [sim:filter]",
    config={"duration_seconds": 4, "resolution": "720p"},
)
# What a backup from before the first operation has.
_RESTORED = """
    TRUNCATE operations, requests, request_ids, tombstones, work;
    UPDATE meta SET position = 0;
"""


async def _becomes(address: str, service: str, wanted: int) -> None:
    """Watch the health of a service until it has a status."""
    async with grpc.aio.insecure_channel(address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        async for answer in health.Watch(health_pb2.HealthCheckRequest(service=service)):
            if answer.status == wanted:
                return


async def _ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    while not operation.done:
        operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    return operation


async def test_nothing_is_submitted_after_a_restore_until_an_operator_says_so(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"database_url": database_url, "media_url": f"file://{tmp_path}/media"}
    async with simulator(tmp_path) as upstream, server(tmp_path, upstream, **settings) as longtake:
        stub = await longtake.start()
        await _ended(stub, (await stub.GenerateVideos(REQUEST)).name)
        await _becomes(longtake.address, "engine", SERVING)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(_RESTORED)
        await _becomes(longtake.address, "engine", NOT_SERVING)
        assert "the store is older than before" in longtake.log
        while not _is_held(database_url):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
        await longtake.process.kill()
        stub = await longtake.start()
        queued = await stub.GenerateVideos(REQUEST)
        assert (await upstream.statistics())["submissions_by_prompt"] == {REQUEST.prompt: 1}
        assert queued.metadata.state == GenerateVideosMetadata.State.QUEUED
        said = [printed(run(tmp_path, "resume-submissions", **settings)) for _ in range(2)]
        assert said[0].startswith("submissions go on in the database 127.0.0.1:")
        assert said[1].startswith("submissions were not held in the database 127.0.0.1:")
        await _becomes(longtake.address, "engine", SERVING)
        assert "an operator has resumed submissions" in longtake.log
        # Those that were held look again after a minute.
        ended = await _ended(stub, (await stub.GenerateVideos(REQUEST)).name)
        assert ended.metadata.state == GenerateVideosMetadata.State.SUCCEEDED


async def test_a_server_of_another_cluster_does_not_become_the_engine(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"database_url": database_url, "media_url": f"file://{tmp_path}/media"}
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    async with AsyncExitStack() as stack:
        upstreams = []
        for folder in (ours, theirs):
            folder.mkdir()
            upstreams.append(await stack.enter_async_context(simulator(folder)))
        one = await stack.enter_async_context(server(ours, upstreams[0], **settings))
        two = await stack.enter_async_context(server(theirs, upstreams[1], **settings))
        await one.start()
        await _becomes(one.address, "engine", SERVING)
        await _becomes(one.address, "engine/settings", SERVING)
        stub = await two.start()
        await _becomes(two.address, "engine/settings", NOT_SERVING)
        await one.process.terminate()
        queued = await stub.GenerateVideos(REQUEST)
        difference = (
            f"LONGTAKE_GOOGLE_BASE_URL is {upstreams[1].base_url} here and "
            f"{upstreams[0].base_url} in the store"
        )
        assert two.log.count(difference) == 1
        changed = printed(
            run(
                theirs,
                "change-upstreams",
                **settings,
                upstream="agent_platform",
                google_project="test",
                google_base_url=upstreams[1].base_url,
            )
        )
        assert f"LONGTAKE_GOOGLE_BASE_URL = {upstreams[1].base_url}\n" in changed
        assert (await _ended(stub, queued.name)).done
        await _becomes(two.address, "engine/settings", SERVING)
        assert (await upstreams[0].statistics())["submissions_by_prompt"] == {}


def _is_held(url: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT is_held FROM meta").fetchone()
        return found == (True,)
