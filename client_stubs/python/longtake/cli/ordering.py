# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts a generation and waits for it, if that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli.display import state_line
from longtake.cli.failures import INTERRUPTED, REFUSED, CommandFailure
from longtake.cli.following import Wish, follow
from longtake.cli.interrupts import interruptible
from longtake.cli.saving import check_writable
from longtake.cli.session import say, say_json

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
    """What `generate_videos` is called with."""

    model: str
    prompt: str | None
    image: Image | None
    video: Video | None
    config: GenerateVideosConfig
    request_id: str
    options: GenerateVideosOptions


def run(session: Session, order: Order, *, wait: bool, output: Path | None) -> None:
    """Start the generation; to wait, follow it to its end and save what it made.

    Raises:
        CommandFailure: What was given does not go together, or see `follow`.
        LongtakeError: The server refuses or cannot be asked, or see `follow`.

    """
    if order.prompt is None and order.image is None and order.video is None:
        raise CommandFailure(REFUSED, "give a PROMPT, --image or --video")
    if wait:
        check_writable(output)
    elif output:
        raise CommandFailure(REFUSED, "--output: nothing is saved with --no-wait; leave out one")
    with session.client() as client:
        operation = _start(client, order)
        if wait:
            follow(session, client, operation, Wish(save=True, output=output))
        elif session.as_json:
            say_json(document_of(operation), indent=None)
        else:
            say(state_line(operation))
            say(operation.name)


def _start(client: Client, order: Order) -> GenerateVideosOperation:
    try:
        with interruptible(client):
            return client.models.generate_videos(
                model=order.model,
                prompt=order.prompt,
                image=order.image,
                video=order.video,
                config=order.config,
                request_id=order.request_id,
                **order.options,
            )
    except KeyboardInterrupt as error:
        raise CommandFailure(
            INTERRUPTED,
            "stopped before the server answered, maybe after it began; the same command with "
            f"--request-id {order.request_id} starts no second generation",
        ) from error
