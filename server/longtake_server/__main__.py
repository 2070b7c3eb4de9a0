# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the command `longtake-server` begins: with the allocator that it runs on."""

from __future__ import annotations

import os
import sys

_ALLOCATOR = "PYTHONMALLOC"


def main() -> None:
    """Run the command."""
    if sys.argv[1:2] == ["serve"]:
        _use_system_allocator()
    # Not before: what is imported until then is imported twice.
    from longtake_server.command import main as run

    run()


def _use_system_allocator() -> None:
    """Begin this process anew on glibc's allocator, unless its environment names one.

    The interpreter's own gives a mebibyte back only when nothing at all is left in it, so that
    a server keeps what a crowd of watchers took. glibc's gives back any page (see memory.py).
    """
    if _ALLOCATOR not in os.environ and not sys.flags.ignore_environment and _has_glibc():
        os.environ[_ALLOCATOR] = "malloc"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this program again, as it was called


def _has_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    main()
