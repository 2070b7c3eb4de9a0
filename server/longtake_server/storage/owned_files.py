# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Detects that the files of an open database were removed or replaced.

SQLite keeps writing to a file after it is unlinked, and reports success.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class OwnedFiles:
    """The files of a database, identified by device and inode.

    The files are the database, its write-ahead log, the index of the log, and the lock. The process
    holds all of them open, so no other file can reuse their inodes.

    Args:
        path: The database file. The other files must exist beside it.

    Raises:
        OSError: A file cannot be read.

    """

    def __init__(self, path: Path) -> None:
        names = [f"{path.name}{suffix}" for suffix in ("", "-wal", "-shm", ".lock")]
        self._files = [(name, os.fspath(path.with_name(name))) for name in names]
        self._identities = [_identity(file) for _, file in self._files]

    def fault(self) -> str | None:
        """Return a short description of the fault, or None if the files are intact. Blocks."""
        for (name, file), identity in zip(self._files, self._identities, strict=True):
            try:
                now = _identity(file)
            except FileNotFoundError:
                return f"{name} was removed while the server was running"
            except OSError as error:
                return f"{name} cannot be reached any more: {error.strerror}"
            if now != identity:
                return f"{name} was replaced while the server was running"
        return None


def _identity(file: str) -> tuple[int, int]:
    status = os.stat(file)  # noqa: PTH116 - called twice in each commit, and Path.stat is slower
    return status.st_dev, status.st_ino
