# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores the objects of gs:// addresses as files in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE_BOX_HEADER = 16
_LARGEST_SMALL_BOX = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A stored object.

    Attributes:
        path: The file with its bytes.
        size: The size in bytes.
    """

    bucket: str
    name: str
    content_type: str
    path: Path
    size: int


class Buckets:
    """All buckets. A bucket is created by the first write to it. Methods block on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bucket: str, name: str, content_type: str, chunks: Iterable[bytes]) -> int:
        """Store or replace an object atomically; return its size in bytes."""
        path = self._path(bucket, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            described = {"name": name, "contentType": content_type}
            path.with_suffix(".json").write_text(json.dumps(described))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path.stat().st_size

    def pad(self, bucket: str, name: str, size: int) -> None:
        """Pad a stored MP4 to a size in bytes."""
        pad(self._path(bucket, name), size)

    def get(self, bucket: str, name: str) -> StoredObject | None:
        """Return an object, or None."""
        path = self._path(bucket, name)
        try:
            described = json.loads(path.with_suffix(".json").read_text())
            size = path.stat().st_size
        except FileNotFoundError:
            return None
        return StoredObject(bucket, name, described["contentType"], path, size)

    def _path(self, bucket: str, name: str) -> Path:
        # Hashing keeps every name inside the folder and within the length limit of file names.
        return self._folder / bucket / hashlib.sha256(name.encode()).hexdigest()


def pad(path: Path, size: int) -> None:
    """Pad an MP4 to a size in bytes, by a box of free space at its end.

    The space uses no disk blocks if the file system supports sparse files. A file that already has
    the size, or lacks fewer bytes than the header of the box, is left unchanged.
    """
    missing = size - path.stat().st_size
    if missing < _LARGE_BOX_HEADER:
        return
    with path.open("ab") as file:
        file.write(free_box_header(missing))
        file.truncate(size)


def free_box_header(size: int) -> bytes:
    """Return the header of a box of free space (ISO/IEC 14496-12, 4.2 and 8.1.2).

    Args:
        size: The bytes of the box with its header, 16 or more.

    """
    if size <= _LARGEST_SMALL_BOX:
        return size.to_bytes(4, "big") + b"free"
    return (1).to_bytes(4, "big") + b"free" + size.to_bytes(8, "big")
