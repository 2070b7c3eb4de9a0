# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake whoami` and `usage`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from longtake._documents import document_of
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.output import json_text, say
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
    from collections.abc import Callable, Sequence

    from longtake.types import Budget, Caller, Usage

_BUDGETS = (
    Column("BUDGET", least=12),
    Column("PERIOD"),
    Column("LIMIT", rank=2),
    Column("SPENT", rank=3),
    Column("RESERVED", rank=4),
    Column("LEFT"),
    Column("RESETS", rank=1),
)
_GROUPS: dict[str, tuple[Column, Callable[[Usage], str]]] = {
    "day": (Column("DAY"), lambda row: str(row.day or "-")),
    "model": (Column("MODEL", least=12), lambda row: row.model or "-"),
    "principal": (Column("PRINCIPAL", least=12), lambda row: row.principal or "-"),
    "label": (Column("LABEL", least=8), lambda row: row.label_value or "-"),
}
_FIGURES = (
    Column("ACCEPTED"),
    Column("SUCCEEDED", rank=1),
    Column("FAILED", rank=2),
    Column("CANCELLED", rank=3),
    Column("UNPRICED", rank=5),
    Column("SECONDS", rank=4),
    Column("RESERVED"),
    Column("SETTLED"),
)


def whoami(session: Session) -> None:
    """Show the principal that you are, its roles, and its budgets with what is left of them."""
    with session.client() as client:
        caller = client.caller.get()
    if session.as_json:
        say(json_text(document_of(caller)))
        return
    say_pairs(_facts(caller))
    rows = [row for budget in caller.budgets for row in _rows(budget)]
    if rows:
        say("")
        say_table(_BUDGETS, rows)


def usage(
    session: Session,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="GROUPS",
            help="day, model, principal, label:KEY, or several with commas between. "
            "Default: one sum.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="The first day, in UTC.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="DATE",
            help="The last day, in UTC. Default: today.",
            show_default=False,
        ),
    ] = None,
    principal: Annotated[
        str | None,
        typer.Option(
            "--principal",
            metavar="ID",
            help="Whose usage. Default: your own; for an administrator, that of all.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what was generated, and what it cost by list price."""
    groups = by.split(",") if by else []
    first, last = _day("--since", since), _day("--until", until)
    with session.client() as client:
        try:
            rows = list(client.usage.list(groups, since=first, until=last, principal=principal))
        except ValueError as error:
            raise CommandFailure(
                REFUSED, f"--by: {str(error).removeprefix('group_by: ')}"
            ) from error
    if session.as_json:
        say(json_text(document_of(rows)))
        return
    shown = [_GROUPS[group.partition(":")[0]] for group in groups]
    columns = [*(column for column, _ in shown), *_FIGURES]
    say_table(columns, ([*(text(row) for _, text in shown), *_figures(row)] for row in rows))


def _facts(caller: Caller) -> list[tuple[str, str | None]]:
    return [
        ("principal", caller.principal or "none: the server does not authenticate its callers"),
        ("roles", ", ".join(caller.roles)),
        ("key", caller.key_id),
        ("expires", time_text(caller.credential_expire_time)),
        ("labels", labels_text(caller.labels)),
        ("time zone", caller.time_zone),
        ("starts per minute", _limit(caller.requests_per_minute)),
        ("queued", _of(caller.queued, caller.max_queued)),
        ("running", _of(caller.concurrent, caller.max_concurrent)),
    ]


def _limit(limit: int | None) -> str | None:
    return None if limit is None else str(limit)


def _of(count: int, limit: int | None) -> str:
    return str(count) if limit is None else f"{count} of {limit}"


def _rows(budget: Budget) -> list[Sequence[str]]:
    """Return a row for the cost and one for the seconds, where they are limited."""
    subject, period = budget.subject, budget.period_key
    resets = time_text(budget.reset_time) or "-"
    costs = (budget.cost_limit, budget.cost_spent, budget.cost_reserved, budget.cost_left)
    seconds = (
        budget.seconds_limit,
        budget.seconds_spent,
        budget.seconds_reserved,
        budget.seconds_left,
    )
    rows: list[Sequence[str]] = []
    if budget.cost_limit is not None:
        rows.append((subject, period, *(money_text(cost) or "-" for cost in costs), resets))
    if budget.seconds_limit is not None:
        rows.append((subject, period, *(f"{second or 0:g} s" for second in seconds), resets))
    return rows


def _figures(row: Usage) -> Sequence[str]:
    return (
        str(row.accepted),
        str(row.succeeded),
        str(row.failed),
        str(row.cancelled),
        str(row.unpriced),
        f"{row.billed_seconds:g}",
        money_text(row.reserved_cost) or "-",
        money_text(row.settled_cost) or "-",
    )


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandFailure(REFUSED, f"{option}: it is not a day, such as 2026-11-28") from None
