# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the scripts that run other programs share: their end, and lines that appear at once."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOP_SECONDS = 30


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a process on leaving the block."""
    try:
        yield process
    finally:
        process.terminate()
        wait_or_kill(process)


def wait_or_kill(process: subprocess.Popen[str]) -> None:
    """Wait until a process has ended, and kill it if that takes too long."""
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process prints, or '' if it ends without one."""
    return process.stdout.readline() if process.stdout else ""


def say(text: str) -> None:
    """Print a line, also into a pipe, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
