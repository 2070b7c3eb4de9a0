# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A file that gets its name only when it is whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike
    from typing import Self


class PartialFile:
    """Writes to a `.part` of its own beside it, which `commit` renames and anything else removes.

    Its methods may be called from several threads, so that a discard cannot fall
    into a write that a cancelled caller left running.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = Path(path)
        # Not the same for two that save to one path at a time.
        self._part = self._path.with_name(f".longtake-{secrets.token_hex(8)}.part")
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._closed = False

    def open(self) -> None:
        """Begin an empty part."""
        with self._lock:
            if not self._closed:
                self._file = self._part.open("xb")

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        with self._lock:
            if self._file is not None:
                self._file.write(chunk)

    def commit(self) -> Path:
        """Make the part durable and give it its name."""
        with self._lock:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._part.replace(self._path)
                self._file = None
            return self._path

    def discard(self) -> None:
        """Remove the part unless it was committed."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                # On a full disk what is still to be written cannot be, nor need be.
                with contextlib.suppress(OSError):
                    self._file.close()
                self._file = None
                self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self.discard()
