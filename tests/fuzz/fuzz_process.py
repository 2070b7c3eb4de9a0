# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs one target under atheris, guided by coverage, and prints what came of it as JSON.

libFuzzer ends the process itself at a crash, a hang or too much memory, and prints the input.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import atheris
from fuzz.fuzz_held import Held

if TYPE_CHECKING:
    from collections.abc import Callable

_BUILD = Path(__file__).parents[2] / "build"
_INSTRUMENTED = ["longtake_server"]
_HANG_SECONDS = 30
_MOST_MEBIBYTES = 1024
_LONGEST_INPUT = 2048
# Memory and files are counted from here on: caches are full, and modules are imported.
_WARM_UP_SHARE = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _held() -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    tasks = (one for one in gc.get_objects() if isinstance(one, asyncio.Task))
    return Held(
        pages * _PAGE,
        len(list(Path("/proc/self/fd").iterdir())),
        sum(not task.done() for task in tasks),
    )


class _Counting:
    """Counts the statuses of a target, and reports them at its last run."""

    def __init__(self, once: Callable[[bytes], str], runs: int, seconds: float) -> None:
        self._once = once
        self._runs = runs
        self._until = time.monotonic() + seconds
        self._counts: Counter[str] = Counter()
        self._done = 0
        self._before: Held | None = None

    def try_input(self, data: bytes) -> None:
        """Try one input; end the process after the last."""
        self._counts[self._once(data)] += 1
        self._done += 1
        is_late = time.monotonic() > self._until
        if self._before is None and (is_late or self._done >= self._runs * _WARM_UP_SHARE):
            self._before = _held()
        if self._done >= self._runs or is_late:
            self._report()

    def _report(self) -> None:
        assert self._before is not None
        report = {"counts": self._counts, "held": [self._before, _held()]}
        print(json.dumps(report), flush=True)
        # libFuzzer's loop has no other end than that of the process.
        os._exit(0)


def main() -> None:
    """Run a target until it has made its runs, or its time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from fuzz.fuzz_targets import TARGETS
    target = TARGETS[given.target]
    _BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="longtake-fuzz-") as folder:
        corpus, data = Path(folder, "corpus"), Path(folder, "data")
        corpus.mkdir()
        data.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / str(number)).write_bytes(seed)
        with target.opened(data) as once:
            counting = _Counting(once, given.runs, given.seconds)
            options = (
                f"-seed={given.seed}",
                f"-max_len={_LONGEST_INPUT}",
                f"-timeout={_HANG_SECONDS}",
                f"-rss_limit_mb={_MOST_MEBIBYTES}",
                f"-artifact_prefix={_BUILD}/fuzz-",
            )
            atheris.Setup([sys.argv[0], *options, str(corpus)], counting.try_input)
            atheris.Fuzz()


if __name__ == "__main__":
    main()
