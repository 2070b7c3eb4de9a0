# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""JSON that has whole videos inside: parsed and decoded without stopping every thread. No I/O.

What is not understood raises OutcomeUnknown.
"""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING

from longtake_server.operations.upstream import OutcomeUnknown

if TYPE_CHECKING:
    import re

_SLICE = 1 << 20
_FROM_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


def parse_object(body: bytes | bytearray) -> dict[str, object]:
    """Return the object that a body of JSON is."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("the upstream answered with something else than JSON") from error
    if not isinstance(tree, dict):
        raise OutcomeUnknown("the upstream answered with JSON that is no object")
    return tree


def without_media(
    body: bytes | bytearray, key: re.Pattern[bytes]
) -> tuple[bytes, dict[str, memoryview]]:
    """Cut inline media out of the JSON and leave their numbers in their places.

    The JSON parser holds the interpreter's lock for as long as it reads, which
    with a video of 100 MB inside stops every thread for most of a second.

    Args:
        body: The JSON.
        key: What stands before such a text: its key, the colon and the quote.

    """
    view = memoryview(body)
    kept: list[memoryview | bytes] = []
    media: dict[str, memoryview] = {}
    position = 0
    while start := key.search(body, position):
        end = body.find(b'"', start.end())
        if end < 0:
            break
        number = str(len(media))
        kept += (view[position : start.end()], number.encode())
        escaped = body.find(b"\\", start.end(), end) >= 0
        encoded = view[start.end() : end]
        media[number] = memoryview(_unescaped(bytes(encoded))) if escaped else encoded
        position = end
    kept.append(view[position:])
    return b"".join(kept), media


def decode_base64(encoded: memoryview) -> bytes:
    """Decode base64 in slices, between which other threads have their turn."""
    starts = range(0, len(encoded), _SLICE)
    try:
        return b"".join(_decoded_slice(encoded[start : start + _SLICE]) for start in starts)
    except binascii.Error as error:
        raise OutcomeUnknown("the upstream answered with a video that is no base64") from error


def _decoded_slice(encoded: memoryview) -> bytes:
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error:
        # JSON of protobuf may have the alphabet of URLs, and may leave out the padding.
        padded = bytes(encoded).translate(_FROM_URL_ALPHABET) + b"=" * (-len(encoded) % 4)
        return binascii.a2b_base64(padded, strict_mode=True)


def _unescaped(encoded: bytes) -> bytes:
    # Google's JSON may write = as \u003d, and some writers / as \/.
    return encoded.replace(b"\\u003d", b"=").replace(b"\\u003D", b"=").replace(b"\\/", b"/")
