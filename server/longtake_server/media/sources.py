# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of a stored video's bytes: a local file or an object in a remote store."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Protocol

import obstore

if TYPE_CHECKING:
    from pathlib import Path

    from obstore.store import ObjectStore

CHUNK_BYTES = 1 << 20
# Only Linux can read without waiting for the disk.
_NO_WAIT = getattr(os, "RWF_NOWAIT", 0)


class Source(Protocol):
    """A video that is open for reading.

    Attributes:
        size_bytes: The size of the whole video.
    """

    size_bytes: int

    def at_hand(self, start: int, end: int) -> bytes:
        """Return the bytes of a range, or no bytes if reading them would block."""

    def read(self, start: int, end: int) -> list[bytes]:
        """Return the bytes of a range as chunks. Blocks. Raises OSError or obstore's errors."""

    def close(self) -> None:
        """Release the file or the object."""


class FileSource:
    """A local file. It stays readable after it is deleted. Opening it blocks.

    Args:
        path: The path of the file.

    Raises:
        OSError: The file cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        # Without a buffer, which would cost a copy.
        self._file = path.open("rb", buffering=0)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._buffer = memoryview(b"")

    def at_hand(self, start: int, end: int) -> bytes:
        """See Source.at_hand. Reads from the page cache only. The range is at most one chunk."""
        if not _NO_WAIT:
            return b""
        if not self._buffer:
            self._buffer = memoryview(bytearray(min(CHUNK_BYTES, self.size_bytes)))
        wanted = self._buffer[: end - start]
        try:
            count = os.preadv(self._file.fileno(), [wanted], start, _NO_WAIT)
        except OSError:
            # Reading would block, or the file system cannot tell. `read` reports other faults.
            return b""
        return bytes(wanted) if count == end - start else b""

    def read(self, start: int, end: int) -> list[bytes]:
        """See Source.read."""
        chunks = [
            os.pread(self._file.fileno(), min(CHUNK_BYTES, end - at), at)
            for at in range(start, end, CHUNK_BYTES)
        ]
        if sum(map(len, chunks)) != end - start:
            raise OSError(errno.EIO, "the file was truncated")
        return chunks

    def close(self) -> None:
        """See Source.close."""
        self._file.close()


class ObjectSource:
    """An object in a remote store. Opening it asks for the size, which blocks.

    Args:
        store: The store.
        key: The key of the object.

    Raises:
        obstore.exceptions.BaseError: The size cannot be read.
        FileNotFoundError: The object does not exist.

    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self.size_bytes = obstore.head(store, key)["size"]

    def at_hand(self, start: int, end: int) -> bytes:
        """See Source.at_hand. Returns no bytes: reading from a remote store always blocks."""
        del start, end
        return b""

    def read(self, start: int, end: int) -> list[bytes]:
        """See Source.read."""
        part = memoryview(obstore.get_range(self._store, self._key, start=start, end=end))
        return [bytes(part[at : at + CHUNK_BYTES]) for at in range(0, len(part), CHUNK_BYTES)]

    def close(self) -> None:
        """See Source.close. Nothing is held between reads."""
