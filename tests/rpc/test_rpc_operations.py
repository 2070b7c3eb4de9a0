# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The life cycle of an operation over the socket, as both services show it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from fakes.engine import MODEL, RETENTION
from fakes.upstream import ScriptedUpstream
from google.longrunning import operations_pb2 as standard
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2
from longtake.v1 import video_service_pb2 as api
from longtake.v1.generation_pb2 import GenerateVideosResponse
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake_server.operations.model import Code, Failed, Failure, StoredVideo
from longtake_server.operations.upstream import Finished, NotNow
from operations.operations_requests import ask
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

# Skips the runner's sleeps between polls. Those that extend a lease, and waits, are longer.
LONGEST_NAP = 15.0
HOUR = Duration(seconds=3600)


@asynccontextmanager
async def driven(server: Server) -> AsyncIterator[None]:
    """Let the runner work, and skip its sleeps."""
    running = asyncio.create_task(server.parts.runner.run())
    skipping = asyncio.create_task(server.parts.clock.skip_naps(LONGEST_NAP))
    try:
        yield
    finally:
        server.parts.runner.stop()
        await running
        skipping.cancel()
        await asyncio.gather(skipping, return_exceptions=True)


async def test_a_generation_goes_from_queued_to_succeeded(tmp_path: Path) -> None:
    finished = Finished((StoredVideo("gs://bucket/a.mp4", seed=7),), 1, ("too scary",))
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[finished])
    async with serving(tmp_path, upstream) as server:
        request = ask(labels={"team": "ads"}, number_of_videos=2)
        accepted = await server.videos.GenerateVideos(request)
        async with driven(server):
            ended = await server.videos.WaitOperation(api.WaitOperationRequest(name=accepted.name))
    assert not accepted.done
    assert accepted.WhichOneof("result") is None
    assert accepted.revision == 1
    assert accepted.metadata.state == GenerateVideosMetadata.QUEUED
    assert accepted.metadata.labels == {"team": "ads"}
    assert accepted.metadata.model == MODEL
    assert ended.done
    assert ended.name == accepted.name
    assert ended.revision > accepted.revision
    assert ended.metadata.state == GenerateVideosMetadata.SUCCEEDED
    assert ended.metadata.attempts == 1
    assert ended.metadata.billed_seconds == 8
    assert ended.metadata.estimated_cost.currency_code == "USD"
    assert ended.response.rai_media_filtered_count == 1
    assert ended.response.rai_media_filtered_reasons == ["too scary"]
    [video] = ended.response.generated_videos
    assert video.name == f"{accepted.name}/videos/0"
    assert video.generation_seed == 7
    assert video.video.file_data.file_uri == "gs://bucket/a.mp4"
    assert not video.video.HasField("size_bytes")


