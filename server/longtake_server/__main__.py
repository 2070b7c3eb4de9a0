# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Entry point of the command `longtake-server`. Prepares the process, then runs the command."""

from __future__ import annotations

import os
import sys

_ALLOCATOR = "PYTHONMALLOC"
_GRPC_VERBOSITY = "GRPC_VERBOSITY"


def main() -> None:
    """Run the command."""
    _silence_grpc()
    if sys.argv[1:2] == ["serve"]:
        _use_system_allocator()
    # Imported here because gRPC reads its environment when it is imported, and because an import
    # before the restart would run twice.
    from longtake_server.command import main as run

    run()


def _silence_grpc() -> None:
    """Turn off the log of gRPC's C core, unless the environment sets GRPC_VERBOSITY.

    The C core writes unstructured lines to standard error, one for each compressed request that
    the server refuses. The access log has a line for each call.
    """
    os.environ.setdefault(_GRPC_VERBOSITY, "NONE")


def _use_system_allocator() -> None:
    """Restart this process with glibc's allocator, unless the environment sets PYTHONMALLOC.

    Python's allocator returns a 1 MiB arena only when the arena is empty, so a server would keep
    the memory of a burst. glibc can return any free page (see memory.py).
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
