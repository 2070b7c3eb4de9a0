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

    Attributes:
        log_bytes: The size of the write-ahead log when it was last checked.

    Raises:
        OSError: A file cannot be read.

    """

    def __init__(self, path: Path) -> None:
        self.log_bytes = 0
        self._log = f"{path.name}-wal"
        names = [f"{path.name}{suffix}" for suffix in ("", "-wal", "-shm", ".lock")]
        self._files = [(name, os.fspath(path.with_name(name))) for name in names]
        self._identities = [_identity(os.stat(file)) for _, file in self._files]  # noqa: PTH116 - as below

    def fault(self) -> str | None:
        """Return a short description of the fault, or None if the files are intact. Blocks."""
        for (name, file), identity in zip(self._files, self._identities, strict=True):
            try:
                status = os.stat(file)  # noqa: PTH116 - for each commit, and Path.stat is slower
            except FileNotFoundError:
                return f"{name} was removed while the server was running"
            except OSError as error:
                return f"{name} cannot be reached any more: {error.strerror}"
            if _identity(status) != identity:
                return f"{name} was replaced while the server was running"
            if name == self._log:
                self.log_bytes = status.st_size
        return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
