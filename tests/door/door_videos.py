# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Signed addresses that tests create and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from google.protobuf.duration_pb2 import Duration
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from door.door_serving import HttpDoor

VIDEO = bytes(range(256)) * 40
"""10,240 bytes."""


async def address_of(
    door: HttpDoor, name: str, index: int = 0, *, key: str = "", seconds: int = 60, **fields: Any
) -> str:
    """Return a signed address of a video of an operation, created by the bearer of a key."""
    request = api.CreateVideoUrlRequest(
        name=f"{name}/videos/{index}", lifetime=Duration(seconds=seconds), **fields
    )
    metadata = (("authorization", f"Bearer {key}"),) if key else ()
    response = await door.grpc.videos.CreateVideoUrl(request, metadata=metadata)
    url: str = response.url
    return url


async def signed_video(door: HttpDoor, video: bytes = VIDEO, **asked: Any) -> str:
    """Return a signed address of a new video."""
    return await address_of(door, await door.grpc.succeeded(video), **asked)


def changed(url: str, **parameters: str | None) -> str:
    """Return an address with other parameters; None leaves one out."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **parameters}
    left = {name: value for name, value in query.items() if value is not None}
    return parts._replace(query=urlencode(left)).geturl()


def parameter(url: str, name: str) -> str:
    """Return a parameter of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))[name]
