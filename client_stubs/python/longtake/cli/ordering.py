# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts a generation and, unless told not to, waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli.destination import check_destination
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.following import Delivery, follow, how_to_resume
from longtake.cli.interrupts import Interrupted
from longtake.cli.output import OutputFailure, json_text, note, say
from longtake.cli.tables import money_text
from longtake.errors import ServerError

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.cli.session import Session
    from longtake.client import Client
    from longtake.types import (
        GenerateVideosConfig,
        GenerateVideosOperation,
        GenerateVideosOptions,
        Image,
        Video,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The arguments of `generate_videos`."""

    model: str
    prompt: str | None
    image: Image | None
    video: Video | None
    config: GenerateVideosConfig
    request_id: str
    options: GenerateVideosOptions


def run(session: Session, order: Order, *, wait: bool, output: Path | None) -> None:
    """Start the generation. To wait, follow it to its end and save its videos.

    Raises:
        CommandFailure: The options contradict each other, or see `follow`.
        LongtakeError: The server refuses or cannot be reached, or see `follow`.

    """
    _check_has_input(order)
    if wait:
        check_destination(output, order.config.number_of_videos)
    elif output:
        raise CommandFailure(REFUSED, "--output: --no-wait saves nothing; leave out one of them")
    operation = None
    try:
        with session.client() as client:
            operation = _start(client, order)
            if wait:
                note(f"started {operation.name}")
                follow(session, client, operation, Delivery(save=True, output=output))
            else:
                _print(session, operation)
    except Interrupted as stop:
        raise _stopped(session, stop, order, operation, output) from stop


def validate(session: Session, order: Order) -> None:
    """Check the request with the server, start nothing, and print the highest cost.

    Raises:
        CommandFailure: The options contradict each other.
        LongtakeError: The server refuses or cannot be reached.

    """
    _check_has_input(order)
    with session.client() as client:
        facts = _send(client, order, {**order.options, "validate_only": True}).metadata
    if session.as_json:
        told = {"estimated_cost": facts["estimated_cost"], "warnings": facts["warnings"]}
        say(json_text(document_of(told)))
        return
    for warning in facts["warnings"]:
        note(warning)
    say(f"highest cost: {money_text(facts['estimated_cost']) or 'not known'}")


def _check_has_input(order: Order) -> None:
    if order.prompt is None and order.image is None and order.video is None:
        raise CommandFailure(REFUSED, "give a PROMPT, --image or --video")


def _send(client: Client, order: Order, options: GenerateVideosOptions) -> GenerateVideosOperation:
    return client.models.generate_videos(
        model=order.model,
        prompt=order.prompt,
        image=order.image,
        video=order.video,
        config=order.config,
        request_id=order.request_id,
        **options,
    )


def _start(client: Client, order: Order) -> GenerateVideosOperation:
    try:
        return _send(client, order, order.options)
    except ServerError as error:
        # Instead of the client's own note, which names the keyword argument.
        error.__notes__ = [_repeatable(order)]
        raise


def _repeatable(order: Order) -> str:
    return (
        f"the same command with --request-id {order.request_id} does not start a second generation"
    )


def _print(session: Session, operation: GenerateVideosOperation) -> None:
    document = document_of(operation)
    try:
        say(json_text(document, indent=None) if session.as_json else operation.name)
    except OutputFailure as failure:
        failure.add_note(how_to_resume(session, operation.name, None))
        raise


def _stopped(
    session: Session,
    stop: Interrupted,
    order: Order,
    operation: GenerateVideosOperation | None,
    output: Path | None,
) -> CommandFailure:
    if operation is None:
        told = f"before the server answered; the generation may have started; {_repeatable(order)}"
    else:
        told = f"after the start; {how_to_resume(session, operation.name, output)}"
    return CommandFailure(stop.exit_code, f"stopped by {stop.cause} {told}")
