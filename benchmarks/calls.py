# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""GetOperation: calls per second of processor time, compared with the bare server."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GetOperationRequest

from benchmarks.caller import AUTHENTICATED
from benchmarks.load import SERVICE, Figures, call_for
from benchmarks.programs import in_batches
from benchmarks.report import Table, at_least
from benchmarks.servers import accepted, authenticated, bare, generation

if TYPE_CHECKING:
    from benchmarks.programs import Program

_METHOD = f"{SERVICE}/GetOperation"


def measure(*, rounds: int = 5, seconds: float = 2.0, callers: int = 32) -> Table:
    """Read one operation repeatedly, alternating between the servers."""
    with tempfile.TemporaryDirectory(prefix="longtake-calls-") as name, ExitStack() as running:
        folder = Path(name)
        server = running.enter_context(authenticated(folder))
        operation = asyncio.run(accepted(server, generation()))
        request = GetOperationRequest(name=operation.name).SerializeToString()
        answer = operation.SerializeToString()
        programs = {
            "longtake-server": server,
            "bare grpc.aio": running.enter_context(bare(folder, answer, server.metadata)),
        }
        with in_batches():
            programs["bare grpc.aio, SCHED_BATCH"] = running.enter_context(
                bare(folder, answer, server.metadata)
            )
        figures = asyncio.run(_in_turns(programs, request, rounds, seconds, callers))
    ours, theirs, theirs_in_batches = figures.values()
    return Table(
        title="GetOperation",
        note=f"{callers} concurrent callers, {rounds} alternating rounds of {seconds:g} s. "
        "Longtake uses SCHED_BATCH; the last row is the bare server with SCHED_BATCH. "
        f"{AUTHENTICATED}",
        columns=("program", "calls/s", "calls/core s", "median ms"),
        rows=tuple(
            (
                name,
                f"{each.calls_per_second:.0f}",
                f"{each.calls_per_core_second:.0f}",
                f"{each.median_milliseconds:.2f}",
            )
            for name, each in figures.items()
        ),
        budgets=(
            at_least(
                "GetOperation, calls per second of a core",
                0.8,
                ours.calls_per_core_second / theirs.calls_per_core_second,
                "of bare",
            ),
            at_least(
                "GetOperation, calls per second of a core, both with SCHED_BATCH",
                0.85,
                ours.calls_per_core_second / theirs_in_batches.calls_per_core_second,
                "of bare",
            ),
        ),
    )


async def _in_turns(
    programs: dict[str, Program], request: bytes, rounds: int, seconds: float, callers: int
) -> dict[str, Figures]:
    figures = {name: Figures() for name in programs}
    for program in programs.values():
        await call_for(program, _METHOD, request, Figures(), seconds=seconds / 4, callers=callers)
    for _ in range(rounds):
        for name, program in programs.items():
            await call_for(
                program, _METHOD, request, figures[name], seconds=seconds, callers=callers
            )
    return figures
