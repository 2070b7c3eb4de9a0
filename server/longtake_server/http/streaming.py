# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Streams a body in constant memory, and lets go of clients that leave or do not read."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.responses import Response

from longtake_server.errors import LongtakeError
from longtake_server.telemetry.logs import ACCESS_LOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from contextlib import AsyncExitStack

    from starlette.types import Receive, Scope, Send

_log = logging.getLogger(ACCESS_LOG)


class Stream(Response):
    """A response whose body is an iterator of chunks.

    If a chunk fails, or the client leaves one unread for too long, the connection ends before the
    length that was announced, which tells the client that the body is not whole.

    Args:
        chunks: The body. It is closed at the end.
        held: What the chunks need. It is closed after them.
        status: The status.
        headers: The headers, with the length of the body.
        send_timeout_seconds: How long the client may leave a chunk unread.

    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        held: AsyncExitStack,
        status: int,
        headers: Mapping[str, str],
        send_timeout_seconds: float,
    ) -> None:
        super().__init__(status_code=status)
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        self._chunks = chunks
        self._held = held
        self._send_timeout_seconds = send_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Returns when all is sent or the client has left."""
        async with self._held, aclosing(self._chunks):
            sending = asyncio.create_task(self._send(scope, send), name="http-send")
            leaving = asyncio.create_task(_left(receive), name="http-left")
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    await sending
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, scope: Scope, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                async with asyncio.timeout(self._send_timeout_seconds):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            async with asyncio.timeout(self._send_timeout_seconds):
                await send({"type": "http.response.body", "body": b""})
        except (LongtakeError, TimeoutError) as error:
            cause = str(error) or "its reader left it unread"
            _log.warning("ended a response early", extra={"cause": cause})
            scope["state"]["abort"]()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
