# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Waits for the end of a generation, shows it, and saves what it made."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.cli.display import display
from longtake.cli.failures import INTERRUPTED, WITHHELD, CommandFailure
from longtake.cli.interrupts import interruptible
from longtake.cli.saving import save_videos
from longtake.cli.session import note, say
from longtake.cli.support_codes import explained
from longtake.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.cli.session import Session
    from longtake.client import Client
    from longtake.types import GenerateVideosOperation, GenerateVideosResponse


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall become of the videos.

    Attributes:
        save: Whether they are saved; otherwise they are named.
        output: The file, or None for one named after the operation.
    """

    save: bool
    output: Path | None


def follow(
    session: Session, client: Client, operation: GenerateVideosOperation, wish: Wish
) -> None:
    """Show the states from this one to the last, then save the videos.

    Raises:
        CommandFailure: Videos were withheld or cannot be saved, or Ctrl-C.
        OperationFailed: The generation failed or was cancelled.
        LongtakeError: The server cannot be asked.

    """
    output = ("-o", str(wish.output)) if wish.output else ()
    goes_on = (
        f"the generation goes on; resume with: {session.command('watch', operation.name, *output)}"
    )
    try:
        with interruptible(client):
            ended = _last_state(session, client, operation)
    except KeyboardInterrupt as error:
        raise CommandFailure(INTERRUPTED, f"stopped waiting; {goes_on}") from error
    except ServerError as error:
        error.add_note(goes_on)
        raise
    for warning in ended.metadata["warnings"]:
        note(warning)
    _hand_over(session, client, ended.result(), wish)


def check_withheld(response: GenerateVideosResponse) -> None:
    """Tell of videos that are missing.

    Raises:
        CommandFailure: There are some.

    """
    withheld, made = response.rai_media_filtered_count, len(response.generated_videos)
    if withheld:
        given = response.rai_media_filtered_reasons
        reasons = "; ".join(given) or "no reason was given"
        if codes := explained(given):
            reasons += f" ({codes})"
        raise CommandFailure(
            WITHHELD,
            f"{withheld} of {withheld + made} videos were withheld by the upstream "
            f"for its usage guidelines: {reasons}",
        )
    if not made:
        raise CommandFailure(WITHHELD, "the generation ended without an error and without a video")


def _last_state(
    session: Session, client: Client, operation: GenerateVideosOperation
) -> GenerateVideosOperation:
    with display(as_json=session.as_json) as show:
        show(operation)
        if operation.done:
            return operation
        with closing(client.operations.watch(operation, operation.revision)) as states:
            for operation in states:
                show(operation)
        return operation


def _hand_over(
    session: Session, client: Client, response: GenerateVideosResponse, wish: Wish
) -> None:
    if wish.save:
        for saved in save_videos(session, client, response.generated_videos, wish.output):
            if session.as_json:  # nothing but states may be among them
                note(f"saved {saved.path}")
            else:
                say(str(saved.path))
    elif not session.as_json:  # the JSON of the last state has them
        for video in response.generated_videos:
            say(video.name)
    check_withheld(response)