async def test_times_of_an_operation_are_set_as_it_goes(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        queued = await server.videos.GetOperation(
            api.GetOperationRequest(name=await server.accepted())
        )
        server.parts.clock.advance(60)
        ended = await server.videos.GetOperation(
            api.GetOperationRequest(name=await server.succeeded(b"bytes"))
        )
    for absent in ("submit_time", "end_time", "expire_time", "next_retry_time"):
        assert not queued.metadata.HasField(absent)
    times = ended.metadata
    assert times.create_time.ToSeconds() == queued.metadata.create_time.ToSeconds() + 60
    assert times.submit_time == times.end_time == times.update_time
    assert times.expire_time.ToSeconds() - times.end_time.ToSeconds() == RETENTION.total_seconds()


async def test_a_failed_generation_has_an_error_and_the_calls_go_well(tmp_path: Path) -> None:
    failure = Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no", {"upstream": "scripted"})
    async with serving(tmp_path) as server:
        name = await server.running()
        await server.parts.ledger.commit(name, Failed(failure))
        ours = await server.videos.GetOperation(api.GetOperationRequest(name=name))
        theirs = await server.operations.GetOperation(standard.GetOperationRequest(name=name))
    assert ours.done
    assert ours.metadata.state == GenerateVideosMetadata.FAILED
    assert (ours.error.code, ours.error.message) == (code_pb2.INVALID_ARGUMENT, "no")
    info = error_details_pb2.ErrorInfo()
    assert ours.error.details[0].Unpack(info)
    assert (info.domain, info.reason) == ("longtake.dev", "UPSTREAM_REJECTED")
    assert info.metadata == {"upstream": "scripted"}
    assert theirs.error == ours.error


async def test_the_standard_operation_holds_the_same_messages(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"first", b"second")
        ours = await server.videos.GetOperation(api.GetOperationRequest(name=name))
        theirs = await server.operations.GetOperation(standard.GetOperationRequest(name=name))
    metadata, response = GenerateVideosMetadata(), GenerateVideosResponse()
    assert theirs.metadata.Unpack(metadata)
    assert theirs.response.Unpack(response)
    assert (theirs.name, theirs.done) == (name, True)
    assert (metadata, response) == (ours.metadata, ours.response)


async def test_the_bytes_come_with_the_operation_when_asked_for(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"first", b"second")
        request = api.GetOperationRequest(name=name, include_video_data=True)
        operation = await server.videos.GetOperation(request)
    videos = operation.response.generated_videos
    assert [video.video.data for video in videos] == [b"first", b"second"]
    assert [video.video.size_bytes for video in videos] == [5, 6]


async def test_the_bytes_are_refused_when_they_are_too_many(tmp_path: Path) -> None:
    most = 16 << 20
    async with serving(tmp_path) as server:
        name = await server.succeeded(bytes(most))
        request = api.GetOperationRequest(name=name, include_video_data=True)
        operation = await server.videos.GetOperation(request)
        assert len(operation.response.generated_videos[0].video.data) == most
        request.name = await server.succeeded(bytes(most), b"x")
        fault = await refused(server.videos.GetOperation(request))
    assert (fault.code, fault.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "VIDEO_TOO_LARGE")
    assert fault.metadata == {"size_bytes": str(most + 1), "max_bytes": str(most)}


async def test_a_wait_returns_as_soon_as_there_is_news(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        request = api.WaitOperationRequest(name=name, after_revision=1)
        waiting = asyncio.ensure_future(server.videos.WaitOperation(request))
        await server.parts.clock.sleeping()
        await server.parts.ledger.commit(name, Failed(Failure(Code.UNKNOWN, "X", "x")))
        assert (await waiting).revision == 2


@pytest.mark.parametrize("seconds", [0, 5])
async def test_a_wait_returns_the_state_as_it_is_when_the_time_is_over(
    tmp_path: Path, seconds: int
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        request = api.WaitOperationRequest(name=name, timeout=Duration(seconds=seconds))
        ours = asyncio.ensure_future(server.videos.WaitOperation(request))
        same = standard.WaitOperationRequest(name=name, timeout=Duration(seconds=seconds))
        theirs = asyncio.ensure_future(server.operations.WaitOperation(same))
        if seconds:
            await server.parts.clock.sleeping(2)
            server.parts.clock.advance(seconds)
        assert (await ours).metadata.state == GenerateVideosMetadata.RUNNING
        assert not (await theirs).done


async def test_a_wait_ends_within_five_minutes_and_before_the_calls_own_deadline(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        request = api.WaitOperationRequest(name=await server.running(), timeout=HOUR)
        waiting = asyncio.ensure_future(server.videos.WaitOperation(request))
        await server.parts.clock.sleeping()
        server.parts.clock.advance(300)
        assert not (await waiting).done
        waiting = asyncio.ensure_future(server.videos.WaitOperation(request, timeout=60))
        await server.parts.clock.sleeping()
        server.parts.clock.advance(60)
        assert not (await waiting).done


async def test_the_standard_wait_returns_the_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        request = standard.WaitOperationRequest(name=name)
        waiting = asyncio.ensure_future(server.operations.WaitOperation(request))
        await server.parts.clock.sleeping()
        await server.succeed(name, b"bytes")
        assert (await waiting).done


async def test_a_queued_generation_is_cancelled_at_once_and_calling_twice_is_calling_once(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        request = api.CancelOperationRequest(name=await server.accepted())
        cancelled = await server.videos.CancelOperation(request)
        assert await server.videos.CancelOperation(request) == cancelled
    assert cancelled.done
    assert cancelled.error.code == code_pb2.CANCELLED
    assert cancelled.metadata.state == GenerateVideosMetadata.CANCELLED
    assert cancelled.metadata.estimated_cost.units == 0
    assert not cancelled.metadata.cancel_requested


async def test_a_running_generation_is_cancelled_with_a_warning(tmp_path: Path) -> None:
    async with serving(tmp_path, ScriptedUpstream(cancels=[False])) as server:
        name = await server.running()
        asked = await server.videos.CancelOperation(api.CancelOperationRequest(name=name))
        await server.parts.driver.step(name)
        ended = await server.videos.GetOperation(api.GetOperationRequest(name=name))
    assert not asked.done
    assert asked.metadata.cancel_requested
    assert ended.error.code == code_pb2.CANCELLED
    assert any("bill" in warning for warning in ended.metadata.warnings)


async def test_an_ended_generation_stays_as_it_is_when_cancelled(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"bytes")
        before = await server.videos.GetOperation(api.GetOperationRequest(name=name))
        after = await server.videos.CancelOperation(api.CancelOperationRequest(name=name))
    assert after == before


async def test_the_standard_cancel_and_delete_do_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        await server.operations.CancelOperation(standard.CancelOperationRequest(name=name))
        operation = await server.videos.GetOperation(api.GetOperationRequest(name=name))
        assert operation.error.code == code_pb2.CANCELLED
        await server.operations.DeleteOperation(standard.DeleteOperationRequest(name=name))
        fault = await refused(server.videos.GetOperation(api.GetOperationRequest(name=name)))
    assert fault.reason == "OPERATION_DELETED"


async def test_a_deleted_operation_takes_its_videos_along(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"bytes")
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
        assert not list((tmp_path / "media").rglob("*.mp4"))
        video = api.DownloadVideoRequest(name=f"{name}/videos/0")
        fault = await refused(server.videos.DownloadVideo(video))
    assert fault.reason == "OPERATION_DELETED"


async def test_what_waits_for_an_upstream_that_is_away_says_so(tmp_path: Path) -> None:
    down = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "refused", {"upstream": "scripted"})
    unreached = NotNow(down, reached=False)
    async with serving(tmp_path, ScriptedUpstream(submissions=[unreached])) as server:
        tried, waits = await server.accepted(), await server.accepted()
        await server.parts.driver.step(tried)
        for name in (tried, waits):
            operation = await server.videos.GetOperation(api.GetOperationRequest(name=name))
            assert_says_why_it_waits(operation.metadata)
        seen = await server.operations.GetOperation(standard.GetOperationRequest(name=waits))
        metadata = GenerateVideosMetadata()
        seen.metadata.Unpack(metadata)
        assert_says_why_it_waits(metadata)
        server.parts.core.breakers.answered("scripted")
        operation = await server.videos.GetOperation(api.GetOperationRequest(name=waits))
        assert not operation.metadata.HasField("last_error")
        assert operation.revision == 1


def assert_says_why_it_waits(metadata: GenerateVideosMetadata) -> None:
    info = error_details_pb2.ErrorInfo()
    metadata.last_error.details[0].Unpack(info)
    assert (metadata.last_error.code, metadata.last_error.message) == (14, "refused")
    assert (info.reason, info.domain) == ("UPSTREAM_UNAVAILABLE", "longtake.dev")
    assert metadata.HasField("next_retry_time")
