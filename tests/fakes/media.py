# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Puts videos that are in memory into a media store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import StoredVideo


async def put(media: MediaStore, operation: str, index: int, data: bytes) -> StoredVideo:
    """Store a video, and return it."""

    async def chunks() -> AsyncIterator[bytes]:
        yield data

    return await media.put_stream(operation, index, "video/mp4", chunks())
