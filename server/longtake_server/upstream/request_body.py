# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""JSON bodies of requests. Media in them become base64 in pieces, while they are sent. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import pybase64

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

# A multiple of three bytes, so that the base64 of the pieces is the base64 of the whole.
_PIECE_BYTES = 3 << 16


@dataclass(frozen=True, slots=True)
class Base64:
    """Media in a JSON value, which are sent as a string of base64.

    Attributes:
        data: The media.
    """

    data: bytes = field(repr=False)

    def __len__(self) -> int:
        """Return the length of the base64."""
        return (len(self.data) + 2) // 3 * 4


class RequestBody:
    """A body, which may be sent more than once.

    Args:
        parts: Its parts in their order.

    """

    def __init__(self, parts: Sequence[bytes | Base64]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        """Return the number of bytes."""
        return sum(map(len, self._parts))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces."""
        for piece in self.pieces():
            yield piece

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in pieces."""
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            data = memoryview(part.data)
            for start in range(0, len(data), _PIECE_BYTES):
                yield pybase64.b64encode(data[start : start + _PIECE_BYTES])


def json_body(value: object) -> RequestBody:
    """Return the JSON of a value, in which Base64 stands for a string.

    It takes the memory of the media once, instead of four times: as base64, as JSON text, as its
    bytes, and while one becomes the next.
    """
    # No text of a caller contains it.
    mark = uuid4().hex
    media: list[Base64] = []

    def marked(one: object) -> str:
        if not isinstance(one, Base64):
            raise TypeError(f"{type(one).__name__} is not JSON")
        media.append(one)
        return mark

    text = json.dumps(value, separators=(",", ":"), default=marked).encode()
    first, *others = text.split(mark.encode())
    parts: list[bytes | Base64] = [first]
    for one, other in zip(media, others, strict=True):
        parts += (one, other)
    return RequestBody(parts)
