# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Methods and paths that the edge does not have, and HEAD and OPTIONS."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from edge.edge_running import MODEL
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

READS = "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    ("path", "template", "allowed"),
    [
        ("/v1/models", "/v1/models", READS),
        ("/v1/usage", "/v1/usage", READS),
        ("/v1/caller", "/v1/caller", READS),
        ("/v1/operations/a", "/v1/operations/{operation}", f"DELETE, {READS}"),
        ("/v1/operations/a:cancel", "/v1/operations/{operation}:cancel", "OPTIONS, POST"),
        ("/v1/operations:watch", "/v1/operations:watch", "GET, OPTIONS"),
        ("/v1/videos:generate?x=1", "/v1/videos:generate", "OPTIONS, POST"),
    ],
)
async def test_another_method_is_405_with_those_that_are_allowed(
    edge: Edge, method: str, path: str, template: str, allowed: str
) -> None:
    answer = await edge.http.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.headers["content-type"] == "application/json"
    message = f"{method} is not allowed on {template}; allowed are {allowed}"
    assert answer.json() == {"code": 12, "message": message}


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
async def test_query_is_405(edge: Edge, headers: dict[str, str]) -> None:
    answer = await edge.http.request("QUERY", "/v1/operations", headers=headers)

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["code"] == 12
    assert answer.json()["message"].startswith("QUERY is not allowed")


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v1/models/", "/v1/operations/a:restart/b"])
async def test_another_path_is_404_with_those_that_there_are(
    edge: Edge, method: str, path: str
) -> None:
    answer = await edge.http.request(method, path, headers={"content-type": "application/json"})

    assert answer.status_code == 404
    if method == "HEAD":
        assert answer.content == b""
        return
    assert answer.json()["code"] == 5
    assert answer.json()["message"].startswith(f"{path} is not a path of this API; the paths are ")
    assert "/v1/videos:generate" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/v1/models/a%2Fb", "/v1/operations/a%2fb:wait", "/v1%5Cmodels"])
async def test_an_escaped_slash_is_named(edge: Edge, path: str) -> None:
    answer = await edge.http.get(path)

    assert answer.status_code == 400
    assert answer.json()["code"] == 3
    message = "path: must not contain an escaped slash (%2F or %5C)"
    assert answer.json()["message"] == message


@pytest.mark.parametrize(
    ("request_text", "status", "message"),
    [
        (b"rubbish\r\n\r\n", 400, "malformed HTTP request: http1.codec_error"),
        (b"GET /v1/models HTTP/1.1\r\n\r\n", 400, "malformed HTTP request: missing_host_header"),
        (
            b"GET /v1/models HTTP/1.1\r\nHost: a\r\nx_y: z\r\n\r\n",
            400,
            "malformed HTTP request: http1.unexpected_underscore",
        ),
        (b"GET /v1/models HTTP/1.0\r\n\r\n", 426, "HTTP/1.0 is not supported; use HTTP/1.1 or"),
        (
            b"GET /v1/models HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
            431,
            "the request headers are larger than 60 KiB",
        ),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404, "no such path"),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 404, "this is not a path of this API"),
    ],
)
async def test_what_envoy_itself_refuses_has_words(
    edge: Edge, request_text: bytes, status: int, message: str
) -> None:
    host, _, port = edge.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_text)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    [length] = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
    body = json.loads(await reader.readexactly(length))
    writer.close()

    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/json" in lines
    assert body["code"] > 0
    assert body["message"].startswith(message)


@pytest.mark.parametrize(
    "path", ["/v1/models", f"/v1/models/{MODEL}", "/v1/operations?page_size=1", "/v1/models/none"]
)
async def test_head_is_get_without_a_body(edge: Edge, path: str) -> None:
    whole = await edge.http.get(path)

    head = await edge.http.head(path)

    assert head.status_code == whole.status_code
    assert head.content == b""
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]


async def test_options_tells_the_methods(edge: Edge) -> None:
    answer = await edge.http.options("/v1/models")

    assert answer.status_code == 204
    assert answer.headers["allow"] == READS
    assert answer.content == b""
