# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a broken submission, poll or cancel proves, over real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from typing import TYPE_CHECKING

import pytest
from fakes.inline import MemorySink
from fakes.loop_time import out_of_time
from fakes.platform import OPERATION, UPSTREAM_OPERATION, agent_platform
from fakes.scripted_http import Reply, error_reply, json_reply, scripted_http
from google.protobuf import any_pb2
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import Code, StoredVideo
from longtake_server.operations.upstream import (
    Broken,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
    UpstreamFailure,
    Withheld,
)

if TYPE_CHECKING:
    from longtake_server.upstream.agent_platform import AgentPlatform

MODEL = "veo-3.1-generate-001"
ACCEPTED = json_reply(200, {"name": UPSTREAM_OPERATION})
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
HTML = Reply(
    502, b"<html><head><style>b{}</style></head><body><h1>Bad &amp; gone</h1></body></html>"
)


async def submit(platform: AgentPlatform) -> str:
    return await platform.submit(OPERATION, MODEL, GenerateVideosRequest(prompt="a wave"))


async def poll(platform: AgentPlatform) -> object:
    return await platform.poll(OPERATION, UPSTREAM_OPERATION)


async def test_a_submission_is_one_post_in_googles_form() -> None:
    async with scripted_http(ACCEPTED) as google, agent_platform(google.url) as platform:
        assert await submit(platform) == UPSTREAM_OPERATION
    (request,) = google.requests
    assert request.method == "POST"
    assert request.path == (
        f"/v1/projects/p/locations/us-central1/publishers/google/models/{MODEL}:predictLongRunning"
    )
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"instances": [{"prompt": "a wave"}]}


@pytest.mark.parametrize("looks", [[False], [True, False]])
async def test_what_the_last_look_forbids_is_not_written(looks: list[bool]) -> None:
    replies = [error_reply(401, "UNAUTHENTICATED", "expired")] * looks.count(True)
    left = list(looks)
    async with scripted_http(*replies) as google, agent_platform(google.url) as platform:
        with pytest.raises(Withheld):
            await platform.submit(
                OPERATION,
                MODEL,
                GenerateVideosRequest(prompt="a wave"),
                last_look=lambda: left.pop(0),
            )
    assert len(google.requests) == looks.count(True)
    assert left == []


SUBMISSION_FAULTS = [
    pytest.param(Reply(reset=True), OutcomeUnknown, id="reset after the request"),
    pytest.param(Reply(body=ACCEPTED.body, cut=20), OutcomeUnknown, id="reset within the body"),
    pytest.param(Reply(body=ACCEPTED.body[:30]), OutcomeUnknown, id="truncated JSON"),
    pytest.param(Reply(body=b""), OutcomeUnknown, id="empty answer"),
    pytest.param(json_reply(200, []), OutcomeUnknown, id="another shape"),
    pytest.param(json_reply(200, {"name": 7}), OutcomeUnknown, id="a name that is none"),
    pytest.param(Reply(200, b"<html>log in</html>"), OutcomeUnknown, id="HTML with 200"),
    pytest.param(Reply(200, b"x" * (2 << 20)), OutcomeUnknown, id="more than the cap"),
    pytest.param(Reply(204, b""), OutcomeUnknown, id="204"),
    pytest.param(HTML, OutcomeUnknown, id="502 of a proxy"),
    pytest.param(Reply(503, b"upstream connect error"), OutcomeUnknown, id="503 of a proxy"),
    pytest.param(Reply(503, b'{"error": {"co'), OutcomeUnknown, id="503 with cut JSON"),
    pytest.param(error_reply(500, "INTERNAL", "oops"), OutcomeUnknown, id="500 of Google"),
    pytest.param(error_reply(504, "DEADLINE_EXCEEDED", "x"), OutcomeUnknown, id="504 of Google"),
    pytest.param(Reply(408, b""), OutcomeUnknown, id="408"),
    pytest.param(error_reply(499, "CANCELLED", "x"), OutcomeUnknown, id="499"),
    pytest.param(Reply(303, b"", {"location": "/"}), OutcomeUnknown, id="303"),
    pytest.param(error_reply(503, "UNAVAILABLE", "busy"), NotNow, id="503 of Google"),
    pytest.param(Reply(429, b""), NotNow, id="429 alone"),
    pytest.param(error_reply(400, "INVALID_ARGUMENT", "x"), Rejected, id="400"),
    pytest.param(error_reply(403, "PERMISSION_DENIED", "x"), Rejected, id="403"),
    pytest.param(error_reply(404, "NOT_FOUND", "x"), Rejected, id="404"),
    pytest.param(error_reply(409, "ABORTED", "x"), Rejected, id="409"),
    pytest.param(Reply(422, b"no"), Rejected, id="422"),
    pytest.param(Reply(413, b""), Rejected, id="413"),
    pytest.param(error_reply(501, "UNIMPLEMENTED", "x"), Rejected, id="501 of Google"),
    pytest.param(Reply(307, b"", {"location": "/"}), Rejected, id="307"),
]


