# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the named benchmarks, or all but `cluster`, and reports which budgets hold.

Also writes build/benchmarks.json. The exit status is 1 if a budget was missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    admission,
    calls,
    cluster,
    console,
    crowd,
    download,
    footprint,
    intake,
    outage,
    pacing,
    peers,
    polls,
    start,
    watchers,
)
from benchmarks.document import DOCUMENT, document, with_part_alone
from benchmarks.machine import machine
from benchmarks.report import as_json, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.report import Table

_OUTPUT = Path("build/benchmarks.json")

BENCHMARKS: Mapping[str, Callable[[], Table]] = {
    "calls": calls.measure,
    "admission": admission.measure,
    "admission-on-less": admission.measure_on_less,
    "watchers": watchers.measure,
    "polls": polls.measure,
    "download": download.measure,
    "intake": intake.measure,
    "start": start.measure,
    "pacing": pacing.measure,
    "outage": outage.measure,
    "crowd": crowd.measure,
    "footprint": footprint.measure,
    "console": console.measure,
    "peers": peers.measure,
    "cluster": cluster.measure,
}
# Takes longer than all others together, and has a part of the document of its own.
_ALONE = "cluster"


def main() -> None:
    """Run the benchmarks."""
    arguments = _arguments()
    if not Path("/proc/self/stat").exists():
        sys.exit("benchmarks: they read processor time from /proc, so they run only on Linux")
    names = arguments.names or [name for name in BENCHMARKS if name != _ALONE]
    if "console" in names:
        # Looked for before the others have run for a quarter of an hour.
        console.found_browser()
    write = with_part_alone if names == [_ALONE] else document
    _say(f"On {machine()}\n")
    runs: list[list[Table]] = []
    _OUTPUT.parent.mkdir(exist_ok=True)
    for _ in range(arguments.runs):
        runs.append([_measured(name) for name in names])
        _OUTPUT.write_text(as_json(runs[-1]))
        if arguments.write:
            # Written after each run, so an interrupted run keeps the earlier ones.
            DOCUMENT.write_text(write(DOCUMENT.read_text(), runs, machine()))
    sys.exit(0 if _hold(runs) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"benchmarks to run: {', '.join(BENCHMARKS)} (default: all but {_ALONE})",
    )
    parser.add_argument("--runs", type=int, default=1, help="number of runs (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"NAME: {', '.join(sorted(unknown))}; must be one of {', '.join(BENCHMARKS)}")
    if arguments.runs < 1:
        parser.error(f"--runs: {arguments.runs}; must be 1 or more")
    if arguments.write and arguments.names not in ([], [_ALONE]):
        parser.error(f"--write: writes all benchmarks, or {_ALONE} alone; omit NAME")
    return arguments


def _measured(name: str) -> Table:
    table = BENCHMARKS[name]()
    _say(as_text(table))
    return table


def _hold(runs: Sequence[Sequence[Table]]) -> bool:
    missed = [
        budget for run in runs for table in run for budget in table.budgets if not budget.holds
    ]
    for budget in missed:
        _say(f"missed: {budget.what}: {budget.measured} ({budget.limit})")
    return not missed


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
