# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Follows a generation to its end, shows its states, and saves its videos."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.cli.destination import is_standard_output
from longtake.cli.display import display
from longtake.cli.failures import WITHHELD, CommandFailure
from longtake.cli.interrupts import Interrupted, interruptible
from longtake.cli.output import OutputFailure, note, say
from longtake.cli.saving import save_videos
from longtake.cli.support_codes import explained
from longtake.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.cli.session import Session
    from longtake.client import Client
    from longtake.types import GenerateVideosOperation, GenerateVideosResponse


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happens to the videos.

    Attributes:
        save: Whether they are saved; otherwise only their names are printed.
        output: The value of --output; None for a file named after the operation.
    """

    save: bool
    output: Path | None

    @property
    def aside(self) -> bool:
        """Whether text goes to standard error, because a video goes to standard output."""
        return is_standard_output(self.output)


def follow(
    session: Session, client: Client, operation: GenerateVideosOperation, delivery: Delivery
) -> None:
    """Show the states from this one to the last, then save the videos.

    Raises:
        CommandFailure: Videos were withheld or cannot be saved, or a signal stopped the wait.
        OperationFailed: The generation failed or was cancelled.
        LongtakeError: The server refuses or cannot be reached.

    """
    goes_on = how_to_resume(session, operation.name, delivery.output)
    try:
        with interruptible(client):
            ended = _last_state(session, client, operation, delivery)
    except Interrupted as stop:
        message = f"stopped waiting because of {stop.cause}; {goes_on}"
        raise CommandFailure(stop.exit_code, message) from stop
    except (ServerError, OutputFailure) as error:
        error.add_note(goes_on)
        raise
    for warning in ended.metadata["warnings"]:
        note(warning)
    _hand_over(session, client, ended.result(), delivery)


def how_to_resume(session: Session, name: str, output: Path | None) -> str:
    """Return what to tell a user who no longer waits for a generation."""
    options = ("-o", str(output)) if output else ()
    return f"the generation goes on; resume with: {session.command('watch', name, *options)}"


def check_withheld(response: GenerateVideosResponse) -> None:
    """Check that no video is missing.

    Raises:
        CommandFailure: Some or all are.

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
    session: Session, client: Client, operation: GenerateVideosOperation, delivery: Delivery
) -> GenerateVideosOperation:
    with display(as_json=session.as_json, aside=delivery.aside) as show:
        show(operation)
        if operation.done:
            return operation
        with closing(client.operations.watch(operation, operation.revision)) as states:
            for operation in states:
                show(operation)
        return operation


def _hand_over(
    session: Session, client: Client, response: GenerateVideosResponse, delivery: Delivery
) -> None:
    if delivery.save:
        for saved in save_videos(session, client, response.generated_videos, delivery.output):
            if delivery.aside:
                continue
            if session.as_json:  # standard output has the states and nothing else
                note(f"saved {saved.path}")
            else:
                say(str(saved.path))
    elif not session.as_json:  # the JSON of the last state has the names
        for video in response.generated_videos:
            say(video.name)
    check_withheld(response)
