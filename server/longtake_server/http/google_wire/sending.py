# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends responses in parts. One that breaks off ends its connection early."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from starlette.responses import Response

from longtake_server.http.streaming import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

_NO_STORE = {"cache-control": "no-store"}


def sent(parts: AsyncGenerator[bytes], media_type: str, send_timeout_seconds: float) -> Response:
    """Return the response whose parts are sent as they come.

    Args:
        parts: The parts, closed with the response.
        media_type: The type of the content.
        send_timeout_seconds: How long a reader may leave a part unread.

    """
    return _stream((parts,), media_type, send_timeout_seconds)


async def sent_whole(
    parts: AsyncGenerator[bytes], media_type: str, send_timeout_seconds: float
) -> Response:
    """Return the same response, with its length if there is only one part.

    Waits for the first two parts: an error before them is raised here, in time for its status.

    Args:
        parts: As for `sent`.
        media_type: As for `sent`.
        send_timeout_seconds: As for `sent`.

    """
    first = await anext(parts)
    second = await anext(parts, None)
    if second is None:
        return Response(first, headers=_NO_STORE, media_type=media_type)
    joined = _joined(first, second, parts)
    return _stream((joined, parts), media_type, send_timeout_seconds)


def _stream(
    parts: Sequence[AsyncGenerator[bytes]], media_type: str, send_timeout_seconds: float
) -> Response:
    """Return the response of the first generator. All are closed with it, the first one first."""
    held = AsyncExitStack()
    for each in reversed(parts):
        held.push_async_callback(each.aclose)
    headers = {**_NO_STORE, "content-type": media_type}
    return Stream(parts[0], held, 200, headers, send_timeout_seconds)


async def _joined(
    first: bytes, second: bytes, rest: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    yield first
    yield second
    async for part in rest:
        yield part
