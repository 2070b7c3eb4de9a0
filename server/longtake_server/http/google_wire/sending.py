# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends responses in parts. One that breaks off ends its connection, so that no client takes it
for whole."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from longtake_server.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import Send

_log = logging.getLogger(__name__)

_NO_STORE = {"cache-control": "no-store"}


class Sending(StreamingResponse):
    """A response whose parts are sent as they come.

    Args:
        parts: The parts, closed with the response.
        media_type: The type of the content.
        send_timeout_seconds: How long a reader may leave a part unread.

    """

    def __init__(
        self, parts: AsyncGenerator[bytes], media_type: str, send_timeout_seconds: float
    ) -> None:
        super().__init__(parts, headers=_NO_STORE, media_type=media_type)
        self._parts = parts
        self._send_timeout_seconds = send_timeout_seconds

    async def stream_response(self, send: Send) -> None:
        """Send the parts. Leaves the response incomplete if they break off or are not read."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        async with aclosing(self._parts) as parts:
            await send({"type": "http.response.start", **start})
            try:
                async for part in parts:
                    async with asyncio.timeout(self._send_timeout_seconds):
                        await send({"type": "http.response.body", "body": part, "more_body": True})
            except (LongtakeError, TimeoutError) as error:
                _log.info("a response breaks off", extra={"cause": str(error) or "not read"})
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def respond(
    parts: AsyncGenerator[bytes], media_type: str, send_timeout_seconds: float
) -> Response:
    """Return the response of parts, with a length if there is only one.

    Waits for the first two parts: an error before them is raised here, in time for its status.

    Args:
        parts: As for Sending.
        media_type: As for Sending.
        send_timeout_seconds: As for Sending.

    """
    first = await anext(parts)
    second = await anext(parts, None)
    if second is None:
        return Response(first, headers=_NO_STORE, media_type=media_type)
    return Sending(_joined(first, second, parts), media_type, send_timeout_seconds)


async def _joined(
    first: bytes, second: bytes, rest: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        yield second
        async for part in rest:
            yield part
