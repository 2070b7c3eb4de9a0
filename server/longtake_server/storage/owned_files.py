# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Detects that the files of an open database were removed or replaced.

SQLite keeps writing to a file after it is unlinked, and reports success.
"""

from __future__ import annotations

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
        files = [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")]
        self._identities = {file: _identity(file) for file in files}

    def fault(self) -> str | None:
        """Return a short description of the fault, or None if the files are intact. Blocks."""
        for file, identity in self._identities.items():
            try:
                now = _identity(file)
            except FileNotFoundError:
                return f"{file.name} was removed while the server was running"
            except OSError as error:
                return f"{file.name} cannot be reached any more: {error.strerror}"
            if now != identity:
                return f"{file.name} was replaced while the server was running"
        return None


def _identity(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino
