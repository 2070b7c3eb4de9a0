# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Repeats the run of a thousand operations with different seeds, and prints a line for each."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from crash.crash_restarts import Scale, run

_SCALE = Scale(operations=1000, kills=10)


def _one(number: int, runs: int, seed: int) -> bool:
    """Run once. The folder of a failed run is kept for inspection."""
    folder = Path(tempfile.mkdtemp(prefix="longtake-crash-"))
    begun = time.monotonic()
    what = f"run {number} of {runs}, seed {seed}"
    try:
        outcome = asyncio.run(run(folder, _SCALE, seed))
    except Exception:  # noqa: BLE001 - any error fails this run only
        traceback.print_exc()
        print(f"{what}: FAILED after {time.monotonic() - begun:.0f} s; see {folder}", flush=True)
        return False
    shutil.rmtree(folder)
    print(
        f"{what}: {_SCALE.operations} operations, {outcome.restarts} restarts, "
        f"{outcome.succeeded} succeeded, {outcome.unknown} unknown, none lost, none sent twice, "
        f"{time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return True


def main() -> int:
    """Return 0 if every run passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="number of runs (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run (default: 1)")
    given = parser.parse_args()
    passed = [_one(n + 1, given.runs, given.seed + n) for n in range(given.runs)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
