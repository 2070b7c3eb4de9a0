# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos that the Gemini Developer API keeps as files, over real sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fakes.interactions import FILE, INTERACTION, KEY, interactions
from fakes.platform import OPERATION
from fakes.scripted_http import Reply, error_reply, json_reply, scripted_http
from longtake_server.errors import OffsetPastEnd, UpstreamUnavailable, VideoExpired
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Broken, Finished, NotNow, OutcomeUnknown, Running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fakes.scripted_http import ScriptedHttp
    from longtake_server.upstream.interactions import Interactions

VIDEO = StoredVideo(FILE)
DATA = bytes(range(256)) * 5000
PATH = "/v1beta/files/abc-123:download?alt=media"
COMPLETED = json_reply(
    200,
    {
        "id": INTERACTION,
        "status": "completed",
        "steps": [
            {
                "type": "model_output",
                "content": [{"type": "video", "uri": f"{FILE}:download?alt=media"}],
            }
        ],
    },
)


@asynccontextmanager
async def developer(*replies: Reply) -> AsyncIterator[tuple[ScriptedHttp, Interactions]]:
    async with scripted_http(*replies) as google, interactions(google.url) as upstream:
        yield google, upstream


def ranged(first: int, last: int, **options: int) -> Reply:
    headers = {"content-range": f"bytes {first}-{last}/{len(DATA)}"}
    return Reply(206, DATA[first : last + 1], headers, cut=options.get("cut"))


def redirect(location: str) -> Reply:
    return Reply(302, b"elsewhere", {"location": location})


async def read(
    upstream: Interactions, offset: int = 0, limit: int | None = None
) -> tuple[int, bytes]:
    async with upstream.open_video(VIDEO, offset, limit) as reading:
        return reading.size_bytes, b"".join([chunk async for chunk in reading.chunks])


@pytest.mark.parametrize(
    ("time", "expire_time"),
    [
        ("2026-11-26T12:00:00.123456789Z", datetime(2026, 11, 26, 12, 0, 0, 123456, UTC)),
        ("in two days", None),
        (7, None),
        (None, None),
    ],
)
async def test_a_file_that_is_ready_is_the_result_with_its_expiry(
    time: object, expire_time: datetime | None
) -> None:
    file = json_reply(200, {"name": "files/abc-123", "state": "ACTIVE", "expirationTime": time})
    async with developer(COMPLETED, file) as (google, upstream):
        result = await upstream.poll(OPERATION, INTERACTION)
    assert result == Finished((StoredVideo(FILE, expire_time=expire_time),))
    assert google.requests[1].method == "GET"
    assert google.requests[1].path == "/v1beta/files/abc-123"
    assert google.requests[1].headers["x-goog-api-key"] == KEY


async def test_a_file_in_the_making_is_waited_for() -> None:
    file = json_reply(200, {"name": "files/abc-123", "state": "PROCESSING"})
    async with developer(COMPLETED, file) as (_, upstream):
        assert await upstream.poll(OPERATION, INTERACTION) == Running()


async def test_a_file_that_could_not_be_made_is_a_failure() -> None:
    file = json_reply(200, {"state": "FAILED", "error": {"code": 13, "message": "no transcode"}})
    async with developer(COMPLETED, file) as (_, upstream):
        result = await upstream.poll(OPERATION, INTERACTION)
    assert isinstance(result, Broken)
    assert result.failure.message == "no transcode"


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_file_that_tells_nothing_of_itself_is_left_to_its_download(status: int) -> None:
    refused = error_reply(status, "PERMISSION_DENIED", "You do not have permission")
    async with developer(COMPLETED, refused) as (_, upstream):
        assert await upstream.poll(OPERATION, INTERACTION) == Finished((VIDEO,))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503, b""), NotNow),
        (Reply(reset=True), NotNow),
        (Reply(200, b"<html>"), OutcomeUnknown),
        (json_reply(200, {"state": 7}), OutcomeUnknown),
        (Reply(200, b"x" * (2 << 20)), OutcomeUnknown),
    ],
)
async def test_a_file_that_cannot_be_asked_for_is_asked_for_later(
    reply: Reply, kind: type[Exception]
) -> None:
    async with developer(COMPLETED, reply) as (_, upstream):
        with pytest.raises(kind):
            await upstream.poll(OPERATION, INTERACTION)