@pytest.mark.parametrize(("reply", "kind"), SUBMISSION_FAULTS)
async def test_a_submission_that_fails_is_of_its_kind_and_sent_once(
    reply: Reply, kind: type[UpstreamFailure]
) -> None:
    async with scripted_http(reply) as google, agent_platform(google.url) as platform:
        with pytest.raises(kind):
            await submit(platform)
    assert len(google.requests) == 1


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with agent_platform(f"http://127.0.0.1:{closed.getsockname()[1]}") as platform:
            with pytest.raises(NotNow) as caught:
                await submit(platform)
    assert caught.value.failure.code is Code.UNAVAILABLE
    assert caught.value.failure.reason == "ATTEMPTS_EXHAUSTED"
    assert caught.value.failure.metadata == {"upstream": "agent_platform"}


async def test_an_unknown_host_proves_that_nothing_was_sent() -> None:
    async with agent_platform("http://nowhere.invalid") as platform:
        with pytest.raises(NotNow):
            await submit(platform)


async def test_a_reset_before_the_request_was_read_leaves_the_outcome_unknown() -> None:
    async with (
        scripted_http(reset_connections=1) as google,
        agent_platform(google.url) as platform,
    ):
        with pytest.raises(OutcomeUnknown):
            await submit(platform)
    assert google.requests == []


async def test_silence_after_the_request_leaves_the_outcome_unknown() -> None:
    async with (
        scripted_http(Reply(stall=True)) as google,
        agent_platform(google.url, read_seconds=0.05) as platform,
    ):
        with pytest.raises(OutcomeUnknown):
            await submit(platform)
        await google.received.wait()
    assert len(google.requests) == 1


async def test_a_submission_that_takes_too_long_leaves_the_outcome_unknown() -> None:
    async with (
        scripted_http(Reply(stall=True)) as google,
        agent_platform(google.url, read_seconds=600.0, call_seconds=30.0) as platform,
    ):
        with pytest.raises(OutcomeUnknown):
            await out_of_time(submit(platform), google.received, 30.0)
    assert len(google.requests) == 1


async def test_cancelling_a_submission_is_not_swallowed() -> None:
    async with scripted_http(Reply(stall=True)) as google, agent_platform(google.url) as platform:
        call = asyncio.create_task(submit(platform))
        await google.received.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (error_reply(429, "RESOURCE_EXHAUSTED", "quota", RETRY_INFO, retry_after="9"), 3.5),
        (error_reply(429, "RESOURCE_EXHAUSTED", "quota", retry_after="9"), 9.0),
        (Reply(429, b"slow down", {"retry-after": "Tue, 24 Nov 2026 12:01:30 GMT"}), 90.0),
        (Reply(429, b"slow down", {"retry-after": "Tue, 24 Nov 2020 12:01:30 GMT"}), 0.0),
        (Reply(429, b"slow down", {"retry-after": "99999999999999999999"}), 86400.0),
        (Reply(429, b"slow down", {"retry-after": "soon"}), None),
        (error_reply(503, "UNAVAILABLE", "busy", RETRY_INFO), 3.5),
    ],
)
async def test_the_upstream_says_when_to_come_back(reply: Reply, seconds: float | None) -> None:
    async with scripted_http(reply) as google, agent_platform(google.url) as platform:
        with pytest.raises(NotNow) as caught:
            await submit(platform)
    assert caught.value.retry_after == seconds


