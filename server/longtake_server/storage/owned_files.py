# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Detects that the files of an open database were removed or replaced.

SQLite keeps writing to a file after its name is gone, and reports success.
"""

from __future__ import annotations

from pathlib import Path


class OwnedFiles:
    """The database file, its write-ahead log, its index and its lock, by device and inode.

    The process holds all of them open, so that no other file can get the inode of one.

    Args:
        path: The database file. The others exist, too.

    Raises:
        OSError: A file cannot be read.

    """

    def __init__(self, path: Path) -> None:
        files = [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")]
        self._identities = {file: _identity(file) for file in files}

    def fault(self) -> str | None:
        """Return what is wrong with the files in a few words, or None. Blocks."""
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
