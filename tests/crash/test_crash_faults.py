# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Accepted operations continue after faults of the upstream and the disk, with real processes."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    ListOperationsRequest,
    WaitOperationRequest,
    WatchOperationRequest,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
State = GenerateVideosMetadata.State


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


def request(prompt: str, request_id: str = "") -> GenerateVideosRequest:
    config = {"duration_seconds": 4, "resolution": "720p"}
    return GenerateVideosRequest(
        model="veo-3.1-lite-generate-001", prompt=prompt, config=config, request_id=request_id
    )


async def reached(stub: VideoServiceAsyncStub, name: str, state: State) -> GenerateVideosOperation:
    """Wait until the operation has a state or has ended, and return it."""
    after = 0
    while True:
        wait = WaitOperationRequest(name=name, after_revision=after)
        operation = await stub.WaitOperation(wait, wait_for_ready=True)
        if operation.done or operation.metadata.state == state:
            assert operation.metadata.state == state, operation
            return operation
        after = operation.revision


async def submissions(upstream: Simulator) -> dict[str, int]:
    counts: dict[str, int] = (await upstream.statistics())["submissions_by_prompt"]
    return counts


def limit_files(longtake: Server, largest: int) -> None:
    """Limit the size of a running server's files, which simulates a full disk."""
    _, hard = resource.prlimit(longtake.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(longtake.process.pid, resource.RLIMIT_FSIZE, (largest, hard))


def lift_limit(longtake: Server) -> None:
    _, hard = resource.prlimit(longtake.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(longtake.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


async def refusal(stub: VideoServiceAsyncStub, wanted: GenerateVideosRequest) -> str:
    """Return the reason of the UNAVAILABLE error for a request to generate."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GenerateVideos(wanted)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE, refused.value
    trailing = dict(refused.value.trailing_metadata() or ())
    status = Status.FromString(trailing["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    reason: str = info.reason
    return reason


async def test_a_disk_that_fills_up_refuses_new_work_and_keeps_the_old(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    prompts = [f"{number} [sim:filter]" for number in range(3)]
    names = [(await stub.GenerateVideos(request(prompt))).name for prompt in prompts]
    running = [await reached(stub, name, State.RUNNING) for name in names]
    limit_files(longtake, 0)
    late = request("late [sim:filter]", "0f0bd0fb-6f4f-4bbc-8b57-5b6a3f0d2a1c")
    assert await refusal(stub, late) == "STORAGE_UNAVAILABLE"
    for operation in running:
        assert await stub.GetOperation(GetOperationRequest(name=operation.name)) == operation
        watch = stub.WatchOperation(WatchOperationRequest(name=operation.name))
        assert (await anext(aiter(watch))).operation == operation
        watch.cancel()
    assert len((await stub.ListOperations(ListOperationsRequest())).operations) == 3
    # The generation ends, but its end cannot be stored.
    await upstream.tell("release")
    assert await refusal(stub, late) == "STORAGE_UNAVAILABLE"
    await longtake.process.kill()
    stub = await longtake.start()
    names.append((await stub.GenerateVideos(late)).name)
    for name in names:
        await reached(stub, name, State.SUCCEEDED)
    assert await submissions(upstream) == dict.fromkeys([*prompts, late.prompt], 1)


async def test_a_submission_that_the_disk_has_no_room_to_confirm_is_not_lost(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold-submissions")
    name = (await stub.GenerateVideos(request("a dog [sim:filter]"))).name
    await upstream.wait(submissions=1)
    limit_files(longtake, 0)
    await upstream.tell("release-submissions")
    assert await refusal(stub, request("another")) == "STORAGE_UNAVAILABLE"
    assert (await stub.GetOperation(GetOperationRequest(name=name))).metadata.state in (
        State.SUBMITTING,
        State.RUNNING,
    )
    lift_limit(longtake)
    await reached(stub, name, State.SUCCEEDED)
    assert await submissions(upstream) == {"a dog [sim:filter]": 1}


async def test_a_result_that_the_upstream_takes_back_before_it_is_stored_comes_later(
    upstream: Simulator, longtake: Server
) -> None:
    prompt = "a dog [sim:size bytes=8000000][sim:undone times=2]"
    stub = await longtake.start()
    await upstream.tell("hold")
    name = (await stub.GenerateVideos(request(prompt))).name
    await reached(stub, name, State.RUNNING)
    # Enough space for the record, but not for the video.
    limit_files(longtake, 4_000_000)
    await upstream.tell("release")
    (generation,) = await upstream.operations()
    await upstream.wait(operation=generation)
    # One poll may be in flight; one sees the end, and the next one sees it undone.
    await upstream.wait(polls=(await upstream.statistics())["polls"] + 3)
    assert not (await stub.GetOperation(GetOperationRequest(name=name))).done
    lift_limit(longtake)
    operation = await reached(stub, name, State.SUCCEEDED)
    assert len(operation.response.generated_videos) == 1
    assert await submissions(upstream) == {prompt: 1}


async def test_what_has_ended_stays_so_though_the_upstream_takes_it_back(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    name = (await stub.GenerateVideos(request("a dog [sim:filter][sim:undone times=99]"))).name
    ended = await reached(stub, name, State.SUCCEEDED)
    polls = (await upstream.statistics())["polls"]
    await longtake.process.kill()
    stub = await longtake.start()
    # Later operations proceed and are not delayed.
    other = (await stub.GenerateVideos(request("another [sim:filter][sim:never]"))).name
    await reached(stub, other, State.RUNNING)
    await upstream.wait(polls=polls + 1)
    assert await stub.GetOperation(GetOperationRequest(name=name)) == ended


async def test_a_poll_that_hangs_holds_up_no_other_and_is_repeated_after_a_kill(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    await upstream.tell("hold")
    name = (await stub.GenerateVideos(request("hangs [sim:filter][sim:poll-hang]"))).name
    await upstream.wait(polls=1)
    await upstream.tell("release")
    other = (await stub.GenerateVideos(request("another [sim:filter]"))).name
    await reached(stub, other, State.SUCCEEDED)
    await reached(stub, name, State.RUNNING)
    await longtake.process.kill()
    stub = await longtake.start()
    await reached(stub, name, State.SUCCEEDED)
    assert set((await submissions(upstream)).values()) == {1}


async def test_a_submission_that_hangs_holds_up_no_other_and_is_not_sent_again_after_a_kill(
    upstream: Simulator, longtake: Server
) -> None:
    stub = await longtake.start()
    name = (await stub.GenerateVideos(request("hangs [sim:hang]"))).name
    await upstream.wait(submissions=1)
    other = (await stub.GenerateVideos(request("another [sim:filter]"))).name
    await reached(stub, other, State.SUCCEEDED)
    await longtake.process.kill()
    stub = await longtake.start()
    operation = await reached(stub, name, State.FAILED)
    assert "SUBMISSION_OUTCOME_UNKNOWN" in str(operation.error.details)
    assert (await upstream.statistics())["submissions_received"] == 2


@pytest.mark.parametrize("fault", ["quota", "unavailable", "internal", "html", "garbage", "drop"])
async def test_polls_that_go_wrong_before_and_after_a_kill_end_nothing(
    upstream: Simulator, longtake: Server, fault: str
) -> None:
    prompt = f"a dog [sim:filter][sim:poll-{fault} times=4]"
    stub = await longtake.start()
    await upstream.tell("hold")
    name = (await stub.GenerateVideos(request(prompt))).name
    await upstream.wait(polls=2)
    await longtake.process.kill()
    await upstream.tell("release")
    stub = await longtake.start()
    await reached(stub, name, State.SUCCEEDED)
    assert (await upstream.statistics())["polls"] >= 5
    assert await submissions(upstream) == {prompt: 1}
