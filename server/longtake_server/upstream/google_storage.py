# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads gs:// objects through the JSON API of Cloud Storage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from longtake_server.errors import VideoExpired
from longtake_server.upstream.ranged_read import RangedRead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    import httpx

    from longtake_server.clock import Clock
    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import VideoReading
    from longtake_server.upstream.auth import TokenSource

_LOCATION = re.compile(r"gs://([^/]+)/(.+)", re.DOTALL)


class GoogleStorage:
    """Opens objects in buckets."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        endpoint: Callable[[], Awaitable[str]],
        tokens: TokenSource,
        clock: Clock,
        upstream: str,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._tokens = tokens
        self._clock = clock
        self._upstream = upstream

    def open(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read an object. See Upstream.open_video."""

        async def get(headers: Mapping[str, str], force_refresh: bool) -> httpx.Response:
            url = await self._endpoint() + _path(video)
            credentials = await self._tokens.headers(force_refresh)
            request = self._client.build_request("GET", url, headers={**credentials, **headers})
            return await self._client.send(request, stream=True)

        return RangedRead(video, get, self._clock, self._upstream).open(offset, limit)


def _path(video: StoredVideo) -> str:
    match = _LOCATION.fullmatch(video.location)
    if match is None:
        raise VideoExpired(video.location)
    return f"/storage/v1/b/{quote(match[1], safe='')}/o/{quote(match[2], safe='')}?alt=media"
