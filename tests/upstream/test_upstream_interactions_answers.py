# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers and errors of the Interactions API, right, odd and random."""

from __future__ import annotations

import base64
import json

import pytest
from fakes.inline import decoded_interaction, inline
from fakes.interactions import FILE, INTERACTION
from hypothesis import example, given
from hypothesis import strategies as some
from longtake_server.operations.model import Code, StoredVideo
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Running
from longtake_server.upstream.answers import InlineVideo, Results
from longtake_server.upstream.files import location_of
from longtake_server.upstream.google_error import parse_error
from longtake_server.upstream.interactions_answers import (
    INTERACTION_ID,
    decode_submission,
)

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
ERROR = some.fixed_dictionaries(
    {},
    optional={
        "code": some.sampled_from([3, 429, "invalid_request", "unavailable"]) | JSON,
        "message": JSON,
        "details": some.lists(JSON, max_size=2) | JSON,
    },
)
CONTENT = some.fixed_dictionaries(
    {},
    optional={
        "type": some.sampled_from(["video", "text", "image"]) | JSON,
        "data": some.binary(max_size=40).map(base64.b64encode).map(bytes.decode) | JSON,
        "uri": some.sampled_from(["gs://b/o", FILE, "https://x"]) | JSON,
        "mime_type": some.just("video/mp4") | JSON,
        "text": JSON,
    },
)
STEP = some.fixed_dictionaries(
    {},
    optional={
        "type": some.sampled_from(["model_output", "user_input", "thought"]) | JSON,
        "content": some.lists(CONTENT | JSON, max_size=3) | JSON,
        "error": ERROR | JSON,
    },
)
STATUSES = (
    *("queued", "in_progress", "completed", "failed", "cancelled", "incomplete"),
    *("budget_exceeded", "requires_action", "requires_continuation"),
)
INTERACTION_JSON = some.fixed_dictionaries(
    {},
    optional={
        "id": some.just(INTERACTION) | JSON,
        "status": some.sampled_from(STATUSES) | JSON,
        "steps": some.lists(STEP | JSON, max_size=3) | JSON,
        "errors": some.lists(ERROR | JSON, max_size=2) | JSON,
        "error": ERROR | JSON,
    },
)


def answer(status: object, *contents: object, **more: object) -> Running | Results | Broken:
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "a wave"}]},
        {"type": "thought", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": list(contents)},
    ]
    tree = {"id": INTERACTION, "status": status, "steps": steps, **more}
    return decoded_interaction(json.dumps(tree).encode(), "interactions")


def completed(content: bytes) -> bytes:
    output = b'{"type": "model_output", "content": [' + content + b"]}"
    return b'{"status": "completed", "steps": [' + output + b"]}"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_has_not_ended_is_running(status: str) -> None:
    assert answer(status) == Running()


@pytest.mark.parametrize("data", [b"x", bytes(range(256)) * 9000])
def test_inline_bytes_come_out_whole(data: bytes) -> None:
    video = {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(data).decode()}
    assert answer("completed", video) == Results((InlineVideo("video/mp4", inline(data)),))


def test_a_result_in_a_bucket_keeps_its_address() -> None:
    video = {"type": "video", "mime_type": "video/mp4", "uri": "gs://b/123.mp4"}
    assert answer("completed", video) == Results((StoredVideo("gs://b/123.mp4"),))


@pytest.mark.parametrize("rest", ["", ":download?alt=media", ":download?alt=media&key=secret"])
def test_a_result_among_the_files_is_named_without_what_is_secret(rest: str) -> None:
    assert answer("completed", {"type": "video", "uri": FILE + rest}) == Results(
        (StoredVideo(FILE),)
    )


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("files/abc-123", FILE),
        ("http://127.0.0.1:9/v1/files/abc-123:download", FILE),
        ("https://example.com/other/abc", ""),
        (FILE + "/../../secret", ""),
        ("files/../abc", ""),
        ("files/", ""),
    ],
)
def test_an_address_is_of_a_file_or_of_none(uri: str, location: str) -> None:
    assert location_of(uri) == location


def test_only_what_came_after_the_last_prompt_counts() -> None:
    video = {"type": "video", "uri": "gs://b/new.mp4"}
    steps = [
        {"type": "model_output", "content": [{"type": "video", "uri": "gs://b/old.mp4"}]},
        {"type": "user_input", "content": []},
        {"type": "model_output", "content": [video]},
    ]
    assert answer("completed", steps=steps) == Results((StoredVideo("gs://b/new.mp4"),))


def test_words_in_place_of_a_video_are_a_refusal() -> None:
    contents = (
        {"type": "text", "text": "I cannot\nshow this."},
        {"type": "text", "text": "Sorry."},
    )
    assert answer("completed", *contents) == Results((), 1, ("I cannot show this. Sorry.",))
    assert answer("completed") == Results((), 1, ())


