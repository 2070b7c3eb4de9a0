# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Determines the media type of an image or video in a request.

The names and signatures come from tables shared with the client. Only headers are read; nothing is
decoded.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from longtake.media_types import IMAGES, VIDEOS
from longtake.v1.media_pb2 import Image

if TYPE_CHECKING:
    from longtake.v1.media_pb2 import Video

_MP4 = "video/mp4"
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F
_VP8X_SIZE_END = 30
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_SCAN = 0xDA
_JPEG_LENGTH_BYTES = 2
# Photographs have tens of segments; a crafted file could have millions.
_MOST_JPEG_SEGMENTS = 2000


def type_sent(source: Image | Video) -> str:
    """Return the canonical media type to send to the upstream.

    Args:
        source: The image or video. Validation refuses bytes that are not recognised. For them
            the declared type is returned, or `video/mp4` for a video without one.

    Returns:
        The type; empty for an image that is neither recognised nor declared.

    """
    types = IMAGES if isinstance(source, Image) else VIDEOS
    if source.HasField("file_data"):
        return types.canonical(source.file_data.mime_type)
    settled = types.settled(source.data, source.mime_type)
    return settled or types.canonical(source.mime_type) or ("" if types is IMAGES else _MP4)


def image_has_size(data: bytes, kind: str) -> bool:
    """Return whether the header of a JPEG, PNG or WebP image is complete and states a size."""
    readers = {"image/jpeg": _jpeg_has_size, "image/png": _png_has_size}
    try:
        return readers.get(kind, _webp_has_size)(data)
    except struct.error:
        # The bytes end within the header.
        return False


def _png_has_size(data: bytes) -> bool:
    """Read the first chunk, which is the header (PNG, 11.2.1)."""
    name, width, height = struct.unpack_from(">4sII", data, 12)
    return bool(name == b"IHDR" and width > 0 and height > 0)


def _jpeg_has_size(data: bytes) -> bool:
    """Walk the segments to the frame header (ITU-T T.81, B.1.1 and B.2.2)."""
    at = 2
    for _ in range(_MOST_JPEG_SEGMENTS):
        mark, kind = struct.unpack_from(">BB", data, at)
        if mark != 0xFF or kind == _JPEG_SCAN:
            return False
        if kind == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return bool(width > 0 and height > 0)
        if length < _JPEG_LENGTH_BYTES:
            return False
        at += 2 + length
    return False


def _webp_has_size(data: bytes) -> bool:
    """Read the first chunk, which is one of three (RFC 9649, sections 2.5 to 2.7)."""
    (length, chunk) = struct.unpack_from("<I4x4s", data, 4)
    if length + 8 > len(data):
        return False
    if chunk == b"VP8 ":
        code, width, height = struct.unpack_from("<3sHH", data, 23)
        return bool(code == _VP8_START_CODE and width & 0x3FFF and height & 0x3FFF)
    if chunk == b"VP8L":
        # 14 bits each of width and height less one, so that none is 0.
        signature, _ = struct.unpack_from("<BI", data, 20)
        return bool(signature == _VP8L_SIGNATURE)
    if chunk == b"VP8X":
        # 24 bits each of width and height less one.
        return len(data) >= _VP8X_SIZE_END
    return False
