# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks one download: where to resume it, and whether the bytes are right. No I/O."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from longtake._backoff import Backoff
from longtake.errors import ServerError, VideoCorrupted
from longtake.v1 import video_service_pb2

if TYPE_CHECKING:
    from longtake._backoff import RetryPolicy
    from longtake.errors import LongtakeError
    from longtake.types.stored_video import StoredVideoFacts


class Download:
    """The progress of the download of one video."""

    def __init__(self, facts: StoredVideoFacts, policy: RetryPolicy) -> None:
        self._name = facts.name
        self._size_bytes = facts.size_bytes
        self._sha256 = facts.sha256
        self._offset = 0
        self._hash = hashlib.sha256()
        self._backoff = Backoff(policy)

    @property
    def lacks_bytes(self) -> bool:
        """Whether the size is known and fewer bytes have arrived."""
        return self._size_bytes is not None and self._offset < self._size_bytes

    def request(self) -> video_service_pb2.DownloadVideoRequest:
        """Return the request for the remaining bytes."""
        return video_service_pb2.DownloadVideoRequest(name=self._name, read_offset=self._offset)

    def receive(self, message: video_service_pb2.DownloadVideoResponse) -> bytes:
        """Return the bytes of a message, which may be none."""
        if message.HasField("video"):
            if message.video.HasField("size_bytes"):
                self._size_bytes = message.video.size_bytes
            self._sha256 = message.video.sha256 or self._sha256
        data: bytes = message.chunk.data
        if data:
            # Only for bytes: a stream that always breaks after its first message, which may
            # carry none, must not be resumed for ever.
            self._backoff.reset()
            self._hash.update(data)
            self._offset += len(data)
        return data

    def broke(self, error: LongtakeError | None) -> float:
        """Return the seconds to wait before resuming. Without an error, the stream ended early.

        Raises:
            LongtakeError: The download cannot be resumed.

        """
        return self._backoff.next_delay(
            error
            or ServerError(
                "UNAVAILABLE",
                f"the download of {self._name} ended after {self._offset} "
                f"of {self._size_bytes} bytes",
            )
        )

    def verify(self) -> None:
        """Compare the bytes with the size and the SHA-256, if the server told them.

        Raises:
            VideoCorrupted: They differ.

        """
        if self._size_bytes is not None and self._offset != self._size_bytes:
            raise VideoCorrupted(
                f"{self._name} has {self._size_bytes} bytes, but {self._offset} arrived"
            )
        if self._sha256 and self._hash.hexdigest() != self._sha256.lower():
            raise VideoCorrupted(f"{self._name}: its bytes do not have the SHA-256 {self._sha256}")
