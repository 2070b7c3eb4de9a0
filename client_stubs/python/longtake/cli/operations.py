# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake watch`, `get`, `list`, `cancel` and `delete`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from longtake._documents import document_of
from longtake.cli.destination import OutputOption, check_destination
from longtake.cli.display import attempts_text, state_line
from longtake.cli.following import Delivery, follow
from longtake.cli.output import json_text, note, say
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.cli.tables import (
    Column,
    labels_text,
    money_text,
    say_pairs,
    say_table,
    time_text,
)

if TYPE_CHECKING:
    from longtake.types import GenerateVideosOperation

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The operation: operations/ID.", show_default=False)
]
_COLUMNS = (
    Column("NAME"),
    Column("STATE"),
    Column("MODEL", least=12, rank=4),
    Column("CREATED", rank=2),
    Column("COST", rank=1),
    Column("LABELS", least=10, rank=3),
    Column("PROMPT", least=14),
)


def watch(
    session: Session,
    name: NameArgument,
    output: OutputOption = None,
) -> None:
    """Show the states of a generation until it ends. With --output, save its videos then."""
    if output:
        check_destination(output)
    with session.client() as client:
        operation = client.operations.get(name)
        follow(session, client, operation, Delivery(output is not None, output))


def get(
    session: Session,
    name: NameArgument,
) -> None:
    """Show the newest state of a generation. Does not wait."""
    with session.client() as client:
        _print(session, client.operations.get(name))


def list_(
    session: Session,
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter", help='For example: state = RUNNING AND labels.team = "ads"', metavar="TEXT"
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="The largest number of generations to show.")
    ] = 50,
) -> None:
    """List generations, newest first.

    On a narrow terminal, long columns are cut and some are left out; a pipe gets everything.
    """
    with session.client() as client:
        asked = client.operations.list(filter_, page_size=min(limit + 1, 1000))
        found = list(islice(asked, limit + 1))
    shown = found[:limit]
    if session.as_json:
        say(json_text(document_of(shown)))
    else:
        say_table(_COLUMNS, map(_row, shown))
    if len(found) > limit:
        note(f"there are more than {limit}; see --limit and --filter")


def cancel(
    session: Session,
    name: NameArgument,
) -> None:
    """Cancel a generation. One that is already running may still be billed."""
    with session.client() as client:
        _print(session, client.operations.cancel(name))


def delete(
    session: Session,
    name: NameArgument,
) -> None:
    """Delete the record of a generation and its videos. Does not cancel it."""
    with session.client() as client:
        client.operations.delete(name)
    say(json_text({"deleted": name}) if session.as_json else f"deleted {name}")


def _row(operation: GenerateVideosOperation) -> tuple[str, ...]:
    facts = operation.metadata
    return (
        operation.name,
        state_line(operation).partition(" (")[0],
        facts["model"],
        time_text(facts["create_time"]) or "-",
        money_text(facts["estimated_cost"]) or "-",
        labels_text(facts["labels"]) or "-",
        facts["prompt_excerpt"] or "-",
    )


def _print(session: Session, operation: GenerateVideosOperation) -> None:
    if session.as_json:
        say(json_text(document_of(operation)))
        return
    facts, response = operation.metadata, operation.response
    say_pairs(
        [
            ("name", operation.name),
            ("state", state_line(operation).partition(" (")[0]),
            ("attempts", attempts_text(operation)),
            ("waits because", str(facts["last_error"] or "")),
            ("prompt", facts["prompt_excerpt"]),
            ("principal", facts["principal"]),
            ("model", facts["served_model"] or facts["model"]),
            ("labels", labels_text(facts["labels"])),
            ("cancelling", "requested" if facts["cancel_requested"] else None),
            ("created", time_text(facts["create_time"])),
            ("likely to end", time_text(facts["estimated_finish_time"])),
            ("ended", time_text(facts["end_time"])),
            ("expires", time_text(facts["expire_time"])),
            ("cost", money_text(facts["estimated_cost"])),
            ("error", str(operation.error or "")),
            *(("video", video.name) for video in (response.generated_videos if response else ())),
            *(("warning", warning) for warning in facts["warnings"]),
        ]
    )
