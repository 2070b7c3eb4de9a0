# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells images and videos by their first bytes. Reads headers only, decodes nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
VIDEO_TYPES = (
    "video/mp4",
    "video/mov",
    "video/mpeg",
    "video/mpg",
    "video/avi",
    "video/wmv",
    "video/mpegps",
    "video/flv",
)

_MPEG = ("video/mpeg", "video/mpg", "video/mpegps")
_VIDEO_STARTS: Mapping[bytes, tuple[str, ...]] = {
    b"\x00\x00\x01\xba": _MPEG,
    b"\x00\x00\x01\xb3": _MPEG,
    b"FLV\x01": ("video/flv",),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": ("video/wmv",),
}
# What files of the ISO base media format and of QuickTime begin with.
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})

_PNG_START = b"\x89PNG\r\n\x1a\n"
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F
_VP8X_SIZE_END = 30
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_SCAN = 0xDA
_JPEG_LENGTH_BYTES = 2
# Photographs have tens of segments; a crafted file could have millions.
_MOST_JPEG_SEGMENTS = 2000


def image_type(data: bytes) -> str | None:
    """Return the media type of an image whose header gives a size, or None."""
    try:
        if data.startswith(_PNG_START):
            return "image/png" if _png_has_size(data) else None
        if data.startswith(b"\xff\xd8\xff"):
            return "image/jpeg" if _jpeg_has_size(data) else None
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return "image/webp" if _webp_has_size(data) else None
    except struct.error:
        # The bytes end within the header.
        return None
    return None


def video_types(data: bytes) -> tuple[str, ...]:
    """Return the media types that the first bytes of a video may be of; none for no video."""
    if data[4:12] == b"ftypqt  ":
        return ("video/mov",)
    if data[4:8] in _BOXES:
        return ("video/mp4", "video/mov")
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return ("video/avi",)
    return next((types for start, types in _VIDEO_STARTS.items() if data.startswith(start)), ())


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
