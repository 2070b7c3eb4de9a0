# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes JSON calls over HTTP with credentials and a deadline. Answers are read as streams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from longtake_server.operations.upstream import Withheld, always
from longtake_server.upstream.auth import TokenUnavailable
from longtake_server.upstream.faults import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.faults import Faults
    from longtake_server.upstream.request_body import RequestBody

ERROR_BODY_LIMIT = 1 << 16

Read = TypeVar("Read")


class EndpointUnavailable(Exception):
    """The upstream has no address at present. The message says why."""


class AnswerTooLarge(Exception):
    """The answer is larger than the limit.

    Attributes:
        limit: The limit in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer has more than {limit} bytes")
        self.limit = limit


class Exchange:
    """Makes calls with JSON. Repeats a call once, with a new token, if the answer is 401."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        endpoint: Callable[[], Awaitable[str]],
        tokens: TokenSource,
        *,
        deadline_seconds: float,
        max_body_bytes: int,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._tokens = tokens
        self._deadline = deadline_seconds
        self._max_body_bytes = max_body_bytes

    async def get(self, path: str, faults: Faults) -> bytearray:
        """Send a GET request; otherwise like `post`."""
        return await self.call("GET", path, b"", faults, self._read_whole)

    async def post(
        self,
        path: str,
        body: bytes | RequestBody,
        faults: Faults,
        last_look: Callable[[], bool] = always,
    ) -> bytearray:
        """Send a POST request and return the body of the answer. Raises as `call`."""
        return await self.call("POST", path, body, faults, self._read_whole, last_look)

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | RequestBody,
        faults: Faults,
        read: Callable[[AsyncIterator[bytes]], Awaitable[Read]],
        last_look: Callable[[], bool] = always,
    ) -> Read:
        """Send a request and return what `read` made of the answer, whose status is 200.

        Args:
            method: The HTTP method.
            path: The path, with a leading slash.
            body: JSON, or empty.
            faults: Decides which error is raised for a failure.
            read: Reads the body of the answer from a stream, within the deadline. It is called at
                most once. What it raises is raised again.
            last_look: Called once the connection is open, immediately before the request is
                written to it. If it returns False, nothing is written.

        Raises:
            Withheld: The last look forbade the call.
            UpstreamFailure: As `faults` decides.
            AnswerTooLarge: The answer has status 200 and is larger than the limit.

        """
        try:
            url = await self._endpoint() + path
            headers = await self._tokens.headers()
            answer = await self._send(method, url, headers, body, faults, read, last_look)
            if isinstance(answer, Answer) and answer.status == 401:
                # After a 401 nothing has started, so the call may be repeated.
                headers = await self._tokens.headers(force_refresh=True)
                answer = await self._send(method, url, headers, body, faults, read, last_look)
        except (EndpointUnavailable, TokenUnavailable) as error:
            raise faults.unsent(str(error)) from error
        if isinstance(answer, Answer):
            raise faults.refused(answer)
        return answer

    async def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | RequestBody,
        faults: Faults,
        read: Callable[[AsyncIterator[bytes]], Awaitable[Read]],
        last_look: Callable[[], bool],
    ) -> Read | Answer:
        """Return what `read` made of the answer, or the answer if its status is not 200."""
        if body:
            length = str(len(body))
            headers = {**headers, "content-type": "application/json", "content-length": length}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(
                    method, url, content=body, headers=headers, extensions=_looking(last_look)
                ) as response,
            ):
                if response.status_code == 200:
                    return await read(response.aiter_bytes())
                return await read_error(response)
        except (httpx.RequestError, TimeoutError) as error:
            raise faults.interrupted(error) from error
        except httpx.InvalidURL as error:
            raise faults.unsent("its base URL is not valid") from error

    async def _read_whole(self, pieces: AsyncIterator[bytes]) -> bytearray:
        body = bytearray()
        async for piece in pieces:
            body += piece
            if len(body) > self._max_body_bytes:
                raise AnswerTooLarge(self._max_body_bytes)
        return body


def _looking(last_look: Callable[[], bool]) -> dict[str, Any]:
    """Return the extension of httpx that looks before the first byte of a request is written."""
    if last_look is always:
        return {}

    async def trace(event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started") and not last_look():
            raise Withheld

    return {"trace": trace}


async def read_error(response: httpx.Response) -> Answer:
    """Read the start of an error's body. If it breaks off, return what has arrived."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) >= ERROR_BODY_LIMIT:
                break
    except httpx.RequestError:
        pass
    return Answer(response.status_code, response.headers, bytes(body[:ERROR_BODY_LIMIT]))
