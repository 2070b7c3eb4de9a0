# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes to standard output and standard error, also where nobody reads them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from longtake.cli.failures import READER_GONE, REFUSED, CommandFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO


class OutputFailure(CommandFailure):
    """Standard output cannot be written to."""


def say(text: str) -> None:
    """Write a line of the result to standard output and flush it.

    Raises:
        OutputFailure: It cannot be written.

    """
    with _standard_output() as output:
        _write_line(output, text)


def say_aside(text: str) -> None:
    """Write a line to standard error. Where that is impossible, the line is lost."""
    with suppress(OSError):
        if sys.stderr is not None:
            _write_line(sys.stderr, text)


def note(text: str) -> None:
    """Write a message of the program itself to standard error."""
    say_aside(f"longtake: {text}")


def json_text(document: object, *, indent: int | None = 2) -> str:
    """Return a JSON document; without an indent it is one line."""
    return json.dumps(document, ensure_ascii=False, indent=indent)


def send_file(path: Path) -> None:
    """Copy a file's bytes to standard output.

    Raises:
        OutputFailure: They cannot be written.

    """
    with path.open("rb") as source, _standard_output() as output:
        shutil.copyfileobj(source, output.buffer)
        output.buffer.flush()


def check_open() -> None:
    """Check that the process has a standard output.

    Raises:
        OutputFailure: The process was started with it closed.

    """
    with _standard_output():
        pass


def output_failure(error: OSError) -> OutputFailure:
    """Return the failure that a failed write to standard output means, and abandon the stream."""
    _abandon(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return OutputFailure(READER_GONE, "the reader of standard output has gone")
    return OutputFailure(REFUSED, f"standard output cannot be written to: {error.strerror}")


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    if sys.stdout is None:
        raise OutputFailure(REFUSED, "standard output is closed; redirect it to /dev/null instead")
    try:
        yield sys.stdout
    except OSError as error:
        raise output_failure(error) from error


def _write_line(stream: TextIO, text: str) -> None:
    stream.flush()
    stream.buffer.write(_encoded(f"{text}\n", stream.encoding))
    stream.buffer.flush()


def _encoded(text: str, encoding: str) -> bytes:
    """Return the bytes of a text. File names keep theirs, also those that are not UTF-8."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


def _abandon(stream: TextIO) -> None:
    """Point the stream at nothing: the interpreter flushes what is left in it at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
