# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a benchmark came to, and how that is shown: as text, as Markdown, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise about a figure, and whether it held in this run.

    Attributes:
        what: What is promised.
        limit: What must be reached, for example `at least 0.8 of bare`.
        measured: What was reached.
        holds: Whether that is enough.
        badness: What runs are compared by: the greater, the worse.
    """

    what: str
    limit: str
    measured: str
    holds: bool
    badness: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one benchmark.

    Attributes:
        title: What was measured.
        note: How, in a sentence or two.
        columns: The head of each column, with its unit.
        rows: The cells, as they are shown; the first one names the row.
        budgets: What these figures promise.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    budgets: tuple[Budget, ...] = ()


def at_least(what: str, limit: float, measured: float, unit: str) -> Budget:
    """Return the promise that a figure is no less than a limit."""
    return Budget(
        what, f"at least {limit:g} {unit}", f"{measured:.2f} {unit}", measured >= limit, -measured
    )


def at_most(what: str, limit: float, measured: float, unit: str) -> Budget:
    """Return the promise that a figure is no more than a limit."""
    return Budget(
        what, f"at most {limit:g} {unit}", f"{measured:.2f} {unit}", measured <= limit, measured
    )


def as_text(table: Table) -> str:
    """Return a table for a terminal."""
    grid = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in grid) for column in range(len(table.columns))]
    lines = [table.title, table.note, *(_padded(row, widths) for row in grid)]
    return "\n".join([*lines, *(_verdict(budget) for budget in table.budgets)]) + "\n"


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(["  " + first, *others])


def _verdict(budget: Budget) -> str:
    said = "holds" if budget.holds else "DOES NOT HOLD"
    return f"  {said}: {budget.what}: {budget.measured} ({budget.limit})"


def as_markdown(table: Table) -> str:
    """Return a table as a section of a document."""
    lines = [
        f"## {table.title}",
        "",
        table.note,
        "",
        _cells(table.columns),
        _cells(["---", *["---:"] * (len(table.columns) - 1)]),
        *(_cells(row) for row in table.rows),
        "",
    ]
    if table.budgets:
        lines += [_cells(["budget", "limit", "measured", "holds"]), _cells(["---"] * 4)]
        lines += [
            _cells([one.what, one.limit, one.measured, "yes" if one.holds else "**no**"])
            for one in table.budgets
        ]
        lines.append("")
    return "\n".join(lines)


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def as_json(tables: Iterable[Table]) -> str:
    """Return all tables for a program."""
    return json.dumps([asdict(table) for table in tables], indent=2) + "\n"
