# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parses JSON that contains whole videos, without blocking other threads for long. No I/O.

An answer that cannot be understood raises OutcomeUnknown.
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
    """Parse a body that is a JSON object."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("the upstream answered with something other than JSON") from error
    if not isinstance(tree, dict):
        raise OutcomeUnknown("the upstream answered with JSON that is not an object")
    return tree


def without_media(
    body: bytes | bytearray, key: re.Pattern[bytes]
) -> tuple[bytes, dict[str, memoryview]]:
    """Cut inline media out of JSON, and put a number in the place of each.

    The JSON parser holds the GIL. With a 100 MB video in the text, it would stop all threads for
    most of a second.

    Args:
        body: The JSON.
        key: Matches the key, the colon and the opening quote before the media.

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
    """Decode base64 in slices, so that other threads can run in between."""
    starts = range(0, len(encoded), _SLICE)
    try:
        return b"".join(_decoded_slice(encoded[start : start + _SLICE]) for start in starts)
    except binascii.Error as error:
        raise OutcomeUnknown("the upstream answered with a video that is not base64") from error


def _decoded_slice(encoded: memoryview) -> bytes:
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error:
        # protobuf JSON may use the URL-safe alphabet and omit the padding.
        padded = bytes(encoded).translate(_FROM_URL_ALPHABET) + b"=" * (-len(encoded) % 4)
        return binascii.a2b_base64(padded, strict_mode=True)


def _unescaped(encoded: bytes) -> bytes:
    # Google's JSON may escape = as \u003d, and some writers escape / as \/.
    return encoded.replace(b"\\u003d", b"=").replace(b"\\u003D", b"=").replace(b"\\/", b"/")
