# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The option --output: where videos go, and whether they can go there."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from longtake.cli.failures import REFUSED, CommandFailure

_STANDARD_OUTPUT = Path("-")
_ALIASES = {Path("/dev/stdout"), Path("/dev/fd/1"), Path("/proc/self/fd/1")}

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="The file for the video, or - for standard output. "
        "Several videos are saved as FILE-0.mp4, FILE-1.mp4 and so on.",
        show_default=False,
    ),
]


def is_standard_output(output: Path | None) -> bool:
    """Return whether --output names standard output."""
    return output == _STANDARD_OUTPUT


def check_destination(output: Path | None, videos: int | None = None) -> None:
    """Check that videos can be written, before anything is paid for.

    Args:
        output: The value of --output; None means the current folder.
        videos: How many are expected, where that is known.

    Raises:
        CommandFailure: They cannot be written.

    """
    if output is not None and is_standard_output(output):
        _check_standard_output(videos)
        return
    path = output or Path("video.mp4")
    if output is not None:
        _check_name(output)
    try:
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _refused(f"cannot write to the folder {path.parent}: {error.strerror}") from error


def check_single(count: int) -> None:
    """Check that no more than one video goes to standard output.

    Raises:
        CommandFailure: There are several.

    """
    if count > 1:
        raise _refused(f"standard output takes one video, not {count}; name a file instead of -")


def _check_standard_output(videos: int | None) -> None:
    if sys.stdout.isatty():
        raise _refused("standard output is a terminal; redirect it, or pipe it to a program")
    check_single(videos or 1)
    try:
        with TemporaryFile():
            pass
    except OSError as error:
        raise _refused(
            f"a video is checked in a temporary folder before it is written to standard "
            f"output, and none can be written to: {error.strerror}"
        ) from error


def _check_name(output: Path) -> None:
    if output in _ALIASES:
        raise _refused(f"for standard output, give - instead of {output}")
    try:
        is_folder, is_special = output.is_dir(), output.exists() and not output.is_file()
    except OSError as error:
        raise _refused(f"cannot write {output}: {error.strerror}") from error
    if is_folder:
        raise _refused(f"{output} is a folder; give the name of a file")
    if is_special:
        raise _refused(
            f"{output} is a pipe or a device, not a regular file; "
            f"give - and redirect standard output to it"
        )


def _refused(message: str) -> CommandFailure:
    return CommandFailure(REFUSED, f"--output: {message}")
