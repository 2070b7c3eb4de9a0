# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Submissions, polls and cancellations of interactions, over real sockets."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING

import pytest
from fakes.inline import MemorySink
from fakes.interactions import FILE, INTERACTION, KEY, TOKEN, interactions
from fakes.loop_time import out_of_time
from fakes.platform import OPERATION
from fakes.scripted_http import Reply, error_reply, json_reply, scripted_http
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import Code, StoredVideo
from longtake_server.operations.upstream import (
    Broken,
    Earlier,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
    UpstreamFailure,
)
from upstream.test_upstream_interactions_answers import INTERACTION_JSON

if TYPE_CHECKING:
    from longtake_server.upstream.interactions import Interactions
    from longtake_server.upstream.interactions_check import Host

MODEL = "gemini-omni-1.2-flash"
ACCEPTED = json_reply(200, {"id": INTERACTION, "status": "in_progress", "object": "interaction"})
KINDS = Rejected | NotNow | OutcomeUnknown
HTML = Reply(502, b"<html><h1>Bad gateway</h1></html>")
PATHS = [
    ("developer", "/v1beta/interactions", {"x-goog-api-key": KEY}),
    (
        "agent_platform",
        "/v1beta1/projects/p/locations/global/interactions",
        {"authorization": f"Bearer {TOKEN}"},
    ),
]


def word_reply(status: int, code: str, message: str, **headers: str) -> Reply:
    """Return an error as the Interactions API writes it."""
    return json_reply(status, {"error": {"code": code, "message": message}}, **headers)


def completed(*contents: object) -> Reply:
    steps = [{"type": "model_output", "content": list(contents)}]
    return json_reply(200, {"id": INTERACTION, "status": "completed", "steps": steps})


async def submit(upstream: Interactions) -> str:
    return await upstream.submit(OPERATION, MODEL, GenerateVideosRequest(prompt="a wave"))


@pytest.mark.parametrize(("host", "path", "credentials"), PATHS)
async def test_a_submission_is_one_post_with_the_hosts_credentials(
    host: Host, path: str, credentials: dict[str, str]
) -> None:
    async with scripted_http(ACCEPTED) as google, interactions(google.url, host) as upstream:
        assert await submit(upstream) == INTERACTION
    (request,) = google.requests
    assert (request.method, request.path) == ("POST", path)
    assert credentials.items() <= request.headers.items()
    assert ("authorization" in request.headers) == (host == "agent_platform")
    assert request.headers["content-type"] == "application/json"
    sent = json.loads(request.body)
    assert (sent["model"], sent["input"], sent["background"]) == (MODEL, "a wave", True)


@pytest.mark.parametrize(("host", "path", "credentials"), PATHS)
async def test_polls_and_cancels_name_the_interaction(
    host: Host, path: str, credentials: dict[str, str]
) -> None:
    async with (
        scripted_http(ACCEPTED, ACCEPTED) as google,
        interactions(google.url, host) as upstream,
    ):
        assert await upstream.poll(OPERATION, INTERACTION) == Running()
        assert await upstream.cancel(INTERACTION) is True
    poll, cancel = google.requests
    assert (poll.method, poll.path, poll.body) == ("GET", f"{path}/{INTERACTION}", b"")
    assert (cancel.method, cancel.path) == ("POST", f"{path}/{INTERACTION}/cancel")
    assert cancel.body == b""
    assert credentials.items() <= poll.headers.items()
    assert credentials.items() <= cancel.headers.items()


