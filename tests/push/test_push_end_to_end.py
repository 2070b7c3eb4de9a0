# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A real server that polls every five minutes knows of an end at once when it is pushed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, Server, server, simulator
from push.push_senders import SECRET, event, static_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Simulator

State = GenerateVideosMetadata.State
MODEL = "veo-3.1-generate-001"

pytestmark = pytest.mark.timeout(GUARD_SECONDS)


@asynccontextmanager
async def pushed(folder: Path) -> AsyncIterator[tuple[Simulator, Server]]:
    """A simulator that holds what it is given, and a server that takes pushes."""
    async with (
        simulator(folder) as upstream,
        server(
            folder,
            upstream,
            poll_shortest_seconds="300",
            poll_longest_seconds="300",
            push_listen="127.0.0.1:0",
            push_webhook_secret=SECRET,
        ) as longtake,
    ):
        await upstream.tell("hold")
        yield upstream, longtake


def push_address(longtake: Server) -> str:
    """Return where it says in its log that it receives pushes."""
    line = next(line for line in longtake.log.splitlines() if "receiving pushes" in line)
    return line.rpartition("address=")[2]


async def push(longtake: Server, name: str, message_id: str) -> int:
    body = event(name)
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"http://{push_address(longtake)}/push/webhooks",
            content=body,
            headers=static_headers(body, message_id=message_id),
        )
    return answer.status_code


async def wait(
    stub: VideoServiceAsyncStub, operation: GenerateVideosOperation, state: int
) -> GenerateVideosOperation:
    while operation.metadata.state != state:
        assert not operation.done, operation
        asked = WaitOperationRequest(name=operation.name, after_revision=operation.revision)
        operation = await stub.WaitOperation(asked)
    return operation


async def generate(stub: VideoServiceAsyncStub) -> GenerateVideosOperation:
    """Return an operation that runs upstream."""
    request = GenerateVideosRequest(model=MODEL, prompt="a dog")
    return await wait(stub, await stub.GenerateVideos(request), State.RUNNING)


async def test_a_webhook_ends_the_wait_for_a_poll(tmp_path: Path) -> None:
    async with pushed(tmp_path) as (upstream, longtake):
        stub = await longtake.start()
        operation = await generate(stub)
        [name] = await upstream.operations()
        waiting = asyncio.create_task(wait(stub, operation, State.SUCCEEDED))

        # Too early: it is polled, and nothing changes.
        assert await push(longtake, name, "msg_1") == 204
        await upstream.wait(polls=1)
        assert await stub.GetOperation(GetOperationRequest(name=operation.name)) == operation

        await upstream.tell("release")
        await upstream.wait(operation=name)
        assert await push(longtake, name, "msg_2") == 204
        ended = await waiting
        assert ended.revision == operation.revision + 1

        # Late, and twice: nothing is polled any more.
        assert await push(longtake, name, "msg_2") == 204
        assert await push(longtake, name, "msg_3") == 204
        assert await longtake.process.terminate() == 0
        assert (await upstream.statistics())["polls"] == 2


async def test_a_webhook_after_a_restart_ends_the_wait_for_a_poll(tmp_path: Path) -> None:
    async with pushed(tmp_path) as (upstream, longtake):
        operation = await generate(await longtake.start())
        [name] = await upstream.operations()
        await longtake.process.kill()
        (tmp_path / "server.log").unlink()
        stub = await longtake.start()
        await upstream.tell("release")
        await upstream.wait(operation=name)
        assert await push(longtake, name, "msg_1") == 204
        await wait(stub, operation, State.SUCCEEDED)