def test_the_words_of_a_refusal_are_bounded() -> None:
    result = answer("completed", {"type": "text", "text": "no " * 9999})
    assert isinstance(result, Results)
    assert len(result.filtered_reasons[0]) <= 1000


def test_an_end_without_any_output_is_a_failure() -> None:
    result = answer("completed", steps=[{"type": "user_input", "content": []}])
    assert isinstance(result, Broken)
    assert result.failure.code is Code.INTERNAL
    assert "output_gcs_uri" in result.failure.message


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("failed", Code.UNKNOWN, "without a message"),
        ("cancelled", Code.CANCELLED, "cancelled"),
        ("incomplete", Code.ABORTED, "before it was complete"),
        ("budget_exceeded", Code.RESOURCE_EXHAUSTED, "budget"),
        ("requires_action", Code.FAILED_PRECONDITION, "further step"),
        ("requires_continuation", Code.FAILED_PRECONDITION, "further step"),
    ],
)
def test_every_other_end_is_a_failure(status: str, code: Code, said: str) -> None:
    result = answer(status)
    assert isinstance(result, Broken)
    assert result.failure.code is code
    assert result.failure.reason == "UPSTREAM_FAILED"
    assert result.failure.metadata == {"upstream": "interactions"}
    assert said in result.failure.message


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"errors": [{"code": "invalid_request", "message": "bad"}]}, Code.INVALID_ARGUMENT),
        ({"errors": [{"code": "too_many_requests", "message": "bad"}]}, Code.RESOURCE_EXHAUSTED),
        ({"errors": [{"code": "internal", "message": "bad"}]}, Code.INTERNAL),
        ({"errors": [{"code": "a_new_word", "message": "bad"}]}, Code.UNKNOWN),
        ({"error": {"code": 3, "message": "bad"}}, Code.INVALID_ARGUMENT),
        (
            {"steps": [{"type": "model_output", "error": {"code": 8, "message": "bad"}}]},
            Code.RESOURCE_EXHAUSTED,
        ),
    ],
)
def test_a_failure_has_the_upstreams_code_and_words(more: dict[str, object], code: Code) -> None:
    result = answer("failed", **more)
    assert isinstance(result, Broken)
    assert (result.failure.code, result.failure.message) == (code, "bad")


def test_an_error_in_place_of_the_video_is_a_failure_also_when_completed() -> None:
    steps = [{"type": "model_output", "error": {"code": 13, "message": "lost it"}}]
    result = answer("completed", steps=steps)
    assert isinstance(result, Broken)
    assert result.failure.message == "lost it"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"status": 7}',
        b'{"status": "a_new_status"}',
        b'{"status": "completed", "steps": {}}',
        b'{"status": "completed", "steps": [7]}',
        completed(b"7"),
        completed(b'{"type": "video"}'),
        completed(b'{"type": "video", "uri": "https://example.com/v.mp4"}'),
        completed(b'{"type": "video", "data": "!!!"}'),
        b"[" * 100_000,
    ],
)
def test_what_is_not_understood_is_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        decoded_interaction(body, "interactions")


@given(INTERACTION_JSON.map(json.dumps).map(str.encode) | JSON.map(json.dumps).map(str.encode))
@example(b'{"status":"completed","steps":[{"type":"model_output","content":[{"type":"video","data"')
def test_any_json_is_a_result_or_unknown(body: bytes) -> None:
    try:
        result = decoded_interaction(body, "interactions")
    except OutcomeUnknown:
        return
    assert isinstance(result, Running | Results | Broken)


@given(INTERACTION_JSON.map(json.dumps).map(str.encode) | some.binary(max_size=60))
def test_any_answer_to_a_submission_is_an_id_or_unknown(body: bytes) -> None:
    try:
        name = decode_submission(body)
    except OutcomeUnknown:
        return
    assert INTERACTION_ID.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", ".", "a b", "a?b", "a#b", "a%2fb", "a\n", "é", "x" * 513, 5, None]
)
def test_an_id_that_has_no_place_in_a_path_is_none(name: object) -> None:
    with pytest.raises(OutcomeUnknown):
        decode_submission(json.dumps({"id": name, "status": "in_progress"}).encode())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": "invalid_request", "message": "m"}, "INVALID_ARGUMENT"),
        ({"code": "resource_exhausted"}, "RESOURCE_EXHAUSTED"),
        ({"code": 503, "status": "UNAVAILABLE"}, "UNAVAILABLE"),
        ({"code": "something_else", "message": "m"}, ""),
        ({"code": ["odd"], "message": "m"}, ""),
    ],
)
def test_an_error_has_a_word_or_a_number_for_its_code(
    error: dict[str, object], status: str
) -> None:
    for tree in ({"error": error}, [{"error": error}]):
        parsed = parse_error(json.dumps(tree).encode())
        assert parsed is not None
        assert parsed.status == status
