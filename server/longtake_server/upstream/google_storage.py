# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the objects of gs:// addresses by Cloud Storage's JSON API."""

from __future__ import annotations

import re
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from longtake_server.errors import OffsetPastEnd, UpstreamUnavailable, VideoExpired
from longtake_server.operations.upstream import VideoReading
from longtake_server.upstream.auth import TokenUnavailable
from longtake_server.upstream.exchange import EndpointUnavailable, read_error
from longtake_server.upstream.faults import retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from longtake_server.clock import Clock
    from longtake_server.operations.model import StoredVideo
    from longtake_server.upstream.auth import TokenSource

_CHUNK = 1 << 18
_LOCATION = re.compile(r"gs://([^/]+)/(.+)", re.DOTALL)
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", re.ASCII)


class GoogleStorage:
    """Streams objects in constant memory. Each wait for the network has a deadline."""

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

    @asynccontextmanager
    async def open(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AsyncGenerator[VideoReading]:
        """Read an object, as Upstream.open_video says."""
        async with self._response(video, offset, limit) as response:
            size = await self._size(response, video, offset)
            end = size if limit is None else min(offset + limit, size)
            # A server may answer a range with the whole object.
            skipped = offset if response.status_code == 200 else 0
            async with aclosing(self._chunks(response, skipped, end - offset)) as chunks:
                yield VideoReading(size, chunks)

    @asynccontextmanager
    async def _response(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AsyncGenerator[httpx.Response]:
        last = "" if not limit else str(offset + limit - 1)
        headers = {"range": f"bytes={offset}-{last}"}
        response = await self._get(video, headers, force_refresh=False)
        try:
            if response.status_code == 401:
                await response.aclose()
                response = await self._get(video, headers, force_refresh=True)
            yield response
        finally:
            await response.aclose()

    async def _get(
        self, video: StoredVideo, headers: dict[str, str], *, force_refresh: bool
    ) -> httpx.Response:
        try:
            url = await self._endpoint() + _path(video)
            credentials = await self._tokens.headers(force_refresh)
            request = self._client.build_request("GET", url, headers={**credentials, **headers})
            return await self._client.send(request, stream=True)
        except (EndpointUnavailable, TokenUnavailable) as error:
            raise UpstreamUnavailable(self._upstream, str(error)) from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise self._broke_off(error) from error

    async def _size(self, response: httpx.Response, video: StoredVideo, offset: int) -> int:
        """Return the size of the whole object, or raise what the answer means."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        length = response.headers.get("content-length", "")
        if response.status_code == 206 and match and match[1] == str(offset):
            return int(match[3])
        if response.status_code == 200 and length.isdecimal():
            return _reachable(offset, int(length))
        if response.status_code == 416 and match:
            return _reachable(offset, int(match[3]))
        if response.status_code in {404, 410}:
            raise VideoExpired(video.location)
        if response.status_code in {200, 206, 416}:
            cause = f"HTTP {response.status_code} without the size or the range asked for"
            raise UpstreamUnavailable(self._upstream, cause)
        answer = await read_error(response)
        wait = retry_after(answer, self._clock.now())
        raise UpstreamUnavailable(self._upstream, f"HTTP {answer.status} from storage", wait)

    async def _chunks(
        self, response: httpx.Response, skipped: int, wanted: int
    ) -> AsyncGenerator[bytes]:
        if wanted <= 0:
            return
        try:
            async with aclosing(_window(response, skipped, wanted)) as window:
                async for chunk in window:
                    wanted -= len(chunk)
                    yield chunk
        except httpx.RequestError as error:
            raise self._broke_off(error) from error
        if wanted > 0:
            raise UpstreamUnavailable(self._upstream, f"the answer ended {wanted} bytes early")

    def _broke_off(self, error: Exception) -> UpstreamUnavailable:
        return UpstreamUnavailable(self._upstream, f"the read broke off ({type(error).__name__})")


async def _window(response: httpx.Response, skipped: int, wanted: int) -> AsyncGenerator[bytes]:
    body: AsyncIterator[bytes] = response.aiter_raw(_CHUNK)
    async for chunk in body:
        part = chunk[skipped : skipped + wanted]
        skipped = max(skipped - len(chunk), 0)
        wanted -= len(part)
        if part:
            yield part
        if wanted <= 0:
            return


def _reachable(offset: int, size: int) -> int:
    if offset > size:
        raise OffsetPastEnd(offset, size)
    return size


def _path(video: StoredVideo) -> str:
    match = _LOCATION.fullmatch(video.location)
    if match is None:
        raise VideoExpired(video.location)
    return f"/storage/v1/b/{quote(match[1], safe='')}/o/{quote(match[2], safe='')}?alt=media"
