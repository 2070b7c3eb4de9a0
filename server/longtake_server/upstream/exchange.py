# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One call of JSON over HTTP: address, credentials, deadline and a cap on the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from longtake_server.upstream.auth import TokenUnavailable
from longtake_server.upstream.faults import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.faults import Faults

ERROR_BODY_LIMIT = 1 << 16


class EndpointUnavailable(Exception):
    """The upstream has no address for now. The message says why."""


class AnswerTooLarge(Exception):
    """The answer has more bytes than are taken.

    Attributes:
        limit: The most bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer has more than {limit} bytes")
        self.limit = limit


class Exchange:
    """Calls with JSON, and once more where the token was refused and nothing else."""

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
        """Get what lies at a path; otherwise as `post`."""
        return await self._call("GET", path, b"", faults)

    async def post(self, path: str, body: bytes, faults: Faults) -> bytes | bytearray:
        """Post a body and return that of the answer, which has status 200.

        Args:
            path: The path, beginning with a slash.
            body: The JSON, or nothing.
            faults: Which kind of failure each fault is.

        Raises:
            UpstreamFailure: As `faults` says.
            AnswerTooLarge: The answer of status 200 is larger than the cap.

        """
        return await self._call("POST", path, body, faults)

    async def _call(self, method: str, path: str, body: bytes, faults: Faults) -> bytes | bytearray:
        try:
            url = await self._endpoint() + path
            headers = await self._tokens.headers()
            answer = await self._send(method, url, headers, body, faults)
            if answer.status == 401:
                # A 401 proves that nothing has started.
                headers = await self._tokens.headers(force_refresh=True)
                answer = await self._send(method, url, headers, body, faults)
        except (EndpointUnavailable, TokenUnavailable) as error:
            raise faults.unsent(str(error)) from error
        if answer.status != 200:
            raise faults.refused(answer)
        return answer.body

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: bytes, faults: Faults
    ) -> Answer:
        if body:
            headers = {**headers, "content-type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(method, url, content=body, headers=headers) as response,
            ):
                if response.status_code == 200:
                    answer = await read_all(response, self._max_body_bytes)
                else:
                    answer = await read_error(response)
        except (httpx.RequestError, TimeoutError) as error:
            raise faults.interrupted(error) from error
        except httpx.InvalidURL as error:
            raise faults.unsent("its base URL is no address") from error
        return answer


async def read_all(response: httpx.Response, limit: int) -> Answer:
    """Read a whole answer. Raises AnswerTooLarge past `limit` bytes."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise AnswerTooLarge(limit)
    return Answer(response.status_code, response.headers, body)


async def read_error(response: httpx.Response) -> Answer:
    """Read the start of an error's body, as far as it arrives: its status stands anyway."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) >= ERROR_BODY_LIMIT:
                break
    except httpx.RequestError:
        pass
    return Answer(response.status_code, response.headers, bytes(body[:ERROR_BODY_LIMIT]))
