# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a range of a video over HTTP."""

from __future__ import annotations

import re
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from longtake_server.errors import OffsetPastEnd, UpstreamUnavailable, VideoExpired
from longtake_server.operations.upstream import VideoReading
from longtake_server.upstream.auth import TokenUnavailable
from longtake_server.upstream.exchange import EndpointUnavailable, read_error
from longtake_server.upstream.faults import retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

    from longtake_server.clock import Clock
    from longtake_server.operations.model import StoredVideo
    from longtake_server.upstream.faults import Answer

    # Sends a GET with these headers; if the flag is true, with new credentials.
    Get = Callable[[Mapping[str, str], bool], Awaitable[httpx.Response]]

_CHUNK = 1 << 18
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", re.ASCII)


class RangedRead:
    """Streams a video in constant memory. Each wait for the network has a deadline."""

    def __init__(
        self,
        video: StoredVideo,
        get: Get,
        clock: Clock,
        upstream: str,
        gone: Callable[[Answer], bool] = lambda answer: answer.status in {404, 410},
    ) -> None:
        """Create the reader; nothing is sent yet.

        Args:
            video: The video to read.
            get: Requests it; may raise the errors of httpx, an endpoint and a TokenSource.
            clock: For Retry-After dates.
            upstream: The upstream's name, for errors.
            gone: Whether an error answer means that the video does not exist.

        """
        self._video = video
        self._send = get
        self._clock = clock
        self._upstream = upstream
        self._gone = gone

    @asynccontextmanager
    async def open(self, offset: int, limit: int | None) -> AsyncGenerator[VideoReading]:
        """Read the range. See Upstream.open_video."""
        async with self._response(offset, limit) as response:
            size = await self._size(response, offset)
            end = size if limit is None else min(offset + limit, size)
            # A server may answer a range with the whole object.
            skipped = offset if response.status_code == 200 else 0
            async with aclosing(self._chunks(response, skipped, end - offset)) as chunks:
                yield VideoReading(size, chunks)

    @asynccontextmanager
    async def _response(self, offset: int, limit: int | None) -> AsyncGenerator[httpx.Response]:
        last = "" if not limit else str(offset + limit - 1)
        headers = {"range": f"bytes={offset}-{last}"}
        response = await self._get(headers, force_refresh=False)
        try:
            if response.status_code == 401:
                await response.aclose()
                response = await self._get(headers, force_refresh=True)
            yield response
        finally:
            await response.aclose()

    async def _get(self, headers: Mapping[str, str], *, force_refresh: bool) -> httpx.Response:
        try:
            return await self._send(headers, force_refresh)
        except (EndpointUnavailable, TokenUnavailable) as error:
            raise UpstreamUnavailable(self._upstream, str(error)) from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise self._broke_off(error) from error

    async def _size(self, response: httpx.Response, offset: int) -> int:
        """Return the size of the whole object, or raise the error that the answer means."""
        match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        length = response.headers.get("content-length", "")
        if response.status_code == 206 and match and match[1] == str(offset):
            return int(match[3])
        if response.status_code == 200 and length.isdecimal():
            return _reachable(offset, int(length))
        if response.status_code == 416 and match:
            return _reachable(offset, int(match[3]))
        if response.status_code in {200, 206, 416}:
            cause = f"HTTP {response.status_code} without the size or the range asked for"
            raise UpstreamUnavailable(self._upstream, cause)
        answer = await read_error(response)
        if self._gone(answer):
            raise VideoExpired(self._video.location)
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
