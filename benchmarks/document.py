# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/benchmarks.md: every budget over all runs, and the tables of the last run.

The document has a second part for the benchmarks that are run alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import as_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.report import Budget, Table

DOCUMENT = Path("docs/benchmarks.md")

_HEAD = """# Benchmarks

Written by `make bench RUNS={runs} WRITE=--write`, on {machine}.

"Bare" is a grpc.aio server in a separate process that answers with the same bytes and does nothing
else. Both servers are measured in the same minute. Compare the ratios: absolute figures depend on
this machine, whose cores the load client shares. [Peers](peers.md) describes how the peers run.

Where a table says that calls have an API key, Longtake verifies it on each call and checks each
generation against the limits of its principal. The bare server receives the same metadata and
ignores it.

To measure one table again, run `make bench NAME=...` with the name of a module in `benchmarks/`.
[Where the time of a call goes](processor-time.md) has more runs, also of other hosts.

"""
_BUDGETS = """## Budgets

| budget | limit | worst | median | held in |
| --- | --- | --- | --- | --- |
"""
_ALONE_HEAD = "\n# A cluster\n"
_ALONE_INTRODUCTION = """
Written by `make bench NAME=cluster RUNS={runs} WRITE=--write`, on {machine}. It takes several
minutes, so plain `make bench` leaves it out.

"""


def document(existing: str, runs: Sequence[Sequence[Table]], machine: str) -> str:
    """Return the document with a new first part.

    Args:
        existing: The document as it is.
        runs: The tables of each run, in the same order.
        machine: Describes the machine that ran them.

    """
    _, mark, alone = existing.partition(_ALONE_HEAD)
    return _part(_HEAD, runs, machine) + mark + alone


def with_part_alone(existing: str, runs: Sequence[Sequence[Table]], machine: str) -> str:
    """Return the document with a new second part. The arguments are those of `document`."""
    first, _, _ = existing.partition(_ALONE_HEAD)
    return first + _part(_ALONE_HEAD + _ALONE_INTRODUCTION, runs, machine)


def _part(head: str, runs: Sequence[Sequence[Table]], machine: str) -> str:
    budgets = [[budget for table in run for budget in table.budgets] for run in runs]
    rows = [_row(each) for each in zip(*budgets, strict=True)]
    head = head.format(runs=len(runs), machine=machine) + _BUDGETS + "".join(rows)
    return "\n".join([head, *(as_markdown(table) for table in runs[-1])])


def _row(budgets: Sequence[Budget]) -> str:
    from_best = sorted(budgets, key=lambda each: (not each.holds, each.badness))
    worst, median = from_best[-1], from_best[len(from_best) // 2]
    held = sum(each.holds for each in budgets)
    told = f"{held} of {len(budgets)}" if held == len(budgets) else f"**{held} of {len(budgets)}**"
    cells = (worst.what, worst.limit, worst.measured, median.measured, told)
    return f"| {' | '.join(cells)} |\n"
