# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md: every budget over all runs, and the tables of the last one."""

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

Budgets in terms of bare are measured beside a bare grpc.aio server, which answers with the same
bytes and does nothing else, as a process of its own in the same minute. What counts is how they
compare; the figures themselves are this machine's, whose cores the load client shares. How the
peers are run is in [peers](peers.md).

## Budgets

| budget | limit | worst | median | held in |
| --- | --- | --- | --- | --- |
"""


def document(runs: Sequence[Sequence[Table]], machine: str) -> str:
    """Return the document.

    Args:
        runs: The tables of each run, the same ones in the same order.
        machine: What was measured on.

    """
    budgets = [[budget for table in run for budget in table.budgets] for run in runs]
    rows = [_row(each) for each in zip(*budgets, strict=True)]
    head = _HEAD.format(runs=len(runs), machine=machine) + "".join(rows)
    return "\n".join([head, *(as_markdown(table) for table in runs[-1])])


def _row(budgets: Sequence[Budget]) -> str:
    from_best = sorted(budgets, key=lambda each: (not each.holds, each.badness))
    worst, median = from_best[-1], from_best[len(from_best) // 2]
    held = sum(each.holds for each in budgets)
    told = f"{held} of {len(budgets)}" if held == len(budgets) else f"**{held} of {len(budgets)}**"
    cells = (worst.what, worst.limit, worst.measured, median.measured, told)
    return f"| {' | '.join(cells)} |\n"
