# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""DownloadVideo streams the bytes of a video."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.upstream import ScriptedUpstream
from longtake.v1 import video_service_pb2 as api
from longtake_server.errors import UpstreamUnavailable
from longtake_server.operations.model import StoredVideo, Succeeded
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.media_pb2 import Video
    from rpc.rpc_server import Server

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
# Each MiB differs from the others.
BYTES = b"".join(bytes([index]) * MEBIBYTE for index in range(3)) + b"the end"
DIGEST = hashlib.sha256(BYTES).hexdigest()


async def download(server: Server, name: str, **fields: Any) -> list[api.DownloadVideoResponse]:
    request = api.DownloadVideoRequest(name=f"{name}/videos/0", **fields)
    return [message async for message in server.videos.DownloadVideo(request)]


def content(messages: list[api.DownloadVideoResponse]) -> bytes:
    return b"".join(message.chunk.data for message in messages)


async def at_upstream(server: Server) -> str:
    """Create an operation whose video is at the upstream and has no known size; return its name."""
    name = await server.running()
    await server.parts.ledger.commit(name, Succeeded((StoredVideo("gs://bucket/a.mp4"),)))
    return name


async def known(server: Server, name: str) -> Video:
    """Return the video of an operation."""
    operation = await server.videos.GetOperation(api.GetOperationRequest(name=name))
    video: Video = operation.response.generated_videos[0].video
    return video


async def test_a_video_comes_whole_and_in_order_in_chunks_of_the_right_size(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        messages = await download(server, await server.succeeded(BYTES))
    sizes = [len(message.chunk.data) for message in messages[1:]]
    assert content(messages) == BYTES
    assert all(64 * KIBIBYTE <= size <= MEBIBYTE for size in sizes[:-1])
    assert 0 < sizes[-1] <= MEBIBYTE
    assert {message.chunk.content_type for message in messages} == {"video/mp4"}


async def test_the_first_message_tells_of_the_whole_video_without_bytes(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        first, *rest = await download(server, await server.succeeded(BYTES), read_offset=9)
    assert first.video.mime_type == "video/mp4"
    assert first.video.size_bytes == len(BYTES)
    assert first.video.sha256 == DIGEST
    assert first.video.WhichOneof("source") is None
    assert not first.chunk.data
    assert not any(message.HasField("video") for message in rest)


@pytest.mark.parametrize("offset", [0, 9, len(BYTES)])
async def test_the_initial_metadata_has_size_and_digest_for_proxies(
    tmp_path: Path, offset: int
) -> None:
    async with serving(tmp_path, ScriptedUpstream(video=BYTES)) as server:
        name = await server.succeeded(BYTES)
        unmeasured = await at_upstream(server)
        metadata = []
        for each in (name, unmeasured):
            request = api.DownloadVideoRequest(name=f"{each}/videos/0", read_offset=offset)
            call = server.videos.DownloadVideo(request)
            metadata.append(dict(await call.initial_metadata()))
            call.cancel()

    assert [one["x-longtake-video-size"] for one in metadata] == [str(len(BYTES))] * 2
    assert metadata[0]["x-longtake-video-sha256"] == DIGEST
    assert "x-longtake-video-sha256" not in metadata[1]


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [
        (0, 5, BYTES[:5]),
        (7, 0, BYTES[7:]),
        (MEBIBYTE - 1, 2, BYTES[MEBIBYTE - 1 : MEBIBYTE + 1]),
        (1, 2 * MEBIBYTE, BYTES[1 : 2 * MEBIBYTE + 1]),
        (len(BYTES) - 1, 100, BYTES[-1:]),
        (len(BYTES), 0, b""),
        (0, (1 << 63) - 1, BYTES),
        (5, (1 << 63) - 1, BYTES[5:]),
    ],
)
async def test_a_range_is_what_was_asked_for(
    tmp_path: Path, offset: int, limit: int, expected: bytes
) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(BYTES)
        messages = await download(server, name, read_offset=offset, read_limit=limit)
    assert content(messages) == expected


async def test_each_video_of_an_operation_has_its_own_name(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"first", b"second")
        request = api.DownloadVideoRequest(name=f"{name}/videos/1")
        messages = [message async for message in server.videos.DownloadVideo(request)]
    assert content(messages) == b"second"


async def test_an_empty_video_is_a_stream_without_bytes(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        messages = await download(server, await server.succeeded(b""))
    assert content(messages) == b""
    assert messages[0].video.HasField("size_bytes")


async def test_a_full_pass_finds_what_was_unknown_and_tells_it_last(tmp_path: Path) -> None:
    async with serving(tmp_path, ScriptedUpstream(video=BYTES)) as server:
        name = await at_upstream(server)
        before = await known(server, name)
        part = await download(server, name, read_limit=9)
        unmeasured = await known(server, name)
        full = await download(server, name)
        after = await known(server, name)
    assert content(part) == BYTES[:9]
    assert not before.HasField("size_bytes")
    assert not unmeasured.sha256
    assert not full[0].video.sha256
    assert content(full) == BYTES
    assert not full[-1].chunk.data
    assert (full[-1].video.size_bytes, full[-1].video.sha256) == (len(BYTES), DIGEST)
    assert (after.size_bytes, after.sha256) == (len(BYTES), DIGEST)


async def test_an_upstream_that_cannot_be_reached_says_when_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise UpstreamUnavailable("scripted", "no route", 3)

    async with serving(tmp_path) as server:
        name = await at_upstream(server)
        monkeypatch.setattr(server.parts.upstream, "open_video", unreachable)
        request = api.DownloadVideoRequest(name=f"{name}/videos/0")
        fault = await refused(server.videos.DownloadVideo(request))
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE")
    assert fault.metadata == {"upstream": "scripted", "cause": "no route"}
    assert fault.details["RetryInfo"].retry_delay.ToSeconds() == 3


async def test_a_reader_that_leaves_lets_the_next_one_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(BYTES)
        request = api.DownloadVideoRequest(name=f"{name}/videos/0")
        call = server.videos.DownloadVideo(request)
        await anext(aiter(call))
        call.cancel()
        assert content(await download(server, name)) == BYTES
