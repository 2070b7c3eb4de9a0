# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes JSON calls over HTTP with credentials, a deadline and a limit on the answer's size."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from longtake_server.operations.upstream import Withheld, always
from longtake_server.upstream.auth import TokenUnavailable
from longtake_server.upstream.faults import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.faults import Faults

ERROR_BODY_LIMIT = 1 << 16


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

    async def get(self, path: str, faults: Faults) -> bytes | bytearray:
        """Send a GET request; otherwise like `post`."""
        return await self._call("GET", path, b"", faults, always)

    async def post(
        self, path: str, body: bytes, faults: Faults, last_look: Callable[[], bool] = always
    ) -> bytes | bytearray:
        """Send a POST request and return the body of the answer, whose status is 200.

        Args:
            path: The path, with a leading slash.
            body: JSON, or empty.
            faults: Decides which error is raised for a failure.
            last_look: Called once the connection is open, immediately before the request is
                written to it. If it returns False, nothing is written.

        Raises:
            Withheld: The last look forbade the call.
            UpstreamFailure: As `faults` decides.
            AnswerTooLarge: The answer has status 200 and is larger than the limit.

        """
        return await self._call("POST", path, body, faults, last_look)

    async def _call(
        self, method: str, path: str, body: bytes, faults: Faults, last_look: Callable[[], bool]
    ) -> bytes | bytearray:
        try:
            url = await self._endpoint() + path
            headers = await self._tokens.headers()
            answer = await self._send(method, url, headers, body, faults, last_look)
            if answer.status == 401:
                # After a 401 nothing has started, so the call may be repeated.
                headers = await self._tokens.headers(force_refresh=True)
                answer = await self._send(method, url, headers, body, faults, last_look)
        except (EndpointUnavailable, TokenUnavailable) as error:
            raise faults.unsent(str(error)) from error
        if answer.status != 200:
            raise faults.refused(answer)
        return answer.body

    async def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        faults: Faults,
        last_look: Callable[[], bool],
    ) -> Answer:
        if body:
            headers = {**headers, "content-type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(
                    method, url, content=body, headers=headers, extensions=_looking(last_look)
                ) as response,
            ):
                if response.status_code == 200:
                    answer = await read_all(response, self._max_body_bytes)
                else:
                    answer = await read_error(response)
        except (httpx.RequestError, TimeoutError) as error:
            raise faults.interrupted(error) from error
        except httpx.InvalidURL as error:
            raise faults.unsent("its base URL is not valid") from error
        return answer


def _looking(last_look: Callable[[], bool]) -> dict[str, Any]:
    """Return the extension of httpx that looks before the first byte of a request is written."""
    if last_look is always:
        return {}

    async def trace(event: str, _: object) -> None:
        if event.endswith(".send_request_headers.started") and not last_look():
            raise Withheld

    return {"trace": trace}


async def read_all(response: httpx.Response, limit: int) -> Answer:
    """Read a whole answer. Raises AnswerTooLarge if it has more than `limit` bytes."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(limit)
    return Answer(response.status_code, response.headers, body)


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
