# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""JSON bodies at the edge: whatever is not understood is refused by name before anything starts."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from edge.edge_running import MODEL, read
from google.protobuf import json_format
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

PATH = "/v1/videos:generate"
JSON = {"content-type": "application/json"}


async def generate(edge: Edge, text: str | bytes, **headers: str) -> httpx.Response:
    return await edge.http.post(PATH, content=text, headers={**JSON, **headers})


def violations(answer: httpx.Response, status: int = 400) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()
    info, request = error["details"]
    assert info["reason"] == "INVALID_FIELD"
    assert info["domain"] == "longtake.dev"
    found = {one["field"]: one["description"] for one in request["fieldViolations"]}
    assert info["metadata"]["fields"] == ",".join(found)
    assert error["message"] == "; ".join(f"{name}: {text}" for name, text in found.items())
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"durationSeconds": 4, "aspectRatio": "9:16"},
            {
                "durationSeconds": "unknown field; did you mean config.durationSeconds?",
                "aspectRatio": "unknown field; did you mean config.aspectRatio?",
            },
        ),
        (
            {"config": {"durationSecs": 4}},
            {"config.durationSecs": "unknown field; did you mean config.durationSeconds?"},
        ),
        ({"Prompt": "x"}, {"Prompt": "unknown field; did you mean prompt?"}),
        (
            {"config": {"referenceImages": [{}, {"image": {"url": "x"}}]}},
            {
                "config.referenceImages[1].image.url": "unknown field; the fields here are data, "
                "fileData, mimeType"
            },
        ),
        (
            {"image": {"fileData": {"uri": {"deep": [1, {"er": None}]}}}},
            {"image.fileData.uri": "unknown field; did you mean image.fileData.fileUri?"},
        ),
        ({"\u00e9" * 100: 1}, {"?" * 80 + "...": "unknown field; the fields here are "}),
    ],
)
async def test_unknown_members_are_named_at_any_depth_and_nothing_starts(
    edge: Edge, body: dict[str, Any], expected: dict[str, str]
) -> None:
    before = await edge.simulator.statistics()
    request = {"model": MODEL, "prompt": "a kite", **body}

    answer = await generate(edge, json.dumps(request, ensure_ascii=False).encode())

    found = violations(answer)
    assert list(found) == list(expected)
    for field, description in expected.items():
        assert found[field].startswith(description)
    assert await edge.simulator.statistics() == before
    assert "a kite" not in answer.text


async def test_the_other_bodies_are_checked_too(edge: Edge) -> None:
    name = (await edge.generated())["name"]

    waited = await edge.http.post(f"/v1/{name}:wait", json={"timout": "1s", "name": name})
    cancelled = await edge.http.post(f"/v1/{name}:cancel", json={"force": True})

    assert violations(waited) == {
        "timout": "unknown field; did you mean timeout?",
        "name": "unknown field; the fields here are afterRevision, timeout",
    }
    assert violations(cancelled) == {"force": "unknown field; this body has no fields"}


