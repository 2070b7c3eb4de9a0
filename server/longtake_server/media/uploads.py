# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Uploads of videos under a temporary key: to a local folder or to a remote store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import obstore

if TYPE_CHECKING:
    from pathlib import Path

    from obstore.store import ObjectStore

# A part of an upload; S3 accepts no smaller ones. Two are in memory at a time.
_PART_BYTES = 5 << 20
_PARTS_UNDER_WAY = 1


class Upload(Protocol):
    """An upload. Every method blocks, and raises OSError or obstore's errors."""

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes."""

    def finish(self) -> None:
        """Make all bytes durable, still under the temporary key."""

    def publish(self, key: str) -> None:
        """Move a finished upload to its key in one step. Replaces what is there."""

    def remove(self) -> None:
        """Remove the upload, in any state before it is published."""


class FileUpload:
    """A file in a local folder, under a temporary name.

    Args:
        folder: The folder of the store.
        key: The temporary key, which does not exist yet.

    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._path = folder / key
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb", buffering=0)

    def write(self, data: bytes | bytearray) -> None:
        """See Upload.write."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def finish(self) -> None:
        """See Upload.finish."""
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self, key: str) -> None:
        """See Upload.publish. Flushes the folders that lead to the file."""
        path = self._folder / key
        self._path.replace(path)
        for folder in path.parents:
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            if folder == self._folder:
                return

    def remove(self) -> None:
        """See Upload.remove."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class ObjectUpload:
    """An object in a remote store, under a temporary key. Publishing it is a copy in the store.

    Args:
        store: The store.
        key: The temporary key.

    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self._writer = obstore.open_writer(
            store, key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_UNDER_WAY
        )

    def write(self, data: bytes | bytearray) -> None:
        """See Upload.write."""
        self._writer.write(data)

    def finish(self) -> None:
        """See Upload.finish."""
        self._writer.close()

    def publish(self, key: str) -> None:
        """See Upload.publish."""
        obstore.copy(self._store, self._key, key, overwrite=True)
        obstore.delete(self._store, self._key)

    def remove(self) -> None:
        """See Upload.remove. An unfinished upload has no object yet, and is abandoned."""
        if self._writer.closed():
            obstore.delete(self._store, self._key)
