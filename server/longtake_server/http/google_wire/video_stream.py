# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends JSON with whole videos inside, of which a chunk at a time is in memory."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from longtake_server.errors import LongtakeError, ReaderTooSlow
from longtake_server.http.google_wire.veo_answers import base64_of, encoded_size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AsyncExitStack

    from starlette.types import Message, Receive, Scope, Send

    from longtake_server.operations.results.download import Download

_log = logging.getLogger(__name__)


class VideoStream(StreamingResponse):
    """JSON between whose parts the base64 of videos is sent.

    If a video cannot be read to its end, or the reader takes too long, the connection is closed,
    and the reader misses bytes of the announced size.

    Args:
        parts: The parts of the JSON, one more than videos.
        downloads: The open videos.
        opened: What closes them. It is closed once the response has ended, however it ends.
        send_seconds: How long the reader may leave a part unread.
        sent: Called with the number of bytes of videos that were sent.

    """

    def __init__(
        self,
        parts: Sequence[bytes],
        downloads: Sequence[Download],
        opened: AsyncExitStack,
        send_seconds: float,
        sent: Callable[[int], None],
    ) -> None:
        self._opened = opened
        self._send_seconds = send_seconds
        size = encoded_size(parts, [download.size_bytes for download in downloads])
        super().__init__(
            _joined(parts, downloads, sent),
            headers={"content-length": str(size)},
            media_type="application/json",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. See starlette.responses.Response."""
        async with self._opened:
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send the headers and the body."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._send_seconds):
                    await send(message)
            except TimeoutError:
                raise ReaderTooSlow from None

        try:
            await super().stream_response(send_in_time)
        except LongtakeError as error:
            # To return before the end closes the connection, as no status can be sent any more.
            _log.warning("ended a response with videos early", extra={"cause": str(error)})


async def _joined(
    parts: Sequence[bytes], downloads: Sequence[Download], sent: Callable[[int], None]
) -> AsyncGenerator[bytes]:
    yield parts[0]
    for download, part in zip(downloads, parts[1:], strict=True):
        async for encoded in base64_of(download.chunks):
            yield encoded
        sent(download.size_bytes)
        yield part
