# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""gRPC-Web, CORS, TLS and plain gRPC through the real Envoy."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from edge.edge_running import MODEL, SITE, read, trusting
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from longtake.v1.model_pb2 import Model
from longtake.v1.video_service_pb2 import (
    GetModelRequest,
    WatchOperationRequest,
    WatchOperationResponse,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge
    from google.protobuf.message import Message

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

TRAILERS = 0x80


async def call(edge: Edge, method: str, request: Message) -> httpx.Response:
    body = request.SerializeToString()
    return await edge.http.post(
        f"/longtake.v1.VideoService/{method}",
        content=struct.pack(">BI", 0, len(body)) + body,
        headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1", "origin": SITE},
    )


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        found.append((flags, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


async def test_a_unary_call_by_grpc_web(edge: Edge) -> None:
    answer = await call(edge, "GetModel", GetModelRequest(name=f"models/{MODEL}"))

    (flags, message), (last, trailers) = frames(answer.content)
    assert (flags, last) == (0, TRAILERS)
    assert Model.FromString(message).model_id == MODEL
    assert b"grpc-status:0" in trailers
    assert answer.headers["access-control-allow-origin"] == SITE


async def test_a_stream_by_grpc_web(edge: Edge) -> None:
    name = (await edge.generated())["name"]

    answer = await call(edge, "WatchOperation", WatchOperationRequest(name=name))

    (_, message), (last, trailers) = frames(answer.content)
    assert WatchOperationResponse.FromString(message).operation.done
    assert last == TRAILERS
    assert b"grpc-status:0" in trailers


async def test_an_error_by_grpc_web_has_its_details(edge: Edge) -> None:
    answer = await call(edge, "GetModel", GetModelRequest(name="wrong"))

    assert answer.headers["grpc-status"] == "3"
    details = answer.headers["grpc-status-details-bin"]
    status = Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
    assert [one.type_url.rpartition(".")[2] for one in status.details] == [
        "ErrorInfo",
        "BadRequest",
    ]
    exposed = answer.headers["access-control-expose-headers"]
    assert {"grpc-status", "grpc-message", "grpc-status-details-bin"} <= set(exposed.split(", "))


@pytest.mark.parametrize(
    "path", ["/v1/videos:generate", "/longtake.v1.VideoService/GenerateVideos"]
)
async def test_a_preflight_of_an_allowed_site_is_answered(edge: Edge, path: str) -> None:
    asked = {
        "origin": SITE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web",
    }

    answer = await edge.http.options(path, headers=asked)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "x-grpc-web", "x-user-agent", "grpc-timeout"} <= set(allowed)


@pytest.mark.parametrize("origin", ["https://example.com", "http://localhost.example.com", "null"])
async def test_a_page_of_another_site_spends_nothing(edge: Edge, origin: str) -> None:
    before = await edge.simulator.statistics()

    answer = await edge.http.post(
        "/v1/videos:generate",
        json={"model": MODEL, "prompt": "a kite"},
        headers={"origin": origin},
    )

    assert answer.status_code == 403
    assert answer.json() == {"code": 7, "message": "pages of this site may not call this API"}
    assert "access-control-allow-origin" not in answer.headers
    assert await edge.simulator.statistics() == before


@pytest.mark.parametrize("http2", [False, True])
async def test_calls_over_tls(edge: Edge, *, http2: bool) -> None:
    trust = trusting(edge.certificate)
    async with httpx.AsyncClient(base_url=edge.tls_url, verify=trust, http2=http2) as http:
        answer = await http.get(f"/v1/models/{MODEL}")

    assert read(answer)["modelId"] == MODEL
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")


async def test_a_certificate_that_is_not_trusted_ends_the_call(edge: Edge) -> None:
    async with httpx.AsyncClient(base_url=edge.tls_url) as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get("/v1/models")


async def test_grpc_passes_through_over_tls(edge: Edge) -> None:
    trust = grpc.ssl_channel_credentials(edge.certificate.read_bytes())
    address = edge.tls_url.removeprefix("https://")
    async with grpc.aio.secure_channel(address, trust) as channel:
        model = await VideoServiceStub(channel).GetModel(GetModelRequest(name=f"models/{MODEL}"))
        stub: Any = health_pb2_grpc.HealthStub(channel)
        health = await stub.Check(health_pb2.HealthCheckRequest())

    assert model.model_id == MODEL
    assert health.status == health_pb2.HealthCheckResponse.SERVING