SUBMISSION_FAULTS = [
    pytest.param(Reply(reset=True), OutcomeUnknown, id="reset after the request"),
    pytest.param(Reply(body=ACCEPTED.body, cut=20), OutcomeUnknown, id="reset within the body"),
    pytest.param(json_reply(200, {"status": "in_progress"}), OutcomeUnknown, id="no id"),
    pytest.param(json_reply(200, {"id": "../x"}), OutcomeUnknown, id="an id that is none"),
    pytest.param(Reply(200, b"x" * (2 << 20)), OutcomeUnknown, id="more than the cap"),
    pytest.param(HTML, OutcomeUnknown, id="502 of a proxy"),
    pytest.param(Reply(503, b"upstream connect error"), OutcomeUnknown, id="503 of a proxy"),
    pytest.param(word_reply(503, "who_knows", "x"), OutcomeUnknown, id="503 without a known word"),
    pytest.param(word_reply(500, "internal", "x"), OutcomeUnknown, id="500"),
    pytest.param(Reply(408, b""), OutcomeUnknown, id="408"),
    pytest.param(word_reply(503, "unavailable", "busy"), NotNow, id="503 with a word"),
    pytest.param(error_reply(503, "UNAVAILABLE", "busy"), NotNow, id="503 with a status"),
    pytest.param(word_reply(429, "too_many_requests", "slow"), NotNow, id="429 with a word"),
    pytest.param(Reply(429, b""), NotNow, id="429 alone"),
    pytest.param(word_reply(400, "resource_exhausted", "slow"), NotNow, id="400 out of quota"),
    pytest.param(word_reply(400, "invalid_request", "no"), Rejected, id="400 with a word"),
    pytest.param(error_reply(404, "NOT_FOUND", "no model"), Rejected, id="404"),
    pytest.param(word_reply(409, "aborted", "x"), Rejected, id="409"),
    pytest.param(Reply(307, b"", {"location": "/"}), Rejected, id="307"),
]


@pytest.mark.parametrize(("reply", "kind"), SUBMISSION_FAULTS)
async def test_a_submission_that_fails_is_of_its_kind_and_sent_once(
    reply: Reply, kind: type[UpstreamFailure]
) -> None:
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        with pytest.raises(kind):
            await submit(upstream)
    assert len(google.requests) == 1


async def test_silence_after_the_request_leaves_the_outcome_unknown() -> None:
    async with (
        scripted_http(Reply(stall=True)) as google,
        interactions(google.url, read_seconds=0.05) as upstream,
    ):
        with pytest.raises(OutcomeUnknown):
            await submit(upstream)
        await google.received.wait()
    assert len(google.requests) == 1


async def test_a_submission_that_takes_too_long_leaves_the_outcome_unknown() -> None:
    async with (
        scripted_http(Reply(stall=True)) as google,
        interactions(google.url, read_seconds=600.0, call_seconds=30.0) as upstream,
    ):
        with pytest.raises(OutcomeUnknown):
            await out_of_time(submit(upstream), google.received, 30.0)
    assert len(google.requests) == 1


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with interactions(f"http://127.0.0.1:{closed.getsockname()[1]}") as upstream:
            with pytest.raises(NotNow):
                await submit(upstream)


async def test_the_upstream_says_when_to_come_back() -> None:
    reply = word_reply(429, "too_many_requests", "slow down", retry_after="9")
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        with pytest.raises(NotNow) as caught:
            await submit(upstream)
    assert caught.value.retry_after == 9.0
    assert caught.value.failure.code is Code.RESOURCE_EXHAUSTED


async def test_a_refusal_has_the_upstreams_code_and_words() -> None:
    reply = json_reply(400, [{"error": {"code": "invalid_request", "message": "bad duration"}}])
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        with pytest.raises(Rejected) as caught:
            await submit(upstream)
    failure = caught.value.failure
    assert (failure.code, failure.message) == (Code.INVALID_ARGUMENT, "bad duration")
    assert failure.metadata == {"upstream": "interactions"}


