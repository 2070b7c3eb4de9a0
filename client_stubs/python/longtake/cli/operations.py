# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake watch`, `get`, `list`, `cancel` and `delete`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from longtake._documents import document_of
from longtake.cli.display import state_line
from longtake.cli.following import Wish, follow
from longtake.cli.saving import OutputOption, check_writable
from longtake.cli.session import AddressOption, JsonOption, Session, note, say, say_json
from longtake.cli.tables import say_pairs, say_table, time_text

if TYPE_CHECKING:
    from longtake.types import GenerateVideosOperation

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The operation, operations/ID.", show_default=False)
]
_HEADS = ("NAME", "STATE", "MODEL", "CREATED")


def watch(
    context: typer.Context,
    name: NameArgument,
    output: OutputOption = None,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the states of a generation until it ends. With --output, save its videos then."""
    session = Session.of(context, address, as_json)
    if output:
        check_writable(output)
    with session.client() as client:
        follow(session, client, client.operations.get(name), Wish(output is not None, output))


def get(
    context: typer.Context,
    name: NameArgument,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest state of a generation. It does not wait."""
    session = Session.of(context, address, as_json)
    with session.client() as client:
        _say_operation(session, client.operations.get(name))


def list_(
    context: typer.Context,
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter", help='For example: state = RUNNING AND labels.team = "ads"', metavar="TEXT"
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most to show.")] = 50,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """List generations, the newest first."""
    session = Session.of(context, address, as_json)
    with session.client() as client:
        asked = client.operations.list(filter_, page_size=min(limit + 1, 1000))
        found = list(islice(asked, limit + 1))
    shown = found[:limit]
    if session.as_json:
        say_json(document_of(shown))
    else:
        say_table(_HEADS, map(_row, shown))
    if len(found) > limit:
        note(f"there are more than {limit}; see --limit and --filter")


def cancel(
    context: typer.Context,
    name: NameArgument,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for the end of a generation. One that runs may be billed in spite of it."""
    session = Session.of(context, address, as_json)
    with session.client() as client:
        _say_operation(session, client.operations.cancel(name))


def delete(
    context: typer.Context,
    name: NameArgument,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the record of a generation and its videos. It cancels nothing."""
    session = Session.of(context, address, as_json)
    with session.client() as client:
        client.operations.delete(name)
    if session.as_json:
        say_json({"deleted": name})
    else:
        say(f"deleted {name}")


def _row(operation: GenerateVideosOperation) -> tuple[str, ...]:
    facts = operation.metadata
    created = time_text(facts["create_time"]) or "-"
    return operation.name, state_line(operation), facts["model"], created


def _say_operation(session: Session, operation: GenerateVideosOperation) -> None:
    if session.as_json:
        say_json(document_of(operation))
        return
    facts, response = operation.metadata, operation.response
    cost = facts["estimated_cost"]
    say_pairs(
        [
            ("name", operation.name),
            ("state", state_line(operation)),
            ("model", facts["served_model"] or facts["model"]),
            ("cancelling", "asked for" if facts["cancel_requested"] else None),
            ("created", time_text(facts["create_time"])),
            ("likely to end", time_text(facts["estimated_finish_time"])),
            ("ended", time_text(facts["end_time"])),
            ("expires", time_text(facts["expire_time"])),
            ("cost", f"{cost['amount'].normalize():f} {cost['currency_code']}" if cost else None),
            ("error", str(operation.error or "")),
            *(("video", video.name) for video in (response.generated_videos if response else ())),
            *(("warning", warning) for warning in facts["warnings"]),
        ]
    )
