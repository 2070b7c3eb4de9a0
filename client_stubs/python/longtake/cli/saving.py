# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Saves videos to files, or sends one to standard output."""

from __future__ import annotations

import mimetypes
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from longtake.cli.destination import check_single, is_standard_output
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.interrupts import Interrupted, interruptible, raising_on_signals
from longtake.cli.output import OutputFailure, send_file
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.cli.session import Session
    from longtake.client import Client
    from longtake.types import GeneratedVideo


@dataclass(frozen=True, slots=True)
class SavedVideo:
    """A video and the file that it was saved to; `-` stands for standard output."""

    name: str
    path: Path


def save_videos(
    session: Session, client: Client, videos: Sequence[GeneratedVideo], output: Path | None
) -> Iterator[SavedVideo]:
    """Save the videos one after the other and yield each once it is saved.

    Raises:
        CommandFailure: A video cannot be written, or a signal stopped the download.
        LongtakeError: A video cannot be fetched.

    """
    if is_standard_output(output):
        _check_single(session, videos)
    for index, video in enumerate(videos):
        path = _path(video, output, str(index) if len(videos) > 1 else None)
        with _explained(session, video, path):
            if is_standard_output(output):
                _send(client, video)
            else:
                with interruptible(client):
                    video.video.save(path)
        yield SavedVideo(video.name, path)


def _check_single(session: Session, videos: Sequence[GeneratedVideo]) -> None:
    try:
        check_single(len(videos))
    except CommandFailure as failure:
        one = session.command("download", videos[0].name, "-o", "-")
        failure.add_note(f"the videos stay at the server; fetch one with: {one}")
        raise


def _send(client: Client, video: GeneratedVideo) -> None:
    """Write a video to standard output once all of it has arrived and was checked."""
    with TemporaryDirectory(prefix="longtake-") as folder:
        with interruptible(client):
            path = video.video.save(Path(folder) / "video")
        # A reader that does not read blocks this, and a signal must end it all the same.
        with raising_on_signals():
            send_file(path)


@contextmanager
def _explained(session: Session, video: GeneratedVideo, path: Path) -> Iterator[None]:
    """Add to a failure how to fetch the video after all."""
    again = session.command("download", video.name, "-o", str(path))
    resume = f"the video stays at the server; fetch it with: {again}"
    try:
        yield
    except OSError as error:
        place = "a temporary file" if is_standard_output(path) else path
        message = f"{place} cannot be written: {error.strerror}; {resume}"
        raise CommandFailure(REFUSED, message) from error
    except OutputFailure as failure:
        failure.add_note(resume)
        raise
    except LongtakeError as error:
        if error.reason != "VIDEO_EXPIRED":
            error.add_note(resume)
        raise
    except Interrupted as stop:
        message = f"the download was stopped by {stop.cause}; {resume}"
        raise CommandFailure(stop.exit_code, message) from stop


def _path(video: GeneratedVideo, output: Path | None, number: str | None) -> Path:
    if output is None:
        suffix = mimetypes.guess_extension(video.video.mime_type or "") or ".mp4"
        output = Path(video.name.split("/")[1] + suffix)
    return output if number is None else output.with_name(f"{output.stem}-{number}{output.suffix}")
