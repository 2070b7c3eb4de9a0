# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores videos in an object store: a local folder by default, or gs:// or s3://."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import GCSStore, LocalStore, S3Store, from_url

from longtake_server.errors import OffsetPastEnd, StartFailure
from longtake_server.media.faults import first_line, mapped_faults
from longtake_server.media.incoming import WRITE_SECONDS, ObjectIncoming
from longtake_server.media.sources import CHUNK_BYTES, FileSource, ObjectSource
from longtake_server.media.uploads import FileUpload, ObjectUpload
from longtake_server.operations.upstream import VideoReading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from obstore.store import ClientConfig, ObjectStore, RetryConfig

    from longtake_server.media.sources import Source
    from longtake_server.media.uploads import Upload
    from longtake_server.operations.model import StoredVideo

_T = TypeVar("_T")

# The bytes that a thread reads at once.
_PART_BYTES = 4 * CHUNK_BYTES
_THREADS = 8
_READ_SECONDS = 30.0
_CLIENT: ClientConfig = {"timeout": f"{WRITE_SECONDS:.0f}s", "connect_timeout": "5s"}
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class ObjectMediaStore:
    """Implements operations.media.MediaStore over obstore.

    Calls the library's blocking functions in its own threads. The asynchronous functions would
    complete in threads of the library, which may outlive the interpreter and abort the process.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="media")

    @classmethod
    def open(cls, place: str | Path) -> ObjectMediaStore:
        """Open a store, and test it by writing and deleting an empty object. Blocks.

        Args:
            place: A folder, which is created if it does not exist, or a file://, gs:// or s3://
                URL.

        Raises:
            StartFailure: Objects cannot be written there.

        """
        try:
            store = _store(place)
            # Another server may test the place at the same time.
            probe = f".longtake-probe-{uuid4().hex}"
            obstore.put(store, probe, b"", use_multipart=False)
            obstore.delete(store, probe)
        except (BaseError, OSError, ValueError) as error:
            raise StartFailure(
                f"videos cannot be stored in {place}: {first_line(error)}; let the server write "
                "there, or set LONGTAKE_MEDIA_URL to another place"
            ) from error
        return cls(store)

    @asynccontextmanager
    async def receive(self, operation: str) -> AsyncGenerator[ObjectIncoming]:
        """See MediaStore.receive."""
        # Unique, because another server may receive the same video.
        key = f"{operation}/videos/{uuid4().hex}.part"
        incoming = ObjectIncoming(
            partial(self._upload, key), partial(_key, operation), self._threads
        )
        try:
            yield incoming
        finally:
            await incoming.close()

    async def put_stream(
        self, operation: str, index: int, mime_type: str, chunks: AsyncIterator[bytes]
    ) -> StoredVideo:
        """See MediaStore.put_stream."""
        async with self.receive(operation) as video:
            async for chunk in chunks:
                await video.write(chunk)
            return await video.keep(index, mime_type)

    @asynccontextmanager
    async def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AsyncGenerator[VideoReading]:
        """See MediaStore.open_video. Holds at most 12 MiB of the video in memory at a time."""
        key = video.location
        with mapped_faults(key):
            opened = await self._in_thread(_READ_SECONDS, partial(self._source, key))
        with closing(opened) as source:
            size = source.size_bytes
            if offset > size:
                raise OffsetPastEnd(offset, size)
            end = size if limit is None else min(size, offset + limit)
            async with aclosing(self._chunks(source, key, offset, end)) as chunks:
                yield VideoReading(size, chunks)

    async def address(self, video: StoredVideo, lifetime_seconds: int) -> str | None:
        """See MediaStore.address. Buckets sign, with the server's credentials."""
        store = self._store
        if not isinstance(store, GCSStore | S3Store):
            return None
        lifetime = timedelta(seconds=lifetime_seconds)
        sign = partial(obstore.sign, store, "GET", video.location, lifetime)
        with mapped_faults():
            return await self._in_thread(_READ_SECONDS, sign)

    async def delete(self, operation: str) -> None:
        """See MediaStore.delete."""
        with mapped_faults():
            await self._in_thread(_READ_SECONDS, partial(self._remove, operation))

    async def _chunks(
        self, source: Source, key: str, start: int, end: int
    ) -> AsyncGenerator[bytes]:
        # Passing a chunk between threads takes about as long as copying it.
        while start < end and (chunk := source.at_hand(start, min(end, start + CHUNK_BYTES))):
            start += len(chunk)
            yield chunk
        if start == end:
            return
        ahead = self._begin_part(source, start, end)
        try:
            for following in range(start + _PART_BYTES, end + _PART_BYTES, _PART_BYTES):
                with mapped_faults(key):
                    async with asyncio.timeout(_READ_SECONDS):
                        chunks = await ahead
                if following < end:
                    ahead = self._begin_part(source, following, end)
                for chunk in chunks:
                    yield chunk
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    def _begin_part(self, source: Source, start: int, end: int) -> asyncio.Future[list[bytes]]:
        part = partial(source.read, start, min(end, start + _PART_BYTES))
        return asyncio.get_running_loop().run_in_executor(self._threads, part)

    async def _in_thread(self, seconds: float, work: Callable[[], _T]) -> _T:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _upload(self, key: str) -> Upload:
        if self._folder is None:
            return ObjectUpload(self._store, key)
        return FileUpload(self._folder, key)

    def _source(self, key: str) -> Source:
        if self._folder is None:
            return ObjectSource(self._store, key)
        return FileSource(self._folder / key)

    def _remove(self, operation: str) -> None:
        if self._folder is not None:
            # Removes also the temporary files of interrupted writes.
            shutil.rmtree(self._folder / operation, onerror=_unless_gone)
            return
        for batch in obstore.list(self._store, prefix=f"{operation}/"):
            for meta in batch:
                try:
                    obstore.delete(self._store, meta["path"])
                except FileNotFoundError:
                    continue


def _key(operation: str, index: int) -> str:
    return f"{operation}/videos/{index}.mp4"


def _store(place: str | Path) -> ObjectStore:
    if isinstance(place, Path) or "://" not in place:
        return LocalStore(Path(place).absolute(), mkdir=True)
    if place.startswith("file://"):
        return LocalStore.from_url(place, mkdir=True)
    if place.startswith(("gs://", "s3://")):
        store: ObjectStore = from_url(place, client_options=_CLIENT, retry_config=_RETRIES)
        return store
    raise ValueError("accepted are a folder, file://, gs:// and s3://")


def _unless_gone(
    _function: object, _path: str, fault: tuple[object, BaseException, object]
) -> None:
    if not isinstance(fault[1], FileNotFoundError):
        raise fault[1]
