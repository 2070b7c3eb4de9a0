# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The results of a benchmark, as text, Markdown or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on a figure, and whether it holds in this run.

    Attributes:
        what: What is limited.
        limit: The limit, for example `at least 0.8 of bare`.
        measured: The measured value.
        holds: Whether the value is within the limit.
        badness: Orders runs: the greater, the worse.
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
        note: How it was measured, in a few sentences.
        columns: The column heads, with units.
        rows: The formatted cells. The first cell names the row.
        budgets: The budgets on these figures.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    budgets: tuple[Budget, ...] = ()


def at_least(what: str, limit: float, measured: float, unit: str) -> Budget:
    """Return a budget that holds if a figure is no less than a limit."""
    return Budget(
        what, f"at least {limit:g} {unit}", f"{measured:.2f} {unit}", measured >= limit, -measured
    )


def at_most(what: str, limit: float, measured: float, unit: str) -> Budget:
    """Return a budget that holds if a figure is no more than a limit."""
    return Budget(
        what, f"at most {limit:g} {unit}", f"{measured:.2f} {unit}", measured <= limit, measured
    )


def as_text(table: Table) -> str:
    """Return a table as text for a terminal."""
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
    """Return a table as a Markdown section."""
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
    """Return all tables as JSON."""
    return json.dumps([asdict(table) for table in tables], indent=2) + "\n"
