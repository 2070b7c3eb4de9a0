# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation is submitted again only after an answer that proves that nothing has started.

The real server calls the real simulator, and the callers use a real socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WaitOperationRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
Code = grpc.StatusCode
State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"
TYPE = "type.googleapis.com/google.rpc."
UNKNOWN = "SUBMISSION_OUTCOME_UNKNOWN"


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


def request(prompt: str, *, resubmit: bool = False) -> GenerateVideosRequest:
    config = {"duration_seconds": 4, "resolution": "720p"}
    return GenerateVideosRequest(
        model=MODEL, prompt=prompt, config=config, resubmit_if_unknown=resubmit
    )


async def ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


async def generated(
    longtake: Server, prompt: str, *, resubmit: bool = False
) -> GenerateVideosOperation:
    stub = await longtake.start()
    started = await stub.GenerateVideos(request(prompt, resubmit=resubmit))
    return await ended(stub, started.name)


async def posts(upstream: Simulator) -> tuple[int, int]:
    """The number of submissions received, and how many of them started a generation."""
    counts = await upstream.statistics()
    return counts["submissions_received"], counts["submissions_accepted"]


def details(operation: GenerateVideosOperation) -> list[dict[str, Any]]:
    known = error_details_pb2.DESCRIPTOR.pool
    unpack = json_format.MessageToDict
    return [unpack(one, descriptor_pool=known) for one in operation.error.details]


def assert_failed(
    operation: GenerateVideosOperation, code: grpc.StatusCode, reason: str, *others: str
) -> list[dict[str, Any]]:
    """Check the machine-readable part of an error, and return the upstream's details."""
    assert operation.metadata.state == State.FAILED
    assert operation.error.code == code.value[0], operation.error
    assert operation.error.message
    first, *rest = details(operation)
    metadata = {} if reason == UNKNOWN else {"upstream": "agent_platform"}
    assert first.pop("metadata", {}).items() >= metadata.items()
    assert first == {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "longtake.dev"}
    assert [one["@type"] for one in rest] == [TYPE + kind for kind in others]
    return rest


def assert_succeeded(operation: GenerateVideosOperation, submissions: int) -> None:
    assert operation.metadata.state == State.SUCCEEDED, operation
    assert len(operation.response.generated_videos) == 1
    assert operation.metadata.attempts == submissions


@pytest.mark.parametrize("fault", ["quota", "unavailable"])
@pytest.mark.parametrize("refusals", [1, 3])
async def test_what_was_surely_refused_is_sent_again_until_it_is_taken(
    upstream: Simulator, longtake: Server, fault: str, refusals: int
) -> None:
    operation = await generated(longtake, f"a boat [sim:{fault} times={refusals}]")
    assert_succeeded(operation, refusals + 1)
    assert await posts(upstream) == (refusals + 1, 1)


async def test_a_request_that_google_rejects_is_not_sent_again(
    upstream: Simulator, longtake: Server
) -> None:
    operation = await generated(longtake, "a boat [sim:reject]")
    assert_failed(operation, Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED")
    assert operation.error.message == (
        "The prompt couldn't be submitted: it might violate our policies."
    )
    assert await posts(upstream) == (1, 0)


# How many generations each fault started at the upstream; Longtake cannot know.
AMBIGUOUS = [("internal", 0), ("html", 0), ("garbage", 0), ("drop", 1)]


@pytest.mark.parametrize(("fault", "started"), AMBIGUOUS)
async def test_a_submission_that_may_have_started_is_not_sent_again(
    upstream: Simulator, longtake: Server, fault: str, started: int
) -> None:
    operation = await generated(longtake, f"a boat [sim:{fault}]")
    assert_failed(operation, Code.ABORTED, UNKNOWN)
    assert operation.metadata.attempts == 1
    assert await posts(upstream) == (1, started)


@pytest.mark.parametrize(("fault", "started"), AMBIGUOUS)
async def test_a_caller_may_allow_that_it_is_sent_again(
    upstream: Simulator, longtake: Server, fault: str, started: int
) -> None:
    operation = await generated(longtake, f"a boat [sim:{fault}]", resubmit=True)
    assert_succeeded(operation, 2)
    assert await posts(upstream) == (2, started + 1)


async def test_refusals_before_an_unknown_outcome_do_not_make_it_known(
    upstream: Simulator, longtake: Server
) -> None:
    operation = await generated(longtake, "a boat [sim:quota times=2] [sim:drop]")
    assert_failed(operation, Code.ABORTED, UNKNOWN)
    assert await posts(upstream) == (3, 1)


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
        operation = await generated(longtake, "a boat [sim:quota retry=3600]")
        retry_info, *_ = assert_failed(
            operation, Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "RetryInfo"
        )
        assert retry_info["retryDelay"] == "3600s"
        assert await posts(upstream) == (1, 0)


@pytest.mark.parametrize(
    ("directive", "code", "reason", "words"),
    [
        ("fail", Code.INTERNAL, "UPSTREAM_FAILED", "Video generation failed."),
        ("refuse", Code.INVALID_ARGUMENT, "UPSTREAM_FAILED", "Support codes: 58061214"),
        ("lost", Code.ABORTED, "UPSTREAM_LOST", "no longer knows the generation"),
    ],
)
async def test_a_generation_that_google_took_and_failed_is_not_sent_again(
    upstream: Simulator,
    longtake: Server,
    directive: str,
    code: grpc.StatusCode,
    reason: str,
    words: str,
) -> None:
    operation = await generated(longtake, f"a boat [sim:{directive}]")
    assert_failed(operation, code, reason)
    assert words in operation.error.message
    assert await posts(upstream) == (1, 1)


async def test_withheld_videos_are_a_success_that_says_so(
    upstream: Simulator, longtake: Server
) -> None:
    operation = await generated(longtake, "a boat [sim:filter]")
    assert operation.metadata.state == State.SUCCEEDED
    assert operation.response.rai_media_filtered_count == 1
    (reason,) = operation.response.rai_media_filtered_reasons
    assert "Support codes: 29310472" in reason
    assert not operation.response.generated_videos
    assert await posts(upstream) == (1, 1)


@pytest.mark.parametrize(
    "fault", ["quota", "unavailable", "reject", "internal", "html", "garbage", "drop"]
)
async def test_a_poll_that_goes_wrong_ends_nothing(
    upstream: Simulator, longtake: Server, fault: str
) -> None:
    operation = await generated(longtake, f"a boat [sim:poll-{fault} times=3]")
    assert_succeeded(operation, 1)
    assert await posts(upstream) == (1, 1)
    assert (await upstream.statistics())["polls"] >= 4


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