async def test_a_429_is_resource_exhausted_with_googles_details() -> None:
    violation = {"subject": "projects/p", "description": "50 a minute"}
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    unknown = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "stack"}
    reply = error_reply(429, "RESOURCE_EXHAUSTED", "Quota exceeded", quota, unknown, RETRY_INFO)
    async with scripted_http(reply) as google, agent_platform(google.url) as platform:
        with pytest.raises(NotNow) as caught:
            await submit(platform)
    failure = caught.value.failure
    assert (failure.code, failure.message) == (Code.RESOURCE_EXHAUSTED, "Quota exceeded")
    first, second = (any_pb2.Any.FromString(one) for one in failure.details)
    assert first.type_url.endswith("google.rpc.QuotaFailure")
    assert b"50 a minute" in first.value
    assert second.type_url.endswith("google.rpc.RetryInfo")


async def test_a_401_is_tried_once_more() -> None:
    refused = error_reply(401, "UNAUTHENTICATED", "expired")
    async with scripted_http(refused, ACCEPTED) as google, agent_platform(google.url) as platform:
        assert await submit(platform) == UPSTREAM_OPERATION
    assert len(google.requests) == 2


async def test_a_second_401_is_final() -> None:
    refused = error_reply(401, "UNAUTHENTICATED", "expired")
    async with scripted_http(refused, refused) as google, agent_platform(google.url) as platform:
        with pytest.raises(Rejected) as caught:
            await submit(platform)
    assert caught.value.failure.code is Code.UNAUTHENTICATED
    assert caught.value.failure.reason == "UPSTREAM_REJECTED"


async def test_a_reset_after_a_401_leaves_the_outcome_unknown() -> None:
    refused = error_reply(401, "UNAUTHENTICATED", "expired")
    async with (
        scripted_http(refused, Reply(reset=True)) as google,
        agent_platform(google.url) as platform,
    ):
        with pytest.raises(OutcomeUnknown):
            await submit(platform)
    assert len(google.requests) == 2


async def test_an_error_in_an_array_is_read_as_the_error() -> None:
    error = {"error": {"code": 400, "message": "bad seed", "status": "INVALID_ARGUMENT"}}
    async with (
        scripted_http(json_reply(400, [error])) as google,
        agent_platform(google.url) as platform,
    ):
        with pytest.raises(Rejected) as caught:
            await submit(platform)
    assert caught.value.failure.code is Code.INVALID_ARGUMENT
    assert caught.value.failure.message == "bad seed"


async def test_a_request_that_the_wire_has_no_place_for_is_never_sent() -> None:
    config = GenerateVideosConfig(safety_filter_level=GenerateVideosConfig.BLOCK_MOST)
    async with scripted_http() as google, agent_platform(google.url) as platform:
        with pytest.raises(Rejected, match=r"config\.safety_filter_level"):
            await platform.submit(OPERATION, MODEL, GenerateVideosRequest(config=config))
    assert google.requests == []


async def test_a_poll_names_the_operation() -> None:
    running = json_reply(200, {"name": UPSTREAM_OPERATION})
    async with scripted_http(running) as google, agent_platform(google.url) as platform:
        assert await poll(platform) == Running()
    (request,) = google.requests
    assert request.path == (
        f"/v1/projects/p/locations/us-central1/publishers/google/models/{MODEL}"
        ":fetchPredictOperation"
    )
    assert json.loads(request.body) == {"operationName": UPSTREAM_OPERATION}


