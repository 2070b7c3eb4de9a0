# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A signed address serves its video, whole and in parts, as HTTP says."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from door.door_serving import http_serving
from door.door_videos import VIDEO, signed_video
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from door.door_serving import HttpDoor

DIGEST = hashlib.sha256(VIDEO).hexdigest()
SIZE = len(VIDEO)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[HttpDoor]:
    async with http_serving(tmp_path) as serving:
        yield serving


async def test_the_whole_video_comes_with_all_that_a_player_asks(door: HttpDoor) -> None:
    url = await signed_video(door)
    answer = await door.client.get(url)
    assert (answer.status_code, answer.content) == (200, VIDEO)
    name = url.partition("operations/")[2].partition("/")[0]
    digest = base64.b64encode(bytes.fromhex(DIGEST)).decode()
    expected = {
        "accept-ranges": "bytes",
        "cache-control": "private",
        "content-disposition": f'inline; filename="{name}-0.mp4"',
        "content-length": str(SIZE),
        "content-type": "video/mp4",
        "etag": f'"{DIGEST}"',
        "referrer-policy": "no-referrer",
        "repr-digest": f"sha-256=:{digest}:",
        "x-content-type-options": "nosniff",
    }
    assert {key: answer.headers[key] for key in expected} == expected


async def test_head_tells_the_same_without_the_bytes(door: HttpDoor) -> None:
    url = await signed_video(door)
    got, head = await door.client.get(url), await door.client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    differing = {"date"}
    for key in set(got.headers) - differing:
        assert head.headers[key] == got.headers[key]


async def test_head_ignores_a_range(door: HttpDoor) -> None:
    head = await door.client.head(await signed_video(door), headers={"range": "bytes=5-9"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(SIZE))


async def test_a_video_can_be_offered_as_a_file(door: HttpDoor) -> None:
    url = await signed_video(door, disposition=api.CreateVideoUrlRequest.ATTACHMENT)
    answer = await door.client.head(url)
    assert answer.headers["content-disposition"].startswith('attachment; filename="')


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-199", 100, 200),
        ("BYTES= 100-199", 100, 200),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes={SIZE - 1}-{10**17}", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        (f"bytes=-{SIZE + 1}", 0, SIZE),
    ],
)
async def test_a_range_is_sent_as_a_part(door: HttpDoor, wanted: str, first: int, end: int) -> None:
    answer = await door.client.get(await signed_video(door), headers={"range": wanted})
    assert (answer.status_code, answer.content) == (206, VIDEO[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize(
    "wanted",
    ["bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-1", "bytes", "bytes=a-b", "bytes=0-1x"],
)
async def test_another_form_of_range_gets_the_whole(door: HttpDoor, wanted: str) -> None:
    answer = await door.client.get(await signed_video(door), headers={"range": wanted})
    assert (answer.status_code, answer.content) == (200, VIDEO)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 9}", "bytes=-0"])
async def test_a_range_past_the_end_is_told_the_size(door: HttpDoor, wanted: str) -> None:
    answer = await door.client.get(await signed_video(door), headers={"range": wanted})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{DIGEST}"', 206),
        (f'W/"{DIGEST}"', 200),
        ('"another"', 200),
        ("Sat, 28 Nov 2026 12:00:00 GMT", 200),
    ],
)
async def test_a_part_of_another_version_is_not_sent(
    door: HttpDoor, condition: str, status: int
) -> None:
    headers = {"range": "bytes=5-9", "if-range": condition}
    answer = await door.client.get(await signed_video(door), headers=headers)
    assert answer.status_code == status
    assert answer.content == (VIDEO[5:10] if status == 206 else VIDEO)


@pytest.mark.parametrize("condition", [f'"{DIGEST}"', f'"x", W/"{DIGEST}"', "*"])
async def test_a_client_that_has_the_video_gets_no_bytes(door: HttpDoor, condition: str) -> None:
    url = await signed_video(door)
    answer = await door.client.get(url, headers={"if-none-match": condition})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{DIGEST}"'


async def test_an_empty_video_has_no_part(door: HttpDoor) -> None:
    url = await signed_video(door, b"")
    whole = await door.client.get(url)
    part = await door.client.get(url, headers={"range": "bytes=0-"})
    assert (whole.status_code, whole.content) == (200, b"")
    assert (part.status_code, part.headers["content-range"]) == (416, "bytes */0")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(door: HttpDoor, method: str) -> None:
    answer = await door.client.request(method, await signed_video(door))
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_a_large_video_arrives_whole(door: HttpDoor) -> None:
    video = bytes(range(256)) * (20 << 12)
    answer = await door.client.get(await signed_video(door, video))
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(video).digest()