@pytest.mark.parametrize(("host", "secret"), [("developer", KEY), ("agent_platform", TOKEN)])
async def test_an_error_that_repeats_the_secret_is_told_without_it(host: Host, secret: str) -> None:
    replies = [
        word_reply(400, "invalid_request", f"API key {secret} is not valid"),
        Reply(502, f"<html>{secret}</html>".encode()),
        json_reply(200, {"status": "failed", "errors": [{"code": "x", "message": secret}]}),
        Reply(500, f"key={secret}".encode()),
    ]
    said = []
    async with scripted_http(*replies) as google, interactions(google.url, host) as upstream:
        for _ in range(2):
            with pytest.raises(UpstreamFailure) as caught:
                await submit(upstream)
            said.append(str(caught.value))
        broken = await upstream.poll(OPERATION, INTERACTION)
        assert isinstance(broken, Broken)
        with pytest.raises(NotNow) as later:
            await upstream.poll(OPERATION, INTERACTION)
    said += [broken.failure.message, later.value.failure.message]
    assert all(said)
    assert "secret" not in " ".join(said)


async def test_a_request_that_the_wire_has_no_place_for_is_never_sent() -> None:
    config = GenerateVideosConfig(negative_prompt="rain")
    request = GenerateVideosRequest(prompt="a wave", config=config)
    async with scripted_http() as google, interactions(google.url) as upstream:
        assert [one.field for one in upstream.check(request)] == ["config.negative_prompt"]
        with pytest.raises(Rejected, match=r"config\.negative_prompt"):
            await upstream.submit(OPERATION, MODEL, request)
    assert google.requests == []


async def test_an_edit_names_what_it_edits() -> None:
    request = GenerateVideosRequest(prompt="at night", previous_operation="operations/0192")
    earlier = Earlier("v1_before", (StoredVideo(FILE),))
    async with scripted_http(ACCEPTED) as google, interactions(google.url) as upstream:
        assert await upstream.submit(OPERATION, MODEL, request, earlier) == INTERACTION
    assert json.loads(google.requests[0].body)["previous_interaction_id"] == "v1_before"


@pytest.mark.parametrize("earlier", [None, Earlier("projects/p/operations/1", ())])
async def test_an_edit_of_another_upstreams_result_is_refused(earlier: Earlier | None) -> None:
    request = GenerateVideosRequest(prompt="at night", previous_operation="operations/0192")
    async with scripted_http() as google, interactions(google.url) as upstream:
        with pytest.raises(Rejected, match="previous_operation"):
            await upstream.submit(OPERATION, MODEL, request, earlier)
    assert google.requests == []


POLL_FAULTS = [
    pytest.param(Reply(reset=True), NotNow, id="reset"),
    pytest.param(Reply(cut=1), NotNow, id="reset within the body"),
    pytest.param(HTML, NotNow, id="502"),
    pytest.param(word_reply(500, "internal", "x"), NotNow, id="500"),
    pytest.param(word_reply(400, "invalid_request", "API key not valid"), NotNow, id="400"),
    pytest.param(Reply(404, b"<html>no page</html>"), NotNow, id="404 of a proxy"),
    pytest.param(Reply(429, b""), NotNow, id="429"),
    pytest.param(Reply(200, b"<html>"), OutcomeUnknown, id="HTML with 200"),
    pytest.param(json_reply(200, {"status": "new"}), OutcomeUnknown, id="an unknown status"),
    pytest.param(word_reply(404, "not_found", "gone"), Rejected, id="404 of Google"),
    pytest.param(
        word_reply(400, "invalid_request", "Invalid interaction name."), Rejected, id="unknown id"
    ),
]


@pytest.mark.parametrize(("reply", "kind"), POLL_FAULTS)
async def test_a_poll_that_fails_is_of_its_kind(reply: Reply, kind: type[UpstreamFailure]) -> None:
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        with pytest.raises(kind) as caught:
            await upstream.poll(OPERATION, INTERACTION)
    if isinstance(caught.value, Rejected):
        assert caught.value.failure.reason == "UPSTREAM_LOST"


@pytest.mark.parametrize("name", ["projects/p/operations/1", "../files", "", "a?b"])
async def test_a_name_of_another_upstream_is_lost(name: str) -> None:
    async with scripted_http() as google, interactions(google.url) as upstream:
        for call in (upstream.poll(OPERATION, name), upstream.cancel(name)):
            with pytest.raises(Rejected) as caught:
                await call
            assert caught.value.failure.reason == "UPSTREAM_LOST"
    assert google.requests == []


