# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake download`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.destination import OutputOption, check_destination, is_standard_output
from longtake.cli.display import state_line
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.following import check_withheld
from longtake.cli.output import json_text, say, say_aside
from longtake.cli.saving import save_videos
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from longtake.types import GeneratedVideo, GenerateVideosOperation


def download(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="operations/ID for all videos of a generation, or operations/ID/videos/0 for one.",
            show_default=False,
        ),
    ],
    output: OutputOption = None,
) -> None:
    """Save the videos of a generation that has ended."""
    check_destination(output)
    aside = is_standard_output(output)
    write = say_aside if aside else say
    saved = []
    with session.client() as client:
        operation = client.operations.get(name.partition("/videos/")[0])
        for one in save_videos(session, client, videos_of(session, operation, name), output):
            saved.append({"name": one.name, "path": str(one.path)})
            if not session.as_json and not aside:
                write(str(one.path))
    if session.as_json:
        write(json_text(saved))
    if operation.response and "/videos/" not in name:
        check_withheld(operation.response)


def videos_of(
    session: Session, operation: GenerateVideosOperation, name: str
) -> list[GeneratedVideo]:
    """Return the videos that a name stands for.

    Raises:
        CommandFailure: The operation has no such video, or none yet.

    """
    if not operation.done:
        raise CommandFailure(
            REFUSED,
            f"{operation.name} is {state_line(operation)} and has no video yet; "
            f"wait for it with: {session.command('watch', operation.name)}",
        )
    videos = operation.result().generated_videos
    if "/videos/" not in name:
        return videos
    index = name.partition("/videos/")[2]
    chosen = [video for video in videos if video.name == f"{operation.name}/videos/{index}"]
    if not chosen:
        has = ", ".join(video.name for video in videos) or "no video"
        raise CommandFailure(REFUSED, f"{name}: there is no such video; {operation.name} has {has}")
    return chosen