POLL_FAULTS = [
    pytest.param(Reply(reset=True), NotNow, id="reset"),
    pytest.param(Reply(cut=1), NotNow, id="reset within the body"),
    pytest.param(HTML, NotNow, id="502"),
    pytest.param(error_reply(500, "INTERNAL", "x"), NotNow, id="500"),
    pytest.param(error_reply(403, "PERMISSION_DENIED", "x"), NotNow, id="403"),
    pytest.param(error_reply(400, "INVALID_ARGUMENT", "x"), NotNow, id="400"),
    pytest.param(Reply(429, b""), NotNow, id="429"),
    pytest.param(Reply(404, b"<html>no page</html>"), NotNow, id="404 of a proxy"),
    pytest.param(Reply(200, b'{"done": tr'), OutcomeUnknown, id="truncated JSON"),
    pytest.param(Reply(200, b"<html>"), OutcomeUnknown, id="HTML with 200"),
    pytest.param(Reply(202, b"{}"), OutcomeUnknown, id="202"),
    pytest.param(error_reply(404, "NOT_FOUND", "gone"), Rejected, id="404 of Google"),
]


@pytest.mark.parametrize(("reply", "kind"), POLL_FAULTS)
async def test_a_poll_that_fails_is_of_its_kind(reply: Reply, kind: type[UpstreamFailure]) -> None:
    async with scripted_http(reply) as google, agent_platform(google.url) as platform:
        with pytest.raises(kind):
            await poll(platform)


async def test_a_generation_that_google_does_not_know_is_lost() -> None:
    reply = error_reply(404, "NOT_FOUND", "gone")
    async with scripted_http(reply) as google, agent_platform(google.url) as platform:
        with pytest.raises(Rejected) as caught:
            await poll(platform)
    assert caught.value.failure.code is Code.ABORTED
    assert caught.value.failure.reason == "UPSTREAM_LOST"


async def test_a_name_of_another_upstream_is_lost() -> None:
    async with scripted_http() as google, agent_platform(google.url) as platform:
        with pytest.raises(Rejected) as caught:
            await platform.poll(OPERATION, "interactions/7")
    assert caught.value.failure.reason == "UPSTREAM_LOST"


async def test_inline_videos_go_to_the_sink_in_order() -> None:
    first, second = bytes(range(256)) * 1000, b"second"
    videos: list[object] = [
        {"bytesBase64Encoded": base64.b64encode(first).decode(), "mimeType": "video/mp4"},
        {"gcsUri": "gs://bucket/sample_1.mp4", "mimeType": "video/mp4"},
        {"bytesBase64Encoded": base64.b64encode(second).decode(), "mimeType": "video/mp4"},
    ]
    done = json_reply(
        200, {"done": True, "response": {"videos": videos, "raiMediaFilteredCount": 1}}
    )
    sink = MemorySink()
    async with scripted_http(done) as google, agent_platform(google.url, sink=sink) as platform:
        result = await poll(platform)
    assert isinstance(result, Finished)
    assert [video.location for video in result.videos] == [
        f"{OPERATION}/0",
        "gs://bucket/sample_1.mp4",
        f"{OPERATION}/2",
    ]
    assert result.videos[1] == StoredVideo("gs://bucket/sample_1.mp4")
    assert result.filtered_count == 1
    assert sink.stored == {(OPERATION, 0): first, (OPERATION, 2): second}


async def test_a_result_larger_than_the_cap_ends_the_generation_with_what_to_do() -> None:
    done = Reply(200, b'{"done":true,"response":"' + b"x" * (2 << 20) + b'"}')
    async with scripted_http(done) as google, agent_platform(google.url) as platform:
        result = await poll(platform)
    assert isinstance(result, Broken)
    assert result.failure.reason == "RESULT_NOT_STORED"
    assert "output_gcs_uri" in result.failure.message


async def test_a_generation_cannot_be_stopped() -> None:
    async with scripted_http() as google, agent_platform(google.url) as platform:
        assert await platform.cancel(UPSTREAM_OPERATION) is False
