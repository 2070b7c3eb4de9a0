# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""CreateVideoUrl returns signed addresses of videos."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from fakes.engine import LONGEST_URL_SECONDS
from google.protobuf.duration_pb2 import Duration
from longtake.v1 import video_service_pb2 as api
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from rpc.rpc_server import Server

Request = api.CreateVideoUrlRequest


async def created(server: Server, **fields: object) -> api.CreateVideoUrlResponse:
    name = await server.succeeded(b"video")
    request = Request(name=f"{name}/videos/0", **fields)  # type: ignore[arg-type]  # a test's own fields
    response: api.CreateVideoUrlResponse = await server.videos.CreateVideoUrl(request)
    return response


@pytest.mark.parametrize("asked", [1, 90, LONGEST_URL_SECONDS])
async def test_an_address_works_as_long_as_asked_for(tmp_path: Path, asked: int) -> None:
    async with serving(tmp_path) as server:
        response = await created(server, lifetime=Duration(seconds=asked))
        begun = server.parts.clock.now().replace(microsecond=0)
    expires = response.expire_time.ToDatetime(begun.tzinfo)
    assert expires == begun + timedelta(seconds=asked)
    query = parse_qs(urlsplit(response.url).query)
    assert query["expires"] == [str(int(expires.timestamp()))]


async def test_an_address_is_under_the_public_url_and_names_the_video(tmp_path: Path) -> None:
    async with serving(tmp_path, public_url="https://videos.example/longtake/") as server:
        response = await created(server)
    base = "https://videos.example/longtake/v1/signed/operations/"
    assert response.url.startswith(base)
    assert urlsplit(response.url).path.endswith("/videos/0.mp4")


async def test_the_default_is_an_hour_and_inline(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        response = await created(server)
        begun = server.parts.clock.now().replace(microsecond=0)
    assert response.expire_time.ToDatetime(begun.tzinfo) == begun + timedelta(hours=1)
    assert "disposition=inline" in response.url


async def test_a_video_can_be_offered_as_a_file(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        response = await created(server, disposition=Request.ATTACHMENT)
    assert "disposition=attachment" in response.url


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"lifetime": Duration()}, "lifetime"),
        ({"lifetime": Duration(nanos=999_999_999)}, "lifetime"),
        ({"lifetime": Duration(seconds=-1)}, "lifetime"),
        ({"lifetime": Duration(seconds=LONGEST_URL_SECONDS + 1)}, "lifetime"),
        ({"disposition": 3}, "disposition"),
    ],
)
async def test_a_wrong_field_is_named(
    tmp_path: Path, fields: dict[str, object], wrong: str
) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(created(server, **fields))
    assert fault.fields == [wrong]


async def test_a_server_that_knows_no_address_of_its_own_names_the_setting(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, public_url=None) as server:
        fault = await refused(created(server))
    assert (fault.code.name, fault.reason) == ("FAILED_PRECONDITION", "PUBLIC_URL_MISSING")
    assert fault.metadata == {"setting": "LONGTAKE_PUBLIC_URL"}


async def test_a_video_that_is_not_there_has_no_address(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"video")
        other = await refused(server.videos.CreateVideoUrl(Request(name=f"{name}/videos/1")))
        running = await server.running()
        early = await refused(server.videos.CreateVideoUrl(Request(name=f"{running}/videos/0")))
    assert (other.reason, early.reason) == ("VIDEO_NOT_FOUND", "VIDEO_NOT_READY")
