# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A file that gets its name only when it is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_PERMISSIONS = 0o777


class PartialFile:
    """Writes to a part beside the target. `commit` renames it and `discard` removes it.

    A target that is a symbolic link stays one: the file that it points to is replaced.
    A file that is replaced leaves its permissions to the new one.

    Call `discard` whatever happens. The methods are safe to call from several threads, so
    that a discard cannot overtake a write that a cancelled caller left running.

    Raises:
        TypeError: The path is neither a string nor an os.PathLike of one.

    """

    def __init__(self, path: str | PathLike[str]) -> None:
        try:
            self._given = Path(path)
        except TypeError as error:
            raise TypeError(
                f"path: {type(path).__name__} is not accepted; it is a str or an os.PathLike"
            ) from error
        self._lock = threading.Lock()
        self._target = self._part = self._given
        self._file: IO[bytes] | None = None
        self._has_part = False
        self._discarded = False

    def open(self) -> None:
        """Create an empty part.

        Raises:
            OSError: The target exists and is not a regular file, or the part cannot be made.

        """
        with self._lock:
            if self._discarded:
                return
            mode = _mode_to_keep(self._given)
            self._target = Path(os.path.realpath(self._given))
            # A name of its own, so that two that save to one path do not meet.
            self._part = self._target.with_name(f".longtake-{secrets.token_hex(8)}.part")
            # Set before the part exists: an interrupt may come at any moment.
            self._has_part = True
            self._file = self._part.open("xb")
            if mode is not None:
                self._part.chmod(mode & _PERMISSIONS)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        with self._lock:
            if self._file is not None:
                self._file.write(chunk)

    def commit(self) -> None:
        """Make the part durable and give it the name of the target.

        Raises:
            OSError: It cannot be written, or the target has become something else.

        """
        with self._lock:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                _mode_to_keep(self._target)
                self._part.replace(self._target)
                self._has_part = False

    def discard(self) -> None:
        """Remove the part unless it was committed."""
        with self._lock:
            self._discarded = True
            if self._file is not None:
                # On a full disk the rest of the buffer cannot be written, nor need it be.
                with contextlib.suppress(OSError):
                    self._file.close()
                self._file = None
            if self._has_part:
                self._part.unlink(missing_ok=True)
                self._has_part = False


def _mode_to_keep(path: Path) -> int | None:
    """Return the mode of the file that is replaced, or None if there is none.

    Raises:
        OSError: The path is not that of a regular file.

    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISREG(mode):
        return mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            errno.EISDIR, "it is a directory; give the name of a file", str(path)
        )
    kind = _KINDS.get(stat.S_IFMT(mode), "not a regular file")
    raise FileExistsError(
        errno.EEXIST,
        f"it is {kind}; a video is saved to a regular file, so write its bytes yourself",
        str(path),
    )
