# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads result videos, and records the size and digest of each on its first full read."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import (
    ResourceError,
    StorageUnavailable,
    UpstreamUnavailable,
    VideoNotFound,
    VideoNotReady,
    VideoTooLarge,
)
from longtake_server.operations.admission.regions import home_of
from longtake_server.operations.model import State, VideoMeasured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import OperationRecord, StoredVideo
    from longtake_server.operations.upstream import Upstream, VideoReading

_log = logging.getLogger(__name__)


class Download:
    """An open download of a video.

    Attributes:
        video: The stored video. Its digest is set once `chunks` of a full read is exhausted.
        size_bytes: The size of the whole video.
        chunks: The requested bytes in order.
    """

    def __init__(self, video: StoredVideo, size_bytes: int, chunks: AsyncIterator[bytes]) -> None:
        self.video = replace(video, size_bytes=size_bytes)
        self.size_bytes = size_bytes
        self.chunks = chunks


class Downloads:
    """Opens the videos of operations, whether they are at the upstream or in the media store."""

    def __init__(
        self, ledger: Ledger, media: MediaStore, upstreams: Mapping[str, Upstream]
    ) -> None:
        self._ledger = ledger
        self._media = media
        self._upstreams = upstreams

    @asynccontextmanager
    async def open(
        self, record: OperationRecord, index: int, offset: int, limit: int | None
    ) -> AsyncGenerator[Download]:
        """Open a video at an offset, for at most `limit` bytes (None for all).

        Raises:
            VideoNotReady: The operation has not succeeded.
            VideoNotFound: The operation has no video of this index.

        Raises also, on entry or while reading, as MediaStore.open_video and
        Upstream.open_video.

        """
        video = video_of(record, index)
        source = self._upstream(record).open_video if video.at_upstream else self._media.open_video
        async with source(video, offset, limit) as reading:
            download = Download(video, reading.size_bytes, reading.chunks)
            if not video.sha256 and offset == 0 and limit is None:
                download.chunks = self._measuring(record.name, index, download, reading)
            yield download

    async def store_address(
        self, record: OperationRecord, index: int, lifetime_seconds: int
    ) -> str | None:
        """Return an address of a video that the media store signs, or None.

        Raises as `open`, and as MediaStore.address.

        """
        video = video_of(record, index)
        return None if video.at_upstream else await self._media.address(video, lifetime_seconds)

    def _upstream(self, record: OperationRecord) -> Upstream:
        """Return the upstream that can read the videos. Any region reads those of the others."""
        home = home_of(record.upstream)
        upstream = self._upstreams.get(record.upstream) or self._upstreams.get(home)
        if upstream is None:
            raise UpstreamUnavailable(record.upstream, "it is not configured")
        return upstream

    async def read_all(self, record: OperationRecord, most_bytes: int) -> list[bytes]:
        """Return the bytes of all videos of an operation.

        Raises:
            VideoTooLarge: Together the videos have more than `most_bytes`.

        Raises also as `open`.

        """
        parts: list[bytes] = []
        total = 0
        for index in range(len(record.videos)):
            async with self.open(record, index, 0, None) as download:
                total += download.size_bytes
                if total > most_bytes:
                    raise VideoTooLarge(total, most_bytes)
                parts.append(b"".join([chunk async for chunk in download.chunks]))
        return parts

    async def _measuring(
        self, name: str, index: int, download: Download, reading: VideoReading
    ) -> AsyncGenerator[bytes]:
        digest = hashlib.sha256()
        size = 0
        async for chunk in reading.chunks:
            await asyncio.to_thread(digest.update, chunk)
            size += len(chunk)
            yield chunk
        if size == reading.size_bytes:
            measured = VideoMeasured(index, size, digest.hexdigest())
            download.video = replace(download.video, sha256=measured.sha256)
            await self._store_digest(name, measured)

    async def _store_digest(self, name: str, measured: VideoMeasured) -> None:
        try:
            await self._ledger.commit(name, measured)
        except (ResourceError, StorageUnavailable) as error:
            # The reader has all bytes. The next full read computes the digest again.
            _log.warning(
                "cannot store the digest of a video",
                extra={"operation": name, "cause": str(error)},
            )


def video_of(record: OperationRecord, index: int) -> StoredVideo:
    """Return a video of an operation.

    Raises:
        VideoNotReady: The operation has not succeeded.
        VideoNotFound: The operation has no video of this index.

    """
    name = f"{record.name}/videos/{index}"
    if record.state is not State.SUCCEEDED:
        raise VideoNotReady(name, record.state.value)
    if not 0 <= index < len(record.videos):
        raise VideoNotFound(name, len(record.videos))
    return record.videos[index]
