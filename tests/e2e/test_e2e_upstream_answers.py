# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation is submitted again only after an answer that proves that nothing has started.

One real server calls one real simulator, and the callers use a real socket. Each test has prompts
of its own, because the simulator counts the faults of a prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
import pytest_asyncio
from e2e.e2e_upstream import UNKNOWN, State, assert_failed, assert_succeeded, generated
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Simulator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]
Code = grpc.StatusCode


class Posts:
    """What the simulator has received since the test began."""

    def __init__(self, upstream: Simulator, before: dict[str, int]) -> None:
        self._upstream = upstream
        self._before = before

    async def since(self) -> tuple[int, int]:
        """The number of submissions received, and how many of them started a generation."""
        return await self._more("submissions_received"), await self._more("submissions_accepted")

    async def polls(self) -> int:
        return await self._more("polls")

    async def _more(self, count: str) -> int:
        return int((await self._upstream.statistics())[count]) - self._before[count]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path_factory.mktemp("upstream")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(
    tmp_path_factory: pytest.TempPathFactory, upstream: Simulator
) -> AsyncIterator[VideoServiceAsyncStub]:
    async with server(tmp_path_factory.mktemp("server"), upstream) as longtake:
        yield await longtake.start()


@pytest_asyncio.fixture(loop_scope="module")
async def posts(upstream: Simulator) -> Posts:
    return Posts(upstream, await upstream.statistics())


async def test_a_request_that_google_rejects_is_not_sent_again(
    stub: VideoServiceAsyncStub, posts: Posts
) -> None:
    operation = await generated(stub, "a boat [sim:reject]")
    assert_failed(operation, Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED")
    assert operation.error.message == (
        "The prompt couldn't be submitted: it might violate our policies."
    )
    assert await posts.since() == (1, 0)


# How many generations each fault started at the upstream; Longtake cannot know.
AMBIGUOUS = [("internal", 0), ("html", 0), ("garbage", 0), ("drop", 1)]


@pytest.mark.parametrize(("fault", "started"), AMBIGUOUS)
async def test_a_submission_that_may_have_started_is_not_sent_again(
    stub: VideoServiceAsyncStub, posts: Posts, fault: str, started: int
) -> None:
    operation = await generated(stub, f"a boat [sim:{fault}]")
    assert_failed(operation, Code.ABORTED, UNKNOWN)
    assert operation.metadata.attempts == 1
    assert await posts.since() == (1, started)


@pytest.mark.parametrize(("fault", "started"), AMBIGUOUS)
async def test_a_caller_may_allow_that_it_is_sent_again(
    stub: VideoServiceAsyncStub, posts: Posts, fault: str, started: int
) -> None:
    operation = await generated(stub, f"a ship [sim:{fault}]", resubmit=True)
    assert_succeeded(operation, 2)
    assert await posts.since() == (2, started + 1)


async def test_refusals_before_an_unknown_outcome_do_not_make_it_known(
    stub: VideoServiceAsyncStub, posts: Posts
) -> None:
    operation = await generated(stub, "a boat [sim:quota times=2] [sim:drop]")
    assert_failed(operation, Code.ABORTED, UNKNOWN)
    assert await posts.since() == (3, 1)


@pytest.mark.parametrize(
    ("directive", "code", "reason", "words"),
    [
        ("fail", Code.INTERNAL, "UPSTREAM_FAILED", "Video generation failed."),
        ("refuse", Code.INVALID_ARGUMENT, "UPSTREAM_FAILED", "Support codes: 58061214"),
        ("lost", Code.ABORTED, "UPSTREAM_LOST", "no longer knows the generation"),
    ],
)
async def test_a_generation_that_google_took_and_failed_is_not_sent_again(
    stub: VideoServiceAsyncStub,
    posts: Posts,
    directive: str,
    code: grpc.StatusCode,
    reason: str,
    words: str,
) -> None:
    operation = await generated(stub, f"a boat [sim:{directive}]")
    assert_failed(operation, code, reason)
    assert words in operation.error.message
    assert await posts.since() == (1, 1)


async def test_withheld_videos_are_a_success_that_says_so(
    stub: VideoServiceAsyncStub, posts: Posts
) -> None:
    operation = await generated(stub, "a boat [sim:filter]")
    assert operation.metadata.state == State.SUCCEEDED
    assert operation.response.rai_media_filtered_count == 1
    (reason,) = operation.response.rai_media_filtered_reasons
    assert "Support codes: 29310472" in reason
    assert not operation.response.generated_videos
    assert await posts.since() == (1, 1)


@pytest.mark.parametrize(
    "fault", ["quota", "unavailable", "reject", "internal", "html", "garbage", "drop"]
)
async def test_a_poll_that_goes_wrong_ends_nothing(
    stub: VideoServiceAsyncStub, posts: Posts, fault: str
) -> None:
    operation = await generated(stub, f"a boat [sim:poll-{fault} times=3]")
    assert_succeeded(operation, 1)
    assert await posts.since() == (1, 1)
    assert await posts.polls() >= 4
