# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL in each state, with real processes: nothing is lost or submitted twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WatchOperationRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


def request(prompt: str) -> GenerateVideosRequest:
    return GenerateVideosRequest(
        model=MODEL, prompt=prompt, config={"duration_seconds": 4, "resolution": "720p"}
    )


class Follower:
    """A watcher that resumes by after_revision and keeps the states that it saw."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[GenerateVideosOperation] = []

    async def until(self, stub: VideoServiceAsyncStub, *states: int) -> int:
        """Watch until one of the states is seen."""
        last = self.seen[-1].revision if self.seen else 0
        stream = stub.WatchOperation(
            WatchOperationRequest(name=self.name, after_revision=last), wait_for_ready=True
        )
        async for message in stream:
            if message.HasField("operation"):
                self.seen.append(message.operation)
                if message.operation.metadata.state in states:
                    stream.cancel()
                    return message.operation.metadata.state
        raise AssertionError(f"the watch ended after {self.seen}")

    def assert_ordered_and_unique(self) -> None:
        revisions = [operation.revision for operation in self.seen]
        assert revisions == sorted(set(revisions))
        assert [operation.done for operation in self.seen].count(True) == 1
        assert self.seen[-1].done


@pytest.mark.timeout(GUARD_SECONDS)
async def test_killed_while_queued(tmp_path: Path, upstream: Simulator) -> None:
    async with server(tmp_path, upstream, max_upstream_calls="1") as longtake:
        stub = await longtake.start()
        # The first operation uses the only place at the upstream, so the second waits.
        await upstream.tell("hold-submissions")
        await stub.GenerateVideos(request("first"))
        await upstream.wait(submissions=1)
        operation = await stub.GenerateVideos(request("second"))
        follower = Follower(operation.name)
        await follower.until(stub, State.QUEUED)
        await longtake.process.kill()
        await upstream.tell("release-submissions")
        stub = await longtake.start()
        assert await follower.until(stub, State.SUCCEEDED, State.FAILED) == State.SUCCEEDED
        follower.assert_ordered_and_unique()
        assert (await upstream.statistics())["submissions_by_prompt"]["second"] == 1


@pytest.mark.timeout(GUARD_SECONDS)
async def test_killed_while_submitting(upstream: Simulator, longtake: Server) -> None:
    stub = await longtake.start()
    await upstream.tell("hold-submissions")
    operation = await stub.GenerateVideos(request("a dog"))
    follower = Follower(operation.name)
    await upstream.wait(submissions=1)
    await follower.until(stub, State.SUBMITTING)
    await longtake.process.kill()
    await upstream.tell("release-submissions")
    stub = await longtake.start()
    assert await follower.until(stub, State.SUCCEEDED, State.FAILED) == State.FAILED
    follower.assert_ordered_and_unique()
    assert follower.seen[-1].error.code == grpc.StatusCode.ABORTED.value[0]
    assert "SUBMISSION_OUTCOME_UNKNOWN" in str(follower.seen[-1].error.details)
    assert (await upstream.statistics())["submissions_received"] == 1


@pytest.mark.timeout(GUARD_SECONDS)
async def test_killed_while_running(upstream: Simulator, longtake: Server) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    operation = await stub.GenerateVideos(request("a dog"))
    follower = Follower(operation.name)
    await follower.until(stub, State.RUNNING)
    await upstream.wait(polls=1)
    await longtake.process.kill()
    stub = await longtake.start()
    resumed = asyncio.create_task(follower.until(stub, State.SUCCEEDED, State.FAILED))
    await upstream.tell("release")
    assert await resumed == State.SUCCEEDED
    follower.assert_ordered_and_unique()
    assert (await upstream.statistics())["submissions_received"] == 1


@pytest.mark.timeout(GUARD_SECONDS)
async def test_killed_after_the_end(upstream: Simulator, longtake: Server) -> None:
    stub = await longtake.start()
    operation = await stub.GenerateVideos(request("a dog"))
    follower = Follower(operation.name)
    await follower.until(stub, State.SUCCEEDED)
    await longtake.process.kill()
    stub = await longtake.start()
    again = Follower(operation.name)
    assert await again.until(stub, State.SUCCEEDED) == State.SUCCEEDED
    assert again.seen == follower.seen[-1:]
    assert (await upstream.statistics())["submissions_received"] == 1


@pytest.mark.timeout(GUARD_SECONDS)
async def test_killed_again_and_again(upstream: Simulator, longtake: Server) -> None:
    """Kill the server at each change of an operation, whatever its state."""
    stub = await longtake.start()
    await upstream.tell("hold")
    operations = [await stub.GenerateVideos(request(f"dog {number}")) for number in range(3)]
    followers = [Follower(operation.name) for operation in operations]
    anything = tuple(State.values())
    for follower in followers:
        await follower.until(stub, *anything)
        await longtake.process.kill()
        stub = await longtake.start()
    await upstream.tell("release")
    for follower in followers:
        if not follower.seen[-1].done:
            await follower.until(stub, State.SUCCEEDED, State.FAILED)
        follower.assert_ordered_and_unique()
        last = follower.seen[-1]
        assert last.HasField("response") or "SUBMISSION_OUTCOME_UNKNOWN" in str(last.error.details)
    by_prompt = (await upstream.statistics())["submissions_by_prompt"]
    assert all(count == 1 for count in by_prompt.values())
