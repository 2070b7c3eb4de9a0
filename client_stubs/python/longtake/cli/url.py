# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake url`."""

from __future__ import annotations

from typing import Annotated

import typer

from longtake._documents import document_of
from longtake.cli.download import videos_of
from longtake.cli.output import json_text, say
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.types import Disposition


def url(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="operations/ID for all videos of a generation, or operations/ID/videos/0 for one.",
            show_default=False,
        ),
    ],
    lifetime: Annotated[
        float | None,
        typer.Option(
            "--lifetime",
            metavar="SECONDS",
            help="How long the address works. Default: an hour.",
            min=1.0,
            show_default=False,
        ),
    ] = None,
    attachment: Annotated[
        bool, typer.Option("--attachment", help="Let browsers save the video as a file.")
    ] = False,
) -> None:
    """Print addresses of videos for a browser, a player or a chat. They need no credential."""
    disposition = Disposition.ATTACHMENT if attachment else Disposition.INLINE
    created = []
    with session.client() as client:
        operation = client.operations.get(name.partition("/videos/")[0])
        for video in videos_of(session, operation, name):
            address = client.operations.create_video_url(
                video.name, lifetime=lifetime, disposition=disposition
            )
            created.append({"name": video.name, **document_of(address)})
            if not session.as_json:
                say(address.url)
    if session.as_json:
        say(json_text(created))
