# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""HEAD and byte ranges of downloads, for download tools and browsers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
import pytest_asyncio
from edge import edge_running
from google.api.httpbody_pb2 import HttpBody
from grpc_health.v1 import health, health_pb2_grpc
from longtake.v1 import video_service_pb2 as api
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def path(edge: Edge) -> str:
    video = (await edge.generated())["response"]["generatedVideos"][0]
    return f"/v1/{video['name']}:download"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(edge: Edge, path: str) -> bytes:
    answer = await edge.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(answer.content))
    return answer.content


async def test_head_tells_size_type_version_and_digest(edge: Edge, path: str, whole: bytes) -> None:
    head = await edge.http.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == "video/mp4"
    assert head.headers["content-length"] == str(len(whole))
    assert head.headers["accept-ranges"] == "bytes"
    operation = path.split("/")[3]
    assert head.headers["etag"] == f'"{operation}.0"'
    digest = base64.b64encode(hashlib.sha256(whole).digest()).decode()
    assert head.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert not [name for name in head.headers if name.startswith("x-longtake")]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-1", 0, 2), ("1000-1999", 1000, 2000), ("5000-", 5000, None), ("7-999999999", 7, None)],
)
async def test_a_range_is_206(
    edge: Edge, path: str, whole: bytes, asked: str, first: int, last: int | None
) -> None:
    answer = await edge.http.get(path, headers={"range": f"bytes={asked}"})

    expected = whole[first:last]
    assert answer.status_code == 206
    assert answer.content == expected
    end = first + len(expected) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{end}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["bytes=-5", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "x"])
async def test_other_ranges_are_the_whole_video(
    edge: Edge, path: str, whole: bytes, asked: str
) -> None:
    answer = await edge.http.get(path, headers={"range": asked})

    assert answer.status_code == 200
    assert answer.content == whole


async def test_a_range_holds_only_for_the_version_that_the_caller_has(
    edge: Edge, path: str, whole: bytes
) -> None:
    etag = (await edge.http.head(path)).headers["etag"]

    same = await edge.http.get(path, headers={"range": "bytes=0-9", "if-range": etag})
    other = await edge.http.get(path, headers={"range": "bytes=0-9", "if-range": '"other"'})

    assert (same.status_code, same.content) == (206, whole[:10])
    assert (other.status_code, other.content) == (200, whole)


@pytest.mark.parametrize("beyond", [0, 1, 10**9])
async def test_a_range_past_the_end_is_416_with_the_size(
    edge: Edge, path: str, whole: bytes, beyond: int
) -> None:
    answer = await edge.http.get(path, headers={"range": f"bytes={len(whole) + beyond}-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == 11
    assert answer.json()["details"][0]["reason"] == "OFFSET_PAST_END"
    assert str(len(whole)) in answer.json()["message"]


async def test_errors_stay_what_they_are(edge: Edge, path: str) -> None:
    missing = path.replace("videos/0", "videos/7")

    got = await edge.http.get(missing, headers={"range": "bytes=0-1"})
    head = await edge.http.head(missing)
    past = await edge.http.get(path, params={"read_offset": str(10**9)})

    assert got.status_code == head.status_code == 404
    assert got.json()["details"][0]["reason"] == "VIDEO_NOT_FOUND"
    assert past.status_code == 400


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_resumes_a_download(edge: Edge, path: str, whole: bytes, tmp_path: Path) -> None:
    part = tmp_path / "part.mp4"
    part.write_bytes(whole[:5000])

    for _ in range(2):  # The second time there is nothing left.
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-C", "-", "-o", str(part), edge.url + path
        )
        assert await process.wait() == 0
        assert part.read_bytes() == whole


def breaking_off() -> grpc.GenericRpcHandler:
    """Promise 1000 bytes of a video, send 100 and fail."""

    async def download(_request: bytes, context: Any) -> AsyncIterator[bytes]:
        await context.send_initial_metadata((("x-longtake-video-size", "1000"),))
        chunk = HttpBody(content_type="video/mp4", data=b"x" * 100)
        yield api.DownloadVideoResponse(chunk=chunk).SerializeToString()
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(download)
    return grpc.method_handlers_generic_handler(
        "longtake.v1.VideoService", {"DownloadVideo": handler}
    )


async def test_a_download_that_breaks_off_does_not_look_whole(tmp_path: Path) -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((breaking_off(),))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    process, url, _ = await edge_running.start(tmp_path, "--server", f"127.0.0.1:{port}")
    async with httpx.AsyncClient(base_url=url, timeout=GUARD_SECONDS) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message"):
            await http.get("/v1/operations/a/videos/0:download")
    await process.terminate()
    await server.stop(None)
