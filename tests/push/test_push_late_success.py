# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A push of a generation that finished after its operation failed settles it, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    GetUsageRequest,
    WaitOperationRequest,
    WatchOperationsRequest,
)
from processes.running import GUARD_SECONDS, server, simulator
from push.push_senders import SECRET
from push.test_push_end_to_end import MODEL, State, push

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.usage_pb2 import Usage
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

pytestmark = pytest.mark.timeout(GUARD_SECONDS)


async def late(stub: VideoServiceAsyncStub) -> GenerateVideosOperation:
    """Watch until an operation has succeeded late."""
    async for message in stub.WatchOperations(WatchOperationsRequest()):
        if message.operation.metadata.late_success:
            return message.operation
    raise AssertionError("the watch ended")


async def usage(stub: VideoServiceAsyncStub) -> Usage:
    [row] = (await stub.GetUsage(GetUsageRequest())).usage
    return row


async def test_a_push_settles_what_had_timed_out(tmp_path: Path) -> None:
    async with (
        simulator(tmp_path) as upstream,
        server(
            tmp_path,
            upstream,
            generation_limit_seconds="3",
            poll_shortest_seconds="0.1",
            poll_longest_seconds="0.1",
            push_listen="127.0.0.1:0",
            push_webhook_secret=SECRET,
        ) as longtake,
    ):
        await upstream.tell("hold")
        stub = await longtake.start()
        failed = await stub.GenerateVideos(GenerateVideosRequest(model=MODEL, prompt="a dog"))
        while not failed.done:
            failed = await stub.WaitOperation(WaitOperationRequest(name=failed.name))
        assert failed.metadata.state == State.FAILED
        assert "did not end within 3 seconds" in failed.error.message
        expected = failed.metadata.estimated_cost
        before = await usage(stub)
        assert (before.failed, before.billed_seconds, before.settled_cost) == (1, 0, expected)

        [name] = await upstream.operations()
        await upstream.tell("release")
        await upstream.wait(operation=name)
        assert await push(longtake, name, "msg_1") == 204
        settled = await late(stub)
        assert settled.error == failed.error
        assert settled.metadata.state == State.FAILED
        assert settled.revision == failed.revision + 1
        assert (settled.metadata.billed_seconds, settled.metadata.estimated_cost) == (8, expected)
        assert "its videos are not kept" in settled.metadata.warnings[-1]
        after = await usage(stub)
        assert (after.failed, after.billed_seconds, after.settled_cost) == (1, 8, expected)
        assert not [path for path in (tmp_path / "data" / "media").rglob("*") if path.is_file()]

        # Neither a death nor another push settles it again.
        await longtake.process.kill()
        (tmp_path / "server.log").unlink()
        stub = await longtake.start()
        assert await push(longtake, name, "msg_2") == 204
        assert await stub.GetOperation(GetOperationRequest(name=failed.name)) == settled
        assert await usage(stub) == after
