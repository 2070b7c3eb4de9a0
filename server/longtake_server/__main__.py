# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The entry point of `longtake-server`. It selects the memory allocator first."""

from __future__ import annotations

import os
import sys

_ALLOCATOR = "PYTHONMALLOC"


def main() -> None:
    """Run the command."""
    if sys.argv[1:2] == ["serve"]:
        _use_system_allocator()
    # Imported here because the process may have been replaced above.
    from longtake_server.command import main as run

    run()


def _use_system_allocator() -> None:
    """Restart this process with glibc's allocator, unless PYTHONMALLOC is set.

    Python's own allocator returns an arena of 1 MiB to the OS only once it is empty, so the memory
    of many watchers stays in use after they disconnect. glibc can return any free page (see
    memory.py).
    """
    if _ALLOCATOR not in os.environ and not sys.flags.ignore_environment and _has_glibc():
        os.environ[_ALLOCATOR] = "malloc"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this program with its own arguments


def _has_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    main()