async def test_a_body_is_optional_where_the_contract_needs_none(edge: Edge) -> None:
    name = (await edge.generated())["name"]

    for path in (f"/v1/{name}:wait", f"/v1/{name}:cancel"):
        for content in (None, b"", b"{}"):
            assert read(await edge.http.post(path, content=content))["name"] == name
    empty = await edge.http.post(PATH)

    assert set(violations(empty)) == {"model", "prompt"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_body_that_is_not_taken_is_refused(edge: Edge, method: str) -> None:
    answer = await edge.http.request(method, "/v1/operations/none", json={"force": True})

    assert violations(answer) == {"body": f"must be empty for {method}"}


# Each is checked against protobuf's own parser: the edge accepts exactly what that accepts.
MEMBERS = [
    '"prompt":"x"', '"prompt":null', '"prompt":"\\ud83d\\ude00 \\/ \\n \\u0041"', '"prompt":"é€😀"',
    '"prompt":5', '"prompt":["x"]', '"prompt":"\\ud83d"', '"prompt":"\\ud83dx"',
    '"prompt":"\\x41"', '"prompt":"\\u12"', '"prompt":"a\nb"', "'prompt':'x'", 'prompt:"x"',
    '"prompt":"x",', '"prompt":"x" "image":{}', '"prompt"', '"prompt":', '"prompt":x',
    '"prompt":"a","prompt":"b"', '"request_id":"a"', '"requestId":"a","request_id":"b"',
    '"priority":5', '"priority":-0', '"priority":"5"', '"priority":5.0', '"priority":5e0',
    '"priority":05', '"priority":+5', '"priority":.5', '"priority":5.', '"priority":5.5',
    '"priority":1e', '"priority":1-1', '"priority":99999999999', '"priority":"x"',
    '"priority":true', '"priority":{}', '"priority":NaN',
    '"resubmitIfUnknown":true', '"resubmitIfUnknown":"true"', '"resubmitIfUnknown":1',
    '"resubmitIfUnknown":True', '"resubmit_if_unknown":false',
    '"queueTimeout":"1.5s"', '"queueTimeout":"1s"', '"queueTimeout":"1"', '"queueTimeout":1',
    '"queueTimeout":"1.0000000001s"', '"queueTimeout":"x"', '"queueTimeout":"400000000000s"',
    '"config":{}', '"config":null', '"config":[]', '"config":{"seed":4294967295}',
    '"config":{"seed":4294967296}', '"config":{"seed":-1}',
    '"config":{"personGeneration":"ALLOW_ADULT"}', '"config":{"personGeneration":2}',
    '"config":{"personGeneration":"NOBODY"}', '"config":{"personGeneration":1.5}',
    '"config":{"labels":{"Any key":"x","b":""}}', '"config":{"labels":{"a":1}}',
    '"config":{"labels":{"a":null}}', '"config":{"labels":{"a":"x","a":"y"}}',
    '"config":{"labels":[]}', '"config":{"referenceImages":[]}',
    '"config":{"referenceImages":{}}', '"config":{"referenceImages":[null]}',
    '"config":{"referenceImages":[{},]}', '"config":{"referenceImages":[{}]}',
    '"image":{"data":""}', '"image":{"data":"YQ=="}', '"image":{"data":"YWI"}',
    '"image":{"data":"-_-_"}', '"image":{"data":"\\/\\/\\/\\/"}', '"image":{"data":"YWJjZ"}',
    '"image":{"data":"!!!!"}', '"image":{"data":7}', '"image":{"data":"Y=Q="}',
    '"image":{"data":"YQ==","fileData":{}}', '"image":{"data":null,"fileData":{}}',
    '"video":{"expireTime":"2026-01-31T12:00:00Z","sizeBytes":"7"}',
    '"video":{"expireTime":"2026-01-31T12:00:00.5+02:00","sizeBytes":7}',
    '"video":{"expireTime":"yesterday"}', '"video":{"sizeBytes":"x"}',
    '"video":{"sizeBytes":9223372036854775808}',
]  # fmt: skip
# protobuf's Python parser is laxer than its mapping with these.
REFUSED = {
    '"queueTimeout":"1.0000000001s"', '"image":{"data":"!!!!"}', '"image":{"data":"Y=Q="}',
    '"config":{"personGeneration":1.5}', '"image":{"data":"YWJjZ"}', '"config":[]',
    '"requestId":"a","request_id":"b"',
}  # fmt: skip


@pytest.mark.parametrize("member", MEMBERS)
async def test_the_edge_takes_what_protobufs_own_parser_takes(edge: Edge, member: str) -> None:
    text = '{"model":"none",' + member + "}"
    try:
        json_format.Parse(text, GenerateVideosRequest())
        accepted = member not in REFUSED
    except json_format.ParseError:
        accepted = False

    found = violations(await generate(edge, text.encode()))

    # The server itself refuses the model, once the body has reached it.
    assert ("model" in found) == accepted, found


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", ""),
        (b"  ", "invalid JSON at byte 2: expected {"),
        (b"[]", "invalid JSON at byte 0: expected {"),
        (b"null", "invalid JSON at byte 0: expected {"),
        (b'{"model":"x"} {}', "invalid JSON at byte 14: unexpected text after the end of the"),
        (b'{"model":"x"', "invalid JSON at byte 12: expected , or }"),
        (b'{"model":"x', "invalid JSON at byte 11: unterminated string"),
        (b'{"model":"\xff"}', "invalid JSON at byte 10: invalid UTF-8 in a string"),
        (b'{"model":"\xed\xa0\x80"}', "invalid JSON at byte 10: invalid UTF-8 in a string"),
        (b'{"model":"\x00"}', "invalid JSON at byte 10: unescaped control character in a string"),
        (b'{"zzzzzzzzz":' + b"[" * 9999, "invalid JSON at byte 77: nested more than 64 levels"),
        (b'\xef\xbb\xbf{"model":"x"}', "must be UTF-8 without a byte order mark"),
        ('{"model":"x"}'.encode("utf-16"), "invalid JSON at byte 0: expected {"),
    ],
)
async def test_malformed_json_is_one_error_with_its_position(
    edge: Edge, body: bytes, problem: str
) -> None:
    found = violations(await generate(edge, body))

    if problem:
        assert list(found) == ["body"]
        assert found["body"].startswith(problem)
    else:
        assert set(found) == {"model", "prompt"}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"content-type": "text/xml"}, "content-type: text/xml is not supported"),
        ({"content-type": "application/json; charset=latin1"}, "content-type: charset latin1"),
        ({"content-encoding": "gzip"}, "content-encoding: gzip is not supported"),
    ],
)
async def test_another_format_is_415_and_says_what_is_accepted(
    edge: Edge, headers: dict[str, str], message: str
) -> None:
    answer = await generate(edge, gzip.compress(b"{}"), **headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == 3
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize(
    "kind",
    [None, "application/json; charset=UTF-8", "application/x-www-form-urlencoded", "a/b+json"],
)
async def test_json_is_taken_with_the_types_that_tools_send(edge: Edge, kind: str | None) -> None:
    request = edge.http.build_request("POST", PATH, content=b'{"model":"none"}')
    if kind is not None:
        request.headers["content-type"] = kind.replace("a/b", "application/b")

    assert "model" in violations(await edge.http.send(request))


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ('{"priority":' + "1" * (1 << 20) + "x}", "body", "a value of more than 64 characters"),
        ('{"priority":"' + "1" * (1 << 20) + 'x"}', "priority", "must be a 32-bit integer"),
        ('{"queueTimeout":"' + "1" * (1 << 20) + '"}', "queueTimeout", "must be a duration"),
        ('{"x":[' + "1," * (1 << 20) + "1]}", "body", "more than 10000 values"),
        (
            '{"config":{"labels":{' + ",".join(f'"{key}":""' for key in range(10**5)) + "}}}",
            "body",
            "more than 10000 values",
        ),
    ],
)
async def test_a_hostile_body_costs_little_and_is_refused(
    edge: Edge, text: str, field: str, problem: str
) -> None:
    found = violations(await generate(edge, text))

    assert list(found) == [field]
    assert problem in found[field]


async def test_no_more_than_twenty_violations_are_listed(edge: Edge) -> None:
    text = "{" + ",".join(f'"member{number}":1' for number in range(9999)) + "}"

    assert len(violations(await generate(edge, text))) == 20


async def test_a_large_chunked_body_is_checked_to_its_end(edge: Edge) -> None:
    data = base64.b64encode(bytes(18 << 20)).decode()
    text = json.dumps({"image": {"data": data}, "modle": MODEL}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(text), 1 << 20):
            yield text[at : at + (1 << 20)]

    answer = await edge.http.post(PATH, content=chunks(), headers=JSON)

    assert violations(answer) == {"modle": "unknown field; did you mean model?"}


async def test_a_body_above_the_limit_is_413_with_the_limit(edge: Edge) -> None:
    answer = await generate(edge, b"{" + b" " * (48 << 20))

    assert answer.status_code == 413
    assert answer.json() == {"code": 8, "message": "the request body is larger than 48 MiB"}
