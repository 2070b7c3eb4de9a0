# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers and errors of the upstream, right, odd and random."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.inline import decoded, inline
from fakes.platform import UPSTREAM_OPERATION
from hypothesis import example, given
from hypothesis import strategies as some
from longtake_server.operations.model import Code, StoredVideo
from longtake_server.operations.upstream import (
    Broken,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
)
from longtake_server.upstream.answers import InlineVideo, Results, decode_submission
from longtake_server.upstream.faults import Answer, PollFaults, SubmitFaults
from longtake_server.upstream.google_error import parse_error, readable, readable_body

if TYPE_CHECKING:
    from longtake_server.upstream.faults import Faults

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
DETAIL_TYPES = ("ErrorInfo", "RetryInfo", "BadRequest", "QuotaFailure", "Help", "LocalizedMessage")
DETAIL_FIELDS = ("reason", "metadata", "retryDelay", "violations", "fieldViolations", "links")
DETAIL = some.builds(
    lambda kind, fields: {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields},
    some.sampled_from(DETAIL_TYPES),
    some.dictionaries(some.sampled_from(DETAIL_FIELDS), JSON, max_size=3),
)
ERROR = some.fixed_dictionaries(
    {},
    optional={
        "code": some.sampled_from([3, 8, 13, 99, 429]) | JSON,
        "status": some.sampled_from(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "NOT_FOUND"]) | JSON,
        "message": JSON,
        "details": some.lists(DETAIL | JSON, max_size=3) | JSON,
    },
)
VIDEO = some.fixed_dictionaries(
    {},
    optional={
        "bytesBase64Encoded": some.binary(max_size=40).map(base64.b64encode).map(bytes.decode)
        | JSON,
        "gcsUri": some.sampled_from(["gs://b/o", "gs://", "https://x"]) | JSON,
        "mimeType": some.just("video/mp4") | JSON,
    },
)
OPERATION = some.fixed_dictionaries(
    {},
    optional={
        "name": some.just(UPSTREAM_OPERATION) | JSON,
        "done": some.just(True) | JSON,
        "error": ERROR | JSON,
        "response": some.fixed_dictionaries(
            {},
            optional={
                "videos": some.lists(VIDEO | JSON, max_size=3) | JSON,
                "raiMediaFilteredCount": JSON,
                "raiMediaFilteredReasons": JSON,
            },
        )
        | JSON,
    },
)


def poll(operation: object) -> Running | Results | Broken:
    return decoded(json.dumps(operation).encode(), "google")


@pytest.mark.parametrize(
    "operation",
    [{"name": "n"}, {"name": "n", "done": False}, {"name": "n", "done": None, "metadata": {}}],
)
def test_an_operation_that_is_not_done_is_running(operation: object) -> None:
    assert poll(operation) == Running()


def test_a_result_in_a_bucket_keeps_its_address() -> None:
    videos = [{"gcsUri": "gs://b/t/sample_0.mp4", "mimeType": "video/mp4"}]
    result = poll({"name": "n", "done": True, "response": {"videos": videos}})
    assert result == Results((StoredVideo("gs://b/t/sample_0.mp4", "video/mp4"),))


def test_withheld_videos_are_a_success_with_their_reasons() -> None:
    response = {"raiMediaFilteredCount": 2, "raiMediaFilteredReasons": ["codes: 58061214"]}
    assert poll({"done": True, "response": response}) == Results((), 2, ("codes: 58061214",))


def test_an_error_keeps_code_message_and_details() -> None:
    message = "the input image violates guidelines. " + "x" * 2000 + " Support codes: 15236754"
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R", "domain": "d"}
    result = poll({"done": True, "error": {"code": 3, "message": message, "details": [info]}})
    assert isinstance(result, Broken)
    assert result.failure.code is Code.INVALID_ARGUMENT
    assert result.failure.reason == "UPSTREAM_FAILED"
    assert result.failure.message.startswith("the input image violates guidelines.")
    assert result.failure.message.endswith("Support codes: 15236754")
    assert len(result.failure.message) <= 1000
    assert len(result.failure.details) == 1
    assert result.failure.metadata == {"upstream": "google"}


@pytest.mark.parametrize("code", [None, "3", 0, -1, 99, 3.5])
def test_an_error_without_a_known_code_is_unknown(code: object) -> None:
    result = poll({"done": True, "error": {"code": code, "message": "no"}})
    assert isinstance(result, Broken)
    assert result.failure.code is Code.UNKNOWN


@pytest.mark.parametrize("answer", [{}, {"response": None}, {"response": {}, "error": {}}])
def test_done_with_nothing_is_a_failure(answer: dict[str, object]) -> None:
    result = poll({"done": True, **answer})
    assert isinstance(result, Broken)
    assert result.failure.code is Code.INTERNAL


@pytest.mark.parametrize("data", [b"x", bytes(range(256)) * 9000, b"\xff\xfe" * 50])
@pytest.mark.parametrize("escape", [False, True])
@pytest.mark.parametrize("space", ["", " \n"])
def test_inline_bytes_come_out_whole(data: bytes, escape: bool, space: str) -> None:
    encoded = base64.b64encode(data).decode()
    if escape:
        encoded = encoded.replace("=", "\\u003d").replace("/", "\\/")
    video = f'{{"mimeType":"video/mp4","bytesBase64Encoded"{space}:{space}"{encoded}"}}'
    body = f'{{"done":true,"response":{{"videos":[{video},{video}]}}}}'.encode()
    assert decoded(body, "google") == Results((InlineVideo("video/mp4", inline(data)),) * 2)


