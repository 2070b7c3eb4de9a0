# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""GenerateVideos, on disk: its latency at a fixed rate, from one caller, and its processor time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.burner import half_a_core_taken
from benchmarks.caller import AUTHENTICATED
from benchmarks.load import SERVICE, Figures, call_all, call_at_pace, milliseconds
from benchmarks.programs import in_batches
from benchmarks.report import Table, at_most
from benchmarks.servers import accepted, authenticated, bare, generation, quota

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.programs import Program

_METHOD = f"{SERVICE}/GenerateVideos"
_PAGE = bytes(4096)


@dataclass
class _Found:
    """What was measured of a program.

    Attributes:
        paced: The seconds of each call at the fixed rate.
        alone: The calls of one caller in sequence.
        together: The calls of many callers.
    """

    paced: list[float] = field(default_factory=list)
    alone: Figures = field(default_factory=Figures)
    together: Figures = field(default_factory=Figures)


def measure(
    *,
    rounds: int = 5,
    seconds: float = 3.0,
    per_second: float = 500.0,
    callers: int = 16,
    flushes: int = 50,
) -> Table:
    """Start generations. All but the first wait for the upstream."""
    with tempfile.TemporaryDirectory(prefix="longtake-admission-") as name, ExitStack() as running:
        folder = Path(name)
        server = running.enter_context(
            authenticated(folder, catalogue_file=quota(folder, max_concurrent=1))
        )
        answer = asyncio.run(accepted(server, generation())).SerializeToString()
        with in_batches():
            peer = running.enter_context(bare(folder, answer, server.metadata))
        programs = {"longtake-server": server, "bare grpc.aio": peer}
        calls = int(seconds * per_second)
        asyncio.run(_warm_up(programs, calls, per_second))
        found = {program: _Found() for program in programs}
        flushed: list[float] = []
        at_twice: list[float] = []
        for _ in range(rounds):
            asyncio.run(_round(programs, found, calls, per_second, callers))
            asyncio.run(_at_twice(peer, at_twice, calls, per_second))
            flushed += _flushes(folder / "data" / "flushed", flushes)
    ours, theirs = found.values()
    return Table(
        title="GenerateVideos, accepted",
        note=f"{per_second:g} calls a second at fixed times, in {rounds} alternating rounds of "
        f"{seconds:g} s. A call's latency counts from when it was due. Longtake answers when the "
        "operation is on disk. In the same rounds, one caller in sequence makes a tenth of as many "
        f"calls, and {callers} concurrent ones as many, of which the processor time counts; both "
        "servers use SCHED_BATCH. The third row is the bare server at twice the rate: the tail of "
        "this machine grows with its load. The last row is the time of the disk alone to flush "
        "4 KiB. The upstream's quota is used up, so no submission competes for the cores. "
        f"{AUTHENTICATED}",
        columns=(
            *("program", "calls", "p50 ms", "p95 ms", "p99 ms"),
            *("one caller, p50 ms", f"{callers} callers, p50 ms", "calls/core s", "processor ms"),
        ),
        rows=(
            *(_row(name, each) for name, each in found.items()),
            (f"bare grpc.aio, {2 * per_second:g} a second", *_latencies(at_twice), "", "", "", ""),
            ("disk flush", *_latencies(flushed), "", "", "", ""),
        ),
        budgets=(
            at_most(
                f"GenerateVideos on disk, p50 at {per_second:g} a second",
                3.0,
                milliseconds(ours.paced, 0.5) - milliseconds(theirs.paced, 0.5),
                "ms above bare",
            ),
            at_most(
                f"GenerateVideos on disk, p99 at {per_second:g} a second",
                20.0,
                milliseconds(ours.paced, 0.99) - milliseconds(theirs.paced, 0.99),
                "ms above bare",
            ),
            at_most(
                "GenerateVideos on disk, one caller, p50",
                2.0,
                ours.alone.median_milliseconds - theirs.alone.median_milliseconds,
                "ms above bare",
            ),
        ),
    )


def measure_on_less(*, rounds: int = 5, seconds: float = 3.0, per_second: float = 500.0) -> Table:
    """Measure the same while another program takes half a core from both servers."""
    with half_a_core_taken():
        table = measure(rounds=rounds, seconds=seconds, per_second=per_second)
    return replace(
        table,
        title=f"{table.title}, half a core taken",
        note="As above, while another program spins on one core for 5 ms of every 10 ms, with "
        "precedence over all others (SCHED_FIFO) if the system allows it.",
        budgets=tuple(
            replace(budget, what=f"{budget.what}, half a core taken") for budget in table.budgets
        ),
    )


async def _warm_up(programs: Mapping[str, Program], calls: int, per_second: float) -> None:
    for program in programs.values():
        await call_at_pace(program, _METHOD, _requests(calls), per_second)


async def _round(
    programs: Mapping[str, Program],
    found: Mapping[str, _Found],
    calls: int,
    per_second: float,
    callers: int,
) -> None:
    for name, program in programs.items():
        each = found[name]
        each.paced += await call_at_pace(program, _METHOD, _requests(calls), per_second)
        await call_all(program, _METHOD, _requests(calls // 10), each.alone, callers=1)
        await call_all(program, _METHOD, _requests(calls), each.together, callers=callers)


async def _at_twice(program: Program, paced: list[float], calls: int, per_second: float) -> None:
    paced += await call_at_pace(program, _METHOD, _requests(2 * calls), 2 * per_second)


def _requests(count: int) -> Sequence[bytes]:
    return [generation().SerializeToString() for _ in range(count)]


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


def _row(name: str, found: _Found) -> tuple[str, ...]:
    per_core_second = found.together.calls_per_core_second
    return (
        name,
        *_latencies(found.paced),
        f"{found.alone.median_milliseconds:.2f}",
        f"{found.together.median_milliseconds:.2f}",
        f"{per_core_second:.0f}",
        f"{1000 / per_core_second:.2f}",
    )


def _latencies(seconds: Sequence[float]) -> tuple[str, ...]:
    shares = (0.5, 0.95, 0.99)
    return (str(len(seconds)), *(f"{milliseconds(seconds, share):.2f}" for share in shares))
