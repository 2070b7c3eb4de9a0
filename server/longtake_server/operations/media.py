# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to the objects that results are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import VideoReading


class MediaStore(Protocol):
    """Where Longtake keeps the videos that it was handed inline."""

    async def put(self, operation: str, index: int, mime_type: str, data: bytes) -> StoredVideo:
        """Store the bytes of a result durably; size and SHA-256 of the answer are set.

        Putting the same index twice replaces it. Raises StorageUnavailable.
        """

    async def put_stream(
        self, operation: str, index: int, mime_type: str, chunks: AsyncIterator[bytes]
    ) -> StoredVideo:
        """Store the bytes of a result durably as they come; otherwise as `put`.

        An error of `chunks` is passed on, and nothing is stored.
        """

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a stored video from an offset, in chunks of at most 1 MiB.

        Raises, on entry or while reading:
            VideoExpired: The object is gone.
            OffsetPastEnd: The offset is greater than the size.
            StorageUnavailable: Read again from the next byte.

        """

    async def delete(self, operation: str) -> None:
        """Remove all objects of an operation; none is fine. Raises StorageUnavailable."""
