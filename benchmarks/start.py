# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Start-up time and idle memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from longtake_server.operations.model import State
from longtake_server.rpc.health_client import check_health

from benchmarks.caller import registered
from benchmarks.report import Table, at_most
from benchmarks.servers import longtake, quota
from benchmarks.stored import record, store

_MEBIBYTE = 1 << 20
_DAY_SECONDS = 86_400
# The share of stored operations that have not ended.
_UNENDED_SHARE = 0.01


def measure(*, starts: int = 5, stored: int = 100_000) -> Table:
    """Start Longtake repeatedly, without stored operations and with many."""
    with tempfile.TemporaryDirectory(prefix="longtake-start-") as name:
        empty, full = Path(name) / "empty", Path(name) / "full"
        for folder in (empty, full):
            folder.mkdir()
            registered(folder)
        unended = max(1, int(stored * _UNENDED_SHARE))
        store(
            full,
            (
                record(
                    State.QUEUED if number < unended else State.SUCCEEDED,
                    age=timedelta(seconds=_DAY_SECONDS * number / stored),
                )
                for number in range(stored)
            ),
        )
        seconds_empty, bytes_empty = _starts(empty, starts)
        seconds_full, bytes_full = _starts(full, starts)
    return Table(
        title="Start",
        note=f"Medians of {starts} starts, from the new process until the health service reports "
        f"SERVING. {unended} of the {stored} operations have not ended. Memory is resident memory "
        "at that time, without the embedded simulator, which is a separate process. Authentication "
        "with API keys is on.",
        columns=("operations stored", "start s", "idle MiB"),
        rows=(
            ("0", f"{seconds_empty:.2f}", f"{bytes_empty / _MEBIBYTE:.1f}"),
            (str(stored), f"{seconds_full:.2f}", f"{bytes_full / _MEBIBYTE:.1f}"),
        ),
        budgets=(
            at_most("Start to SERVING", 1.5, seconds_empty, "s"),
            at_most(f"Start to SERVING with {stored} operations", 3, seconds_full, "s"),
            at_most("Idle memory", 90, bytes_empty / _MEBIBYTE, "MiB"),
        ),
    )


def _starts(folder: Path, count: int) -> tuple[float, float]:
    """Return the median seconds and the median bytes."""
    seconds, held = [], []
    for _ in range(count):
        begun = time.perf_counter()
        settings = {"catalogue_file": quota(folder, max_concurrent=1), "authentication": "keys"}
        with longtake(folder, **settings) as server:
            asyncio.run(check_health(server.address))
            seconds.append(time.perf_counter() - begun)
            held.append(server.resident_bytes())
    return median(seconds), median(held)
