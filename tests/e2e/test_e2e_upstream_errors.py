# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation survives an upstream that refuses, dies or cannot be reached.

The real server calls the real simulator, and the callers use a real socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from e2e.e2e_upstream import (
    UNKNOWN,
    assert_failed,
    assert_succeeded,
    ended,
    generated,
    posts,
    request,
)
from longtake.v1.video_service_pb2 import WaitOperationRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
Code = grpc.StatusCode


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


@pytest.mark.parametrize("fault", ["quota", "unavailable"])
@pytest.mark.parametrize("refusals", [1, 3])
async def test_what_was_surely_refused_is_sent_again_until_it_is_taken(
    upstream: Simulator, longtake: Server, fault: str, refusals: int
) -> None:
    operation = await generated(await longtake.start(), f"a boat [sim:{fault} times={refusals}]")
    assert_succeeded(operation, refusals + 1)
    assert await posts(upstream) == (refusals + 1, 1)


async def test_a_connection_that_dies_under_a_submission_leaves_it_unknown(
    tmp_path: Path, upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold-submissions")
    name = (await stub.GenerateVideos(request("a boat"))).name
    await upstream.wait(submissions=1)
    assert await posts(upstream) == (1, 0)
    await upstream.process.kill()
    assert_failed(await ended(stub, name), Code.ABORTED, UNKNOWN)
    async with simulator(tmp_path, "--port", port(upstream)) as again:
        other = await stub.GenerateVideos(request("another boat"))
        assert_succeeded(await ended(stub, other.name), 1)
        assert (await again.statistics())["submissions_by_prompt"] == {"another boat": 1}
        assert await posts(again) == (1, 1)


async def test_a_submission_waits_for_an_upstream_that_cannot_be_reached(
    tmp_path: Path, upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.process.kill()
    name = (await stub.GenerateVideos(request("a boat"))).name
    last = 0
    while (operation := await later(stub, name, last)).metadata.attempts < 2:
        assert not operation.done
        last = operation.revision
    async with simulator(tmp_path, "--port", port(upstream)) as again:
        operation = await ended(stub, name)
        assert_succeeded(operation, operation.metadata.attempts)
        assert await posts(again) == (1, 1)


async def later(stub: VideoServiceAsyncStub, name: str, revision: int) -> GenerateVideosOperation:
    return await stub.WaitOperation(WaitOperationRequest(name=name, after_revision=revision))


def port(upstream: Simulator) -> str:
    return upstream.base_url.rpartition(":")[2]


async def test_a_refusal_past_the_queues_limit_ends_it_with_googles_details(
    tmp_path: Path, upstream: Simulator
) -> None:
    async with server(tmp_path, upstream, queue_limit_seconds="600") as longtake:
        operation = await generated(await longtake.start(), "a boat [sim:quota retry=3600]")
        retry_info, *_ = assert_failed(
            operation, Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "RetryInfo"
        )
        assert retry_info["retryDelay"] == "3600s"
        assert await posts(upstream) == (1, 0)


async def test_an_upstream_that_dies_and_comes_back_finishes_what_it_had_begun(
    tmp_path: Path,
) -> None:
    state = ("--state-directory", str(tmp_path / "simulator"))
    async with simulator(tmp_path, *state) as first, server(tmp_path, first) as longtake:
        stub = await longtake.start()
        await first.tell("hold")
        name = (await stub.GenerateVideos(request("a boat"))).name
        await first.wait(polls=1)
        assert await posts(first) == (1, 1)
        await first.process.kill()
        async with simulator(tmp_path, *state, "--port", port(first)) as second:
            assert_succeeded(await ended(stub, name), 1)
            assert await posts(second) == (0, 0)
