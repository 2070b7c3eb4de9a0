# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the bytes of a stored video are read from: a local file, or an object far away."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Protocol

import obstore

if TYPE_CHECKING:
    from pathlib import Path

    from obstore.store import ObjectStore

CHUNK_BYTES = 1 << 20
# Linux alone can be asked to read without waiting.
_NO_WAIT = getattr(os, "RWF_NOWAIT", 0)


class Source(Protocol):
    """A video that is open for reading.

    Attributes:
        size_bytes: The size of all of it.
    """

    size_bytes: int

    def at_hand(self, start: int, end: int) -> bytes:
        """Return the bytes of a range, or none if one would have to wait for them."""

    def read(self, start: int, end: int) -> list[bytes]:
        """Return the bytes of a range in chunks. Blocks. Raises OSError or the library's errors."""

    def close(self) -> None:
        """Let go of it."""


class FileSource:
    """A file, which stays readable to its end though it is deleted meanwhile.

    Args:
        path: Of the file. Opening it blocks, and raises OSError.

    """

    def __init__(self, path: Path) -> None:
        # The library's buffer would have to be copied.
        self._file = path.open("rb", buffering=0)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._buffer = memoryview(b"")

    def at_hand(self, start: int, end: int) -> bytes:
        """See Source.at_hand. What the kernel keeps in memory is; at most a chunk is asked for."""
        if not _NO_WAIT:
            return b""
        if not self._buffer:
            self._buffer = memoryview(bytearray(min(CHUNK_BYTES, self.size_bytes)))
        wanted = self._buffer[: end - start]
        try:
            count = os.preadv(self._file.fileno(), [wanted], start, _NO_WAIT)
        except OSError:
            # It would wait, or the file system can't tell; what is worse than that `read` meets.
            return b""
        return bytes(wanted) if count == end - start else b""

    def read(self, start: int, end: int) -> list[bytes]:
        """See Source.read."""
        chunks = [
            os.pread(self._file.fileno(), min(CHUNK_BYTES, end - at), at)
            for at in range(start, end, CHUNK_BYTES)
        ]
        if sum(map(len, chunks)) != end - start:
            raise OSError(errno.EIO, "it is shorter than it was")
        return chunks

    def close(self) -> None:
        """See Source.close."""
        self._file.close()


class ObjectSource:
    """An object of a store.

    Args:
        store: The store.
        key: Of the object. Asking for its size blocks, and raises the library's errors.

    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self.size_bytes = obstore.head(store, key)["size"]

    def at_hand(self, start: int, end: int) -> bytes:
        """See Source.at_hand. None of a store's are."""
        del start, end
        return b""

    def read(self, start: int, end: int) -> list[bytes]:
        """See Source.read."""
        part = memoryview(obstore.get_range(self._store, self._key, start=start, end=end))
        return [bytes(part[at : at + CHUNK_BYTES]) for at in range(0, len(part), CHUNK_BYTES)]

    def close(self) -> None:
        """See Source.close. Nothing is held of it between reads."""
