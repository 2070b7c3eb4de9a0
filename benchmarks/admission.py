# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""GenerateVideos at a fixed rate: the latency of an accepted operation that is on disk."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.caller import AUTHENTICATED
from benchmarks.load import SERVICE, call_at_pace, milliseconds
from benchmarks.report import Table, at_most
from benchmarks.servers import accepted, authenticated, bare, generation, quota

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.programs import Program

_METHOD = f"{SERVICE}/GenerateVideos"
_PAGE = bytes(4096)


def measure(
    *, rounds: int = 5, seconds: float = 3.0, per_second: float = 500.0, flushes: int = 50
) -> Table:
    """Start generations. All but the first wait for the upstream."""
    with tempfile.TemporaryDirectory(prefix="longtake-admission-") as name:
        folder = Path(name)
        with authenticated(folder, catalogue_file=quota(folder, max_concurrent=1)) as server:
            operation = asyncio.run(accepted(server, generation()))
            with bare(folder, operation.SerializeToString(), server.metadata) as peer:
                programs = {"longtake-server": server, "bare grpc.aio": peer}
                found: dict[str, list[float]] = {program: [] for program in programs}
                flushed: list[float] = []
                for number in range(rounds + 1):
                    latencies = asyncio.run(_round(programs, int(seconds * per_second), per_second))
                    # The first round is a warm-up.
                    if number:
                        flushed += _flushes(folder / "data" / "flushed", flushes)
                        for program, each in latencies.items():
                            found[program] += each
    ours, theirs = found.values()
    return Table(
        title="GenerateVideos, accepted",
        note=f"{per_second:g} calls a second at fixed times, in {rounds} alternating rounds of "
        f"{seconds:g} s. A call's latency counts from when it was due. Longtake answers when the "
        "operation is on disk. The last row is the time of the disk alone to flush 4 KiB. The "
        f"upstream's quota is used up, so no submission competes for the cores. {AUTHENTICATED}",
        columns=("program", "calls", "p50 ms", "p95 ms", "p99 ms"),
        rows=tuple(_row(name, each) for name, each in [*found.items(), ("disk flush", flushed)]),
        budgets=(
            at_most(
                f"GenerateVideos on disk, p50 at {per_second:g} a second",
                3.0,
                milliseconds(ours, 0.5) - milliseconds(theirs, 0.5),
                "ms above bare",
            ),
            at_most(
                f"GenerateVideos on disk, p99 at {per_second:g} a second",
                20.0,
                milliseconds(ours, 0.99) - milliseconds(theirs, 0.99),
                "ms above bare",
            ),
        ),
    )


async def _round(
    programs: Mapping[str, Program], calls: int, per_second: float
) -> dict[str, list[float]]:
    return {
        name: await call_at_pace(
            program,
            _METHOD,
            [generation().SerializeToString() for _ in range(calls)],
            per_second,
        )
        for name, program in programs.items()
    }


def _flushes(path: Path, count: int) -> list[float]:
    """Return the seconds that each of `count` writes took to reach the disk."""
    found = []
    with path.open("ab", buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(_PAGE)
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - begun)
    return found


def _row(name: str, latencies: Sequence[float]) -> tuple[str, ...]:
    shares = (0.5, 0.95, 0.99)
    return (
        name,
        str(len(latencies)),
        *(f"{milliseconds(latencies, share):.2f}" for share in shares),
    )
