# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes every target for a bounded number of runs and time, and prints one table.

Exits with 1 if an input led to an error that is not a status of the contract, to a hang, or to a
leak. libFuzzer then prints the input and writes it to build/.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fuzz.fuzz_held import Held
from fuzz.fuzz_outcome import Finding
from fuzz.fuzz_socket import fuzz_socket
from fuzz.fuzz_targets import TARGETS

SOCKET_SHARE = 0.1
_TESTS = Path(__file__).parents[1]
_MEBIBYTE = 1 << 20
# What the corpus of libFuzzer, or the cache of a database, may grow by.
_MOST_GROWTH_BYTES = 64 * _MEBIBYTE
_MOST_MORE_FILES = 8
# The steps of operations that are in progress.
_MOST_MORE_TASKS = 8


class Table:
    """Prints a row for each target."""

    def __init__(self) -> None:
        self.total = 0
        self.faults: list[str] = []
        print(
            "| target | inputs | by status | memory before / after | files before / after "
            "| tasks before / after |"
        )
        print("| --- | --- | --- | --- | --- | --- |", flush=True)

    def add(self, name: str, counts: dict[str, int], before: Held, after: Held) -> None:
        """Print a target's row, and keep a fault if it leaks."""
        inputs = sum(counts.values())
        by_status = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
        print(
            f"| {name} | {inputs:,} | {by_status} "
            f"| {before.bytes // _MEBIBYTE} / {after.bytes // _MEBIBYTE} MiB "
            f"| {before.files} / {after.files} "
            f"| {'not counted' if after.tasks is None else f'{before.tasks} / {after.tasks}'} |",
            flush=True,
        )
        self.total += inputs
        if leaks(before, after):
            self.faults.append(f"{name} leaks")

    def end(self) -> int:
        """Print the sum and the faults, and return the exit code."""
        print(f"| all | {self.total:,} | | | | |")
        for fault in self.faults:
            print(fault, file=sys.stderr)
        return 1 if self.faults else 0


def leaks(before: Held, after: Held) -> bool:
    """Return whether a process holds more than caches explain."""
    return (
        after.bytes - before.bytes > _MOST_GROWTH_BYTES
        or after.files - before.files > _MOST_MORE_FILES
        or (after.tasks or 0) - (before.tasks or 0) > _MOST_MORE_TASKS
    )


def run_target(name: str, runs: int, seconds: float, seed: int) -> dict[str, Any]:
    """Run a target in a process of its own, and return its report.

    Raises:
        Finding: The target failed. Holds the last lines that libFuzzer printed.

    """
    command = (sys.executable, "-m", "fuzz.fuzz_process", name)
    bounds = ("--runs", str(runs), "--seconds", str(seconds), "--seed", str(seed))
    ended = subprocess.run(
        (*command, *bounds), check=False, cwd=_TESTS, capture_output=True, text=True
    )
    lines = ended.stdout.splitlines()
    if ended.returncode != 0 or not lines:
        raise Finding(f"{name}: {ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    report: dict[str, Any] = json.loads(lines[-1])
    return report


def main() -> int:
    """Return 0 if no target failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs of all targets")
    parser.add_argument("--seconds", type=float, default=3600, help="the longest time for all")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    given = parser.parse_args()
    table = Table()
    until = time.monotonic() + given.seconds
    for number, target in enumerate(TARGETS.values()):
        # Each has an equal part of the time that those before it left.
        seconds = (until - time.monotonic()) / (len(TARGETS) + 1 - number)
        try:
            report = run_target(target.name, round(given.runs * target.share), seconds, given.seed)
        except Finding as finding:
            table.faults.append(str(finding))
            continue
        table.add(target.name, report["counts"], *(Held(*held) for held in report["held"]))
    try:
        socket = asyncio.run(
            fuzz_socket(round(given.runs * SOCKET_SHARE), until - time.monotonic(), given.seed)
        )
        table.add("calls over a socket", dict(socket.counts), *socket.held)
    except* Finding as findings:
        table.faults.extend(map(str, findings.exceptions))
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
