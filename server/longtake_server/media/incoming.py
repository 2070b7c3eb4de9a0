# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores a video while it arrives, before it is known which one of its operation it is."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError

from longtake_server.media.faults import mapped_faults
from longtake_server.operations.model import StoredVideo

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from longtake_server.media.uploads import Upload

# The bytes that a thread writes at once. Handing them over takes as long as writing 100 KiB.
_BATCH_BYTES = 1 << 20
WRITE_SECONDS = 180.0
_REMOVE_SECONDS = 30.0


class ObjectIncoming:
    """Implements operations.upstream.IncomingVideo. Holds two batches of 1 MiB in memory.

    Collects bytes into batches. While a thread writes one, the next one is collected.

    Args:
        open_upload: Opens the upload, in a thread, when the first batch is full.
        key_of: Returns the key of the video with an index.
        threads: Where it writes.

    """

    def __init__(
        self,
        open_upload: Callable[[], Upload],
        key_of: Callable[[int], str],
        threads: Executor,
    ) -> None:
        self._key_of = key_of
        self._threads = threads
        self._work = _Work(open_upload)
        self._batch = bytearray()
        self._writing: asyncio.Future[None] | None = None
        self._is_finished = False

    async def write(self, data: bytes) -> None:
        """See IncomingVideo.write."""
        self._batch += data
        if len(self._batch) >= _BATCH_BYTES:
            batch, self._batch = self._batch, bytearray()
            await self._written()
            self._writing = self._in_thread(partial(self._work.write, batch))

    async def finish(self) -> None:
        """See IncomingVideo.finish."""
        batch, self._batch = self._batch, bytearray()
        await self._written()
        self._writing = self._in_thread(partial(self._work.finish, batch))
        await self._written()
        self._is_finished = True

    async def keep(self, index: int, mime_type: str) -> StoredVideo:
        """See IncomingVideo.keep."""
        if not self._is_finished:
            await self.finish()
        key = self._key_of(index)
        self._writing = self._in_thread(partial(self._work.publish, key))
        await self._written()
        return StoredVideo(key, mime_type, self._work.size_bytes, self._work.digest.hexdigest())

    async def close(self) -> None:
        """Remove the video unless it is kept. Waits for the thread that writes it."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if not self._work.is_over:
            # If this is cancelled, or takes too long, the thread removes the video all the same.
            await asyncio.wait([self._in_thread(self._work.remove)], timeout=_REMOVE_SECONDS)

    async def _written(self) -> None:
        if self._writing is not None:
            with mapped_faults():
                async with asyncio.timeout(WRITE_SECONDS):
                    await self._writing
            self._writing = None

    def _in_thread(self, work: Callable[[], None]) -> asyncio.Future[None]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)


class _Work:
    """What the threads do, one at a time. A call that was cancelled may go on in its thread.

    Attributes:
        is_over: Whether the video is kept or removed. Nothing happens after that.
    """

    def __init__(self, open_upload: Callable[[], Upload]) -> None:
        self._open_upload = open_upload
        self._upload: Upload | None = None
        self._lock = Lock()
        self.is_over = False
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, batch: bytearray) -> None:
        with self._lock:
            if not self.is_over:
                self._append(batch)

    def finish(self, batch: bytearray) -> None:
        with self._lock:
            if not self.is_over:
                self._append(batch).finish()

    def publish(self, key: str) -> None:
        with self._lock:
            if self._upload is not None and not self.is_over:
                self._upload.publish(key)
                self.is_over = True

    def remove(self) -> None:
        with self._lock:
            # A later attempt would not do better, and deleting the operation removes it as well.
            with suppress(BaseError, OSError):
                if self._upload is not None and not self.is_over:
                    self._upload.remove()
            self.is_over = True

    def _append(self, batch: bytearray) -> Upload:
        if self._upload is None:
            self._upload = self._open_upload()
        self._upload.write(batch)
        self.digest.update(batch)
        self.size_bytes += len(batch)
        return self._upload