@pytest.mark.parametrize(
    ("offset", "limit", "reply", "asked", "expected"),
    [
        (0, None, ranged(0, len(DATA) - 1), "bytes=0-", DATA),
        (7, None, ranged(7, len(DATA) - 1), "bytes=7-", DATA[7:]),
        (1000, 5000, ranged(1000, 5999), "bytes=1000-5999", DATA[1000:6000]),
        (1000, 5000, Reply(200, DATA), "bytes=1000-5999", DATA[1000:6000]),
    ],
)
async def test_a_download_reads_the_range_with_the_key(
    offset: int, limit: int | None, reply: Reply, asked: str, expected: bytes
) -> None:
    async with developer(reply) as (google, upstream):
        assert await read(upstream, offset, limit) == (len(DATA), expected)
    (request,) = google.requests
    assert request.path == PATH
    assert request.headers["range"] == asked
    assert request.headers["x-goog-api-key"] == KEY


async def test_a_download_that_breaks_off_goes_on_from_the_next_byte() -> None:
    got = bytearray()

    async def fill(upstream: Interactions) -> None:
        async with upstream.open_video(VIDEO, 0, None) as reading:
            async for chunk in reading.chunks:
                got.extend(chunk)

    cut = ranged(0, len(DATA) - 1, cut=600_000)
    async with developer(cut, Reply(200, DATA)) as (google, upstream):
        with pytest.raises(UpstreamUnavailable):
            await fill(upstream)
        _, rest = await read(upstream, len(got))
    assert 0 < len(got) <= 600_000
    assert got + rest == DATA
    assert google.requests[1].headers["range"] == f"bytes={len(got)}-"


async def test_a_redirect_to_another_host_goes_without_the_key() -> None:
    async with (
        scripted_http(ranged(5, len(DATA) - 1)) as storage,
        developer(redirect(f"{storage.url}/signed?x=1")) as (google, upstream),
    ):
        assert await read(upstream, 5) == (len(DATA), DATA[5:])
    (request,) = storage.requests
    assert request.path == "/signed?x=1"
    assert request.headers["range"] == "bytes=5-"
    assert KEY not in str(request.headers)
    assert "authorization" not in request.headers
    assert google.requests[0].headers["x-goog-api-key"] == KEY


async def test_a_redirect_within_the_host_keeps_the_key() -> None:
    async with developer(redirect("/v1beta/other"), ranged(0, len(DATA) - 1)) as (google, upstream):
        assert await read(upstream) == (len(DATA), DATA)
    assert google.requests[1].path == "/v1beta/other"
    assert google.requests[1].headers["x-goog-api-key"] == KEY


async def test_five_redirects_are_followed_and_no_more() -> None:
    async with developer(*[redirect("/again")] * 5, ranged(0, len(DATA) - 1)) as (_, upstream):
        assert await read(upstream) == (len(DATA), DATA)
    async with developer(*[redirect("/again")] * 6) as (google, upstream):
        with pytest.raises(UpstreamUnavailable):
            await read(upstream)
    assert len(google.requests) == 6


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/x", "http://[", "http://", "file:///x", "//"]
)
async def test_a_redirect_to_nowhere_is_unavailable(location: str) -> None:
    async with developer(redirect(location)) as (_, upstream):
        with pytest.raises(UpstreamUnavailable) as caught:
            await read(upstream)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply(404, "NOT_FOUND", "gone"), VideoExpired),
        (
            error_reply(403, "PERMISSION_DENIED", "You cannot see it or it may not exist."),
            VideoExpired,
        ),
        (error_reply(403, "PERMISSION_DENIED", f"key {KEY} refused"), UpstreamUnavailable),
        (
            error_reply(400, "FAILED_PRECONDITION", "not in an ACTIVE state"),
            UpstreamUnavailable,
        ),
        (Reply(503, b"", {"retry-after": "7"}), UpstreamUnavailable),
        (Reply(416, b"", {"content-range": "bytes */3"}), OffsetPastEnd),
        (Reply(reset=True), UpstreamUnavailable),
    ],
)
async def test_a_download_that_fails_is_of_its_kind(reply: Reply, kind: type[Exception]) -> None:
    async with developer(reply) as (_, upstream):
        with pytest.raises(kind) as caught:
            await read(upstream, 9)
    assert KEY not in str(caught.value)


async def test_what_is_no_file_is_never_asked_for() -> None:
    async with developer() as (google, upstream):
        with pytest.raises(VideoExpired):
            async with upstream.open_video(StoredVideo("https://example.com/v.mp4"), 0, None):
                pass
    assert google.requests == []
