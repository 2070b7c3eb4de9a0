# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a download does with what arrives and what breaks. No I/O."""

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
    """How far a download of one video is."""

    def __init__(self, facts: StoredVideoFacts, policy: RetryPolicy) -> None:
        self._name = facts.name
        self._size_bytes = facts.size_bytes
        self._sha256 = facts.sha256
        self._offset = 0
        self._hash = hashlib.sha256()
        self._backoff = Backoff(policy)

    @property
    def lacks_bytes(self) -> bool:
        """Whether the size is known and less has arrived."""
        return self._size_bytes is not None and self._offset < self._size_bytes

    def request(self) -> video_service_pb2.DownloadVideoRequest:
        """Return the request for what is left."""
        return video_service_pb2.DownloadVideoRequest(name=self._name, read_offset=self._offset)

    def receive(self, message: video_service_pb2.DownloadVideoResponse) -> bytes:
        """Return the next bytes; may be empty."""
        if message.HasField("video"):
            if message.video.HasField("size_bytes"):
                self._size_bytes = message.video.size_bytes
            self._sha256 = message.video.sha256 or self._sha256
        data: bytes = message.chunk.data
        if data:
            # Not at every message: a stream may begin well each time and never get on.
            self._backoff.reset()
            self._hash.update(data)
            self._offset += len(data)
        return data

    def broke(self, error: LongtakeError | None) -> float:
        """Return the seconds to wait before it is resumed; no error means the stream ended.

        Raises:
            LongtakeError: It cannot be resumed.

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
        """Compare what arrived with what the server said, as far as it said.

        Raises:
            VideoCorrupted: They differ.

        """
        if self._size_bytes is not None and self._offset != self._size_bytes:
            raise VideoCorrupted(
                f"{self._name} has {self._size_bytes} bytes, but {self._offset} arrived"
            )
        if self._sha256 and self._hash.hexdigest() != self._sha256.lower():
            raise VideoCorrupted(f"{self._name}: its bytes do not have the SHA-256 {self._sha256}")
