# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes to standard output, which may be closed, full, or a pipe that nobody reads any more."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class ReaderGone(Exception):
    """The reader of standard output has closed the pipe, as `head` does."""


class OutputFailure(Exception):
    """Standard output cannot be written to: one line that says why."""


def say(text: str) -> None:
    """Write text to standard output and flush it.

    Raises:
        ReaderGone: Standard output is a pipe whose reader is gone.
        OutputFailure: Standard output is closed, or the write failed.

    """
    if sys.stdout is None:
        raise OutputFailure("standard output is closed; redirect it to /dev/null instead")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        _abandon(sys.stdout)
        raise ReaderGone from error
    except OSError as error:
        _abandon(sys.stdout)
        raise OutputFailure(f"standard output cannot be written to: {error.strerror}") from error


def _abandon(stream: TextIO) -> None:
    """Point the stream at the null device: the interpreter flushes its buffer on exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
