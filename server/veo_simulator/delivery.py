# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Delivers a finished video inline or as an object, padded if the prompt asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veo_simulator.bucket import free_box_header
from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from veo_simulator.bucket import Buckets
    from veo_simulator.directives import Directives

VIDEO_TYPE = "video/mp4"
MOST_INLINE_BYTES = 128 << 20


def inline(data: bytes, chosen: Directives) -> bytes:
    """Return a video, padded to the size that the prompt asks for.

    Raises:
        GoogleError: The size is above 128 MiB.

    """
    missing = int(chosen.number("size", "bytes", 0)) - len(data)
    if len(data) + missing > MOST_INLINE_BYTES:
        raise GoogleError("OUT_OF_RANGE", "Inline videos end at 128 MiB; choose a bucket.")
    header = free_box_header(missing) if missing >= len(free_box_header(1 << 32)) else b""
    return data + header + bytes(missing - len(header) if header else 0)


def into_bucket(buckets: Buckets, bucket: str, name: str, data: bytes, chosen: Directives) -> str:
    """Store a video as an object and return its address. Blocks on files."""
    buckets.put(bucket, name, VIDEO_TYPE, [data])
    if "size" in chosen:
        buckets.pad(bucket, name, int(chosen.number("size", "bytes", 0)))
    return f"gs://{bucket}/{name}"
