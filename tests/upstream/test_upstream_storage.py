# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranged reads of gs:// objects, over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.platform import agent_platform
from fakes.scripted_http import Reply, error_reply, scripted_http
from longtake_server.errors import OffsetPastEnd, UpstreamUnavailable, VideoExpired
from longtake_server.operations.model import StoredVideo

if TYPE_CHECKING:
    from longtake_server.upstream.agent_platform import AgentPlatform

VIDEO = StoredVideo("gs://bucket/folder a/sample_0.mp4")
DATA = bytes(range(256)) * 5000


def ranged(first: int, last: int, size: int = len(DATA), **options: int) -> Reply:
    headers = {"content-range": f"bytes {first}-{last}/{size}"}
    return Reply(206, DATA[first : last + 1], headers, cut=options.get("cut"))


PAST_END = Reply(416, b"", {"content-range": f"bytes */{len(DATA)}"})


async def read(
    platform: AgentPlatform, offset: int = 0, limit: int | None = None
) -> tuple[int, bytes]:
    async with platform.open_video(VIDEO, offset, limit) as reading:
        chunks = [chunk async for chunk in reading.chunks]
    assert all(0 < len(chunk) <= 1 << 20 for chunk in chunks)
    return reading.size_bytes, b"".join(chunks)


@pytest.mark.parametrize(
    ("offset", "limit", "reply", "asked", "expected"),
    [
        (0, None, ranged(0, len(DATA) - 1), "bytes=0-", DATA),
        (7, None, ranged(7, len(DATA) - 1), "bytes=7-", DATA[7:]),
        (7, 9, ranged(7, 15), "bytes=7-15", DATA[7:16]),
        (len(DATA) - 2, 9, ranged(len(DATA) - 2, len(DATA) - 1), None, DATA[-2:]),
        (0, 0, ranged(0, len(DATA) - 1), "bytes=0-", b""),
        (len(DATA), None, PAST_END, None, b""),
        (0, None, Reply(200, DATA), "bytes=0-", DATA),
        (300_000, 9, Reply(200, DATA), None, DATA[300_000:300_009]),
        (len(DATA), None, Reply(200, DATA), None, b""),
    ],
)
async def test_a_range_is_read(
    offset: int, limit: int | None, reply: Reply, asked: str | None, expected: bytes
) -> None:
    async with scripted_http(reply) as storage, agent_platform(storage.url) as platform:
        assert await read(platform, offset, limit) == (len(DATA), expected)
    (request,) = storage.requests
    assert request.method == "GET"
    assert request.path == "/storage/v1/b/bucket/o/folder%20a%2Fsample_0.mp4?alt=media"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert asked is None or request.headers["range"] == asked


async def test_an_empty_object_has_no_bytes() -> None:
    empty = Reply(416, b"", {"content-range": "bytes */0"})
    async with scripted_http(empty) as storage, agent_platform(storage.url) as platform:
        assert await read(platform) == (0, b"")


@pytest.mark.parametrize(
    ("offset", "reply", "error"),
    [
        (0, error_reply(404, "NOT_FOUND", "no object"), VideoExpired),
        (len(DATA) + 1, PAST_END, OffsetPastEnd),
        (len(DATA) + 1, Reply(200, DATA), OffsetPastEnd),
        (0, Reply(403, b"no"), UpstreamUnavailable),
        (0, Reply(503, b"<html>busy</html>"), UpstreamUnavailable),
        (0, Reply(302, b"", {"location": "https://elsewhere.invalid"}), UpstreamUnavailable),
        (0, Reply(416, b""), UpstreamUnavailable),
        (5, ranged(4, 10), UpstreamUnavailable),
        (0, Reply(206, b"x", {"content-range": "lines 1-2/3"}), UpstreamUnavailable),
        (0, Reply(reset=True), UpstreamUnavailable),
        (0, ranged(0, len(DATA) - 1, cut=0), UpstreamUnavailable),
        (0, ranged(0, len(DATA) - 1, cut=500_000), UpstreamUnavailable),
        (0, ranged(0, 9), UpstreamUnavailable),
    ],
)
async def test_a_read_that_fails_says_how(
    offset: int, reply: Reply, error: type[Exception]
) -> None:
    async with scripted_http(reply) as storage, agent_platform(storage.url) as platform:
        with pytest.raises(error):
            await read(platform, offset)


async def test_the_wait_that_storage_asks_for_is_kept() -> None:
    busy = Reply(429, b"", {"retry-after": "12"})
    async with scripted_http(busy) as storage, agent_platform(storage.url) as platform:
        with pytest.raises(UpstreamUnavailable) as caught:
            await read(platform)
    assert caught.value.retry_after == 12


async def test_a_refused_token_is_tried_once_more() -> None:
    replies = (Reply(401, b""), ranged(0, len(DATA) - 1))
    async with scripted_http(*replies) as storage, agent_platform(storage.url) as platform:
        assert await read(platform) == (len(DATA), DATA)
    assert len(storage.requests) == 2


async def test_a_silent_storage_is_unavailable() -> None:
    async with (
        scripted_http(Reply(stall=True)) as storage,
        agent_platform(storage.url, read_seconds=0.05) as platform,
    ):
        with pytest.raises(UpstreamUnavailable):
            await read(platform)
        await storage.received.wait()


async def test_a_reader_that_stops_early_leaves_the_pool_usable() -> None:
    whole = ranged(0, len(DATA) - 1)
    async with scripted_http(whole, whole) as storage, agent_platform(storage.url) as platform:
        async with platform.open_video(VIDEO, 0, None) as reading:
            async for _ in reading.chunks:
                break
        assert await read(platform) == (len(DATA), DATA)
