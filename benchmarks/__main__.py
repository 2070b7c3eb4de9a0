# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints a table and writes build/benchmarks.json.

Both servers run at once and are called in turns, so that what else the machine does
falls on both. What counts is the ratio, not the figures: those are this machine's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.load import Figures, call_for
from benchmarks.programs import Program, running

if TYPE_CHECKING:
    from collections.abc import Callable

_OUTPUT = Path("build/benchmarks.json")
_SERVICE = "/longtake.v1.VideoService"
_MODEL = "veo-3.1-generate-001"
_ROUNDS = 5
_ROUND_SECONDS = 2.0


def main() -> None:
    """Run all benchmarks."""
    if not Path("/proc/self/stat").exists():
        sys.exit("benchmarks: processor time is read from /proc, which only Linux has")
    with tempfile.TemporaryDirectory(prefix="longtake-benchmarks-") as folder:
        environment = {
            "LONGTAKE_LISTEN": "127.0.0.1:0",
            "LONGTAKE_DATA_FOLDER": str(Path(folder) / "data"),
            "LONGTAKE_UPSTREAM": "simulator",
            # No generation ends, so that nothing is rendered meanwhile.
            "LONGTAKE_SIMULATOR_LATENCY_SECONDS": "100000",
            "LONGTAKE_LOG_LEVEL": "warning",
        }
        with running(["longtake_server", "serve"], environment) as server:
            name, answer = asyncio.run(_one_operation(server))
            (Path(folder) / "answer").write_bytes(answer)
            peer = ["benchmarks.bare_server", str(Path(folder) / "answer")]
            with running(peer, {}) as bare:
                results = asyncio.run(_measure(server, bare, name))
    _report(results)


async def _one_operation(server: Program) -> tuple[str, bytes]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        operation = await VideoServiceStub(channel).GenerateVideos(_generation())
    return operation.name, operation.SerializeToString()


def _generation() -> GenerateVideosRequest:
    return GenerateVideosRequest(
        request_id=str(uuid.uuid4()), model=_MODEL, prompt="A paper boat sails down a rainy street"
    )


async def _measure(server: Program, bare: Program, name: str) -> dict[str, dict[str, Figures]]:
    get = GetOperationRequest(name=name).SerializeToString()
    return {
        "GetOperation, 32 callers": await _in_turns(server, bare, "GetOperation", lambda: get, 32),
        "GenerateVideos, 1 caller": await _in_turns(
            server, bare, "GenerateVideos", lambda: _generation().SerializeToString(), 1
        ),
    }


async def _in_turns(
    server: Program, bare: Program, method: str, request: Callable[[], bytes], callers: int
) -> dict[str, Figures]:
    figures = {"longtake-server": Figures(), "bare grpc.aio": Figures()}
    path = f"{_SERVICE}/{method}"
    for program in (server, bare):
        await call_for(program, path, request, Figures(), seconds=0.5, callers=callers)
    for _ in range(_ROUNDS):
        for program, added in zip((server, bare), figures.values(), strict=True):
            await call_for(program, path, request, added, seconds=_ROUND_SECONDS, callers=callers)
    return figures


def _report(results: dict[str, dict[str, Figures]]) -> None:
    rows = [
        {
            "benchmark": benchmark,
            "program": program,
            "calls": len(figures.latencies),
            "calls_per_second": round(figures.calls_per_second),
            "calls_per_core_second": round(figures.calls_per_core_second),
            "median_milliseconds": round(figures.median_milliseconds, 2),
        }
        for benchmark, programs in results.items()
        for program, figures in programs.items()
    ]
    _say(f"{'benchmark':26}{'program':17}{'calls/s':>9}{'calls/core s':>14}{'median ms':>11}")
    for row in rows:
        _say(
            f"{row['benchmark']:26}{row['program']:17}{row['calls_per_second']:9}"
            f"{row['calls_per_core_second']:14}{row['median_milliseconds']:11}"
        )
    for benchmark, programs in results.items():
        ours, bare = programs.values()
        share = ours.calls_per_core_second / bare.calls_per_core_second
        more = ours.median_milliseconds - bare.median_milliseconds
        _say(f"{benchmark}: {share:.2f} of bare per core, median {more:+.2f} ms")
    _OUTPUT.parent.mkdir(exist_ok=True)
    _OUTPUT.write_text(json.dumps(rows, indent=2) + "\n")
    _say(f"Written: {_OUTPUT}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
