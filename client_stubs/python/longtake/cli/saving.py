# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where videos are saved, and that they can be."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.failures import INTERRUPTED, REFUSED, CommandFailure
from longtake.cli.interrupts import interruptible
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.cli.session import Session
    from longtake.client import Client
    from longtake.types import GeneratedVideo

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to save the video. Several are saved as FILE-0.mp4, FILE-1.mp4 and so on.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class SavedVideo:
    """A video and the file that has it now."""

    name: str
    path: Path


def check_writable(output: Path | None) -> None:
    """Find out before anything is paid for whether a video could be saved. None: here.

    Raises:
        CommandFailure: It could not.

    """
    path = output or Path("video.mp4")
    try:
        taken = output is not None and path.exists() and not path.is_file()
    except OSError as error:
        raise CommandFailure(
            REFUSED, f"--output: {path} cannot be written: {error.strerror}"
        ) from error
    if taken:
        raise CommandFailure(REFUSED, f"--output: {path} is not a file; give the name of a file")
    try:
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CommandFailure(
            REFUSED, f"--output: the folder {path.parent} cannot be written to: {error.strerror}"
        ) from error


def save_videos(
    session: Session, client: Client, videos: Sequence[GeneratedVideo], output: Path | None
) -> Iterator[SavedVideo]:
    """Save the videos one after the other and yield each.

    Raises:
        CommandFailure: A file cannot be written, or Ctrl-C.
        LongtakeError: A video cannot be fetched.

    """
    for index, video in enumerate(videos):
        path = _path(video, output, str(index) if len(videos) > 1 else None)
        again = session.command("download", video.name, "-o", str(path))
        resume = f"the video stays at the server; fetch it with: {again}"
        try:
            with interruptible(client):
                saved = SavedVideo(video.name, video.video.save(path))
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror}; {resume}"
            raise CommandFailure(REFUSED, message) from error
        except LongtakeError as error:
            if error.reason != "VIDEO_EXPIRED":
                error.add_note(resume)
            raise
        except KeyboardInterrupt as error:
            raise CommandFailure(INTERRUPTED, f"the download was stopped; {resume}") from error
        yield saved


def _path(video: GeneratedVideo, output: Path | None, number: str | None) -> Path:
    if output is None:
        suffix = mimetypes.guess_extension(video.video.mime_type or "") or ".mp4"
        output = Path(video.name.split("/")[1] + suffix)
    return output if number is None else output.with_name(f"{output.stem}-{number}{output.suffix}")
