# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of the Gemini Developer API, which stores videos for a limited time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from google.protobuf.timestamp_pb2 import Timestamp

from longtake_server.errors import VideoExpired
from longtake_server.operations.model import Code, Failure
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Rejected, Running
from longtake_server.upstream.exchange import AnswerTooLarge
from longtake_server.upstream.faults import PollFaults
from longtake_server.upstream.google_error import parse_error, readable
from longtake_server.upstream.json_media import parse_object
from longtake_server.upstream.ranged_read import RangedRead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from longtake_server.clock import Clock
    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import VideoReading
    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.exchange import Exchange
    from longtake_server.upstream.faults import Answer

_ADDRESS = "https://generativelanguage.googleapis.com/v1beta/files/"
_NAMED = re.compile(r"(?:https?://\S+/)?files/([\w-]{1,64})(?:[:?]\S*)?", re.ASCII)
_MOST_REDIRECTS = 5


def location_of(uri: str) -> str:
    """Return a file's URI without possible secrets, or an empty string for any other text."""
    match = _NAMED.fullmatch(uri)
    return _ADDRESS + match[1] if match else ""


class DeveloperFiles:
    """Waits for files and reads them."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        exchange: Exchange,
        endpoint: Callable[[], Awaitable[str]],
        prefix: str,
        tokens: TokenSource,
        clock: Clock,
        upstream: str,
    ) -> None:
        """Create the reader; nothing is sent yet.

        Args:
            client: A client that does not follow redirects.
            exchange: Gets the metadata of a file.
            endpoint: Returns the base URL before each call.
            prefix: The prefix of `/files` in a path, for example `/v1beta`.
            tokens: The key. It is sent to the endpoint and to no other host.
            clock: For Retry-After dates.
            upstream: The upstream's name, for errors.

        """
        self._client = client
        self._exchange = exchange
        self._endpoint = endpoint
        self._files = f"{prefix}/files"
        self._tokens = tokens
        self._clock = clock
        self._upstream = upstream
        self._faults = PollFaults(upstream, clock, lambda status, _: status in {400, 403, 404, 410})

    async def ready(self, video: StoredVideo) -> StoredVideo | Running | Broken:
        """Return the video with its expiry time if it is ready, otherwise its state.

        Raises:
            NotNow, OutcomeUnknown: The state is not known; ask again later.

        """
        path = f"{self._files}/{_id(video)}"
        try:
            file = parse_object(await self._exchange.get(path, self._faults))
        except Rejected:
            # A read of the bytes detects a deleted file as well.
            return video
        except AnswerTooLarge as error:
            raise OutcomeUnknown(str(error)) from error
        state = file.get("state", "ACTIVE")
        if state == "FAILED":
            return self._failed(file)
        if state == "ACTIVE":
            return replace(video, expire_time=_time(file.get("expirationTime")))
        if not isinstance(state, str):
            raise OutcomeUnknown("the upstream answered with something other than a file")
        return Running()

    def open(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a file. See Upstream.open_video."""

        async def get(headers: Mapping[str, str], force_refresh: bool) -> httpx.Response:
            url = f"{await self._endpoint()}{self._files}/{_id(video)}:download?alt=media"
            return await self._follow(url, headers, await self._tokens.headers(force_refresh))

        return RangedRead(video, get, self._clock, self._upstream, _gone).open(offset, limit)

    async def _follow(
        self, url: str, headers: Mapping[str, str], credentials: Mapping[str, str]
    ) -> httpx.Response:
        home = target = httpx.URL(url)
        for _ in range(1 + _MOST_REDIRECTS):
            own = credentials if _origin(target) == _origin(home) else {}
            request = self._client.build_request("GET", target, headers={**headers, **own})
            response = await self._client.send(request, stream=True)
            if not response.has_redirect_location:
                return response
            await response.aclose()
            target = target.join(response.headers["location"])
            if target.scheme not in {"https", home.scheme}:
                raise httpx.UnsupportedProtocol("a redirect to a weaker protocol")
        raise httpx.TooManyRedirects(f"more than {_MOST_REDIRECTS} redirects")

    def _failed(self, file: Mapping[str, object]) -> Broken:
        error = file.get("error")
        said = readable(error.get("message")) if isinstance(error, dict) else ""
        message = said or "the upstream could not process the video that it made"
        metadata = {"upstream": self._upstream}
        return Broken(Failure(Code.INTERNAL, "UPSTREAM_FAILED", message, metadata))


def _id(video: StoredVideo) -> str:
    if not location_of(video.location):
        raise VideoExpired(video.location)
    return video.location.removeprefix(_ADDRESS)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, port


def _gone(answer: Answer) -> bool:
    if answer.status == 403:
        # Google gives the same answer for another caller's file and for one that does not exist.
        error = parse_error(answer.body)
        return error is not None and "may not exist" in error.message
    return answer.status in {404, 410}


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    timestamp = Timestamp()
    try:
        timestamp.FromJsonString(text)
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        return None
