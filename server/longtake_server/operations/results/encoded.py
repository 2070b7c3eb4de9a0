# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes a stream of bytes as base64, for JSON answers that contain whole videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybase64 import b64encode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable

# A multiple of 3, which takes a twentieth of a millisecond to encode.
_STEP_BYTES = 3 << 16


def encoded_size(size_bytes: int) -> int:
    """Return the length of the base64 text of this many bytes, with its padding."""
    return (size_bytes + 2) // 3 * 4


async def encoded(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield the standard base64 text of a video, with padding, as ASCII.

    Holds one chunk and a text of at most 256 KiB in memory.

    Args:
        chunks: The bytes in order, for example `Download.chunks` of a full read. The caller closes
            what they come from.

    """
    rest = b""
    async for chunk in chunks:
        data = rest + chunk if rest else chunk
        end = len(data) - len(data) % 3
        view = memoryview(data)[:end]
        for start in range(0, end, _STEP_BYTES):
            yield b64encode(view[start : start + _STEP_BYTES])
        rest = data[end:]
    if rest:
        yield b64encode(rest)