@pytest.mark.parametrize(
    ("encoded", "data"), [("__-_", b"\xff\xff\xbf"), ("YQ", b"a"), ("-_8", b"\xfb\xff")]
)
def test_both_alphabets_are_read_and_the_padding_may_be_left_out(encoded: str, data: bytes) -> None:
    result = poll({"done": True, "response": {"videos": [{"bytesBase64Encoded": encoded}]}})
    assert result == Results((InlineVideo("video/mp4", inline(data)),))


@pytest.mark.parametrize("encoded", ["a", "a===", "!!!!", "YQ==YQ==", "Y Q="])
def test_bytes_that_are_no_base64_are_not_understood(encoded: str) -> None:
    with pytest.raises(OutcomeUnknown):
        poll({"done": True, "response": {"videos": [{"bytesBase64Encoded": encoded}]}})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"done": 1}',
        b'{"done": "true"}',
        b'{"done": true, "error": 7}',
        b'{"done": true, "response": []}',
        b'{"done": true, "response": {"videos": {"a": 1}}}',
        b'{"done": true, "response": {"videos": [{}]}}',
        b'{"done": true, "response": {"videos": [{"gcsUri": "https://x/y"}]}}',
        b'{"done": true, "response": {"raiMediaFilteredCount": "many"}}',
        b'{"done": true, "response": {"videos": [{"bytesBase64Encoded": "YQ',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_not_understood_is_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        decoded(body, "google")


@given(OPERATION.map(json.dumps).map(str.encode) | JSON.map(json.dumps).map(str.encode))
@example(b'{"done":true,"response":{"videos":[{"bytesBase64Encoded":"' + b"1" * 5000 + b'"}]}}')
def test_any_json_is_a_result_or_unknown(body: bytes) -> None:
    try:
        result = decoded(body, "google")
    except OutcomeUnknown:
        return
    assert isinstance(result, Running | Results | Broken)


@given(some.binary(max_size=60))
def test_any_bytes_are_unknown_to_a_submission(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        decode_submission(body)


@pytest.mark.parametrize("name", ["", "operations/1", "projects/p/operations/1", "a\nb", 5, None])
def test_a_submission_needs_a_name_that_can_be_polled(name: object) -> None:
    with pytest.raises(OutcomeUnknown):
        decode_submission(json.dumps({"name": name}).encode())


@pytest.mark.parametrize(
    "name", [UPSTREAM_OPERATION, "publishers/google/models/veo-3.1/operations/1f-2"]
)
def test_a_submission_returns_the_name(name: str) -> None:
    assert decode_submission(json.dumps({"name": name, "done": False}).encode()) == name


@pytest.mark.parametrize("faults", [SubmitFaults, PollFaults])
@given(
    status=some.integers(201, 599),
    body=some.binary(max_size=200)
    | some.fixed_dictionaries({"error": ERROR}).map(json.dumps).map(str.encode),
    retry_after=some.text(max_size=30),
)
def test_any_answer_is_one_of_the_three_kinds(
    faults: type[SubmitFaults | PollFaults], status: int, body: bytes, retry_after: str
) -> None:
    one: Faults = faults("google", FakeClock())
    failure = one.refused(Answer(status, {"retry-after": retry_after}, body))
    assert isinstance(failure, Rejected | NotNow | OutcomeUnknown)
    assert str(failure)
    assert len(str(failure)) <= 1200
    if isinstance(failure, NotNow) and failure.retry_after is not None:
        assert 0 <= failure.retry_after <= 86400


@given(some.binary(max_size=300), some.text(max_size=300))
def test_any_body_is_readable(body: bytes, text: str) -> None:
    for made in (readable_body(body), readable_body(b"<" + text.encode()), readable(text)):
        assert len(made) <= 1000
        assert "\n" not in made
    parse_error(body)


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abc.DEF-123_x~y/z==",
        "token ya29.a0AfB_byC-secret was refused",
        "API key AIzaSyA-secret_secret is wrong",
        "POST https://x/v1/models?key=secret-key&alt=json",
        "access_token=secretsecret",
        "jwt eyJhbGciOi.eyJzdWIi.c2VjcmV0",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    body = json.dumps(
        {
            "error": {
                "code": 400,
                "message": secret,
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "metadata": {"said": secret},
                    }
                ],
            }
        }
    ).encode()
    error = parse_error(body)
    assert error is not None
    assert "[removed]" in error.message
    shown = (
        error.message + error.details[0].decode(errors="replace") + readable_body(secret.encode())
    )
    for part in ("secret", "DEF-123", "c2VjcmV0", "AIza"):
        assert part not in shown


def test_html_is_shown_as_its_text() -> None:
    page = (
        b"<!DOCTYPE html><html><head><title>502</title><style>p{color:red}</style>"
        b"<script>alert(1)</script></head><body><!-- x --><p>Bad\n gateway &amp; more</p></body>"
    )
    assert readable_body(page) == "502 Bad gateway & more"
    assert readable_body(b"a < b and c > d") == "a < b and c > d"
