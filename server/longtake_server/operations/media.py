# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to the object storage for result videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import IncomingVideo, VideoReading


class MediaStore(Protocol):
    """Stores videos that come inline from the upstream, or that are copied from there."""

    def receive(self, operation: str) -> AbstractAsyncContextManager[IncomingVideo]:
        """See ResultSink.receive."""

    async def put_stream(
        self, operation: str, index: int, mime_type: str, chunks: AsyncIterator[bytes]
    ) -> StoredVideo:
        """Store a video durably, and return it with its size and SHA-256 digest.

        A second call with the same index replaces the video. Raises StorageUnavailable. An error
        from `chunks` is raised again, and nothing is stored.
        """

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Open a stored video at an offset, and read it in chunks of at most 1 MiB.

        Raises, on entry or while reading:
            VideoExpired: The object does not exist any more.
            OffsetPastEnd: The offset is greater than the size.
            StorageUnavailable: The storage failed; read again from the next byte.

        """

    async def address(self, video: StoredVideo, lifetime_seconds: int) -> str | None:
        """Return an address at which anyone can read a stored video, for a time.

        Returns None if the store cannot sign addresses. Raises StorageUnavailable.
        """

    async def delete(self, operation: str) -> None:
        """Delete all objects of an operation, if there are any. Raises StorageUnavailable."""