async def test_an_inline_video_goes_to_the_sink() -> None:
    data = bytes(range(256)) * 1000
    video = {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(data).decode()}
    sink = MemorySink()
    async with (
        scripted_http(completed({"type": "text", "text": "Here."}, video)) as google,
        interactions(google.url, "agent_platform", sink=sink) as upstream,
    ):
        result = await upstream.poll(OPERATION, INTERACTION)
    assert result == Finished((StoredVideo(f"{OPERATION}/0", "video/mp4", len(data)),))
    assert sink.stored == {(OPERATION, 0): data}


async def test_a_video_in_a_bucket_stays_there_and_is_read_there() -> None:
    replies = (
        completed({"type": "video", "uri": "gs://bucket/1.mp4"}),
        Reply(206, b"video", {"content-range": "bytes 0-4/5"}),
    )
    async with (
        scripted_http(*replies) as google,
        interactions(google.url, "agent_platform") as upstream,
    ):
        result = await upstream.poll(OPERATION, INTERACTION)
        assert result == Finished((StoredVideo("gs://bucket/1.mp4"),))
        async with upstream.open_video(result.videos[0], 0, None) as reading:
            assert [chunk async for chunk in reading.chunks] == [b"video"]
    assert google.requests[1].path == "/storage/v1/b/bucket/o/1.mp4?alt=media"


async def test_a_file_of_the_other_host_is_not_understood() -> None:
    async with (
        scripted_http(completed({"type": "video", "uri": FILE})) as google,
        interactions(google.url, "agent_platform") as upstream,
    ):
        with pytest.raises(OutcomeUnknown):
            await upstream.poll(OPERATION, INTERACTION)


async def test_a_refusal_for_safety_is_a_success_without_the_video() -> None:
    refusal = completed({"type": "text", "text": "That is against the guidelines."})
    async with scripted_http(refusal) as google, interactions(google.url) as upstream:
        result = await upstream.poll(OPERATION, INTERACTION)
    assert result == Finished((), 1, ("That is against the guidelines.",))


async def test_a_result_larger_than_the_cap_ends_the_generation_with_what_to_do() -> None:
    reply = Reply(200, b'{"status":"completed","x":"' + b"x" * (2 << 20) + b'"}')
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        result = await upstream.poll(OPERATION, INTERACTION)
    assert isinstance(result, Broken)
    assert result.failure.reason == "RESULT_NOT_STORED"


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_what_has_ended_cannot_be_stopped(status: int) -> None:
    reply = word_reply(status, "invalid_request", "it is not running")
    async with scripted_http(reply) as google, interactions(google.url) as upstream:
        assert await upstream.cancel(INTERACTION) is False


async def test_a_cancel_that_fails_may_be_sent_again() -> None:
    async with scripted_http(HTML) as google, interactions(google.url) as upstream:
        with pytest.raises(NotNow):
            await upstream.cancel(INTERACTION)


async def test_a_large_answer_to_a_cancel_is_no_failure_of_it() -> None:
    large = Reply(200, b"x" * (2 << 20))
    async with scripted_http(large) as google, interactions(google.url) as upstream:
        assert await upstream.cancel(INTERACTION) is True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    status=some.sampled_from([200, 200, 400, 404, 429, 500, 503]),
    body=INTERACTION_JSON.map(json.dumps).map(str.encode) | some.binary(max_size=40),
)
async def test_any_answer_is_a_result_or_one_of_the_three_kinds(status: int, body: bytes) -> None:
    reply = Reply(status, body)
    async with (
        scripted_http(reply, reply) as google,
        interactions(google.url, "agent_platform") as upstream,
    ):
        for call in (submit(upstream), upstream.poll(OPERATION, INTERACTION)):
            try:
                outcome: object = await call
            except UpstreamFailure as failure:
                outcome = failure
            assert isinstance(outcome, str | Running | Finished | Broken | KINDS)
