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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    GenerateVideosRequest,
    GetOperationRequest,
    WatchOperationRequest,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.load import Figures, call_for
from benchmarks.programs import Program, running
from benchmarks.watchers import WATCHERS, Crowd, crowd

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
                crowds = asyncio.run(_crowds(server, bare))
                results = asyncio.run(_measure(server, bare, name))
    _report(results)
    _report_crowds(crowds)


async def _one_operation(server: Program) -> tuple[str, bytes]:
    async with grpc.aio.insecure_channel(server.address) as channel:
        operation = await VideoServiceStub(channel).GenerateVideos(_generation())
    return operation.name, operation.SerializeToString()


def _generation() -> GenerateVideosRequest:
    return GenerateVideosRequest(
        request_id=str(uuid.uuid4()), model=_MODEL, prompt="A paper boat sails down a rainy street"
    )


async def _crowds(server: Program, bare: Program) -> dict[str, Crowd]:
    """Watch an operation that waits to be tried again: its cancellation is one change."""
    method = f"{_SERVICE}/WatchOperation"
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = VideoServiceStub(channel)
        prompt = "wait [sim:unavailable retry=3600]"
        waiting = GenerateVideosRequest(model=_MODEL, prompt=prompt)
        name = (await stub.GenerateVideos(waiting)).name
        async for message in stub.WatchOperation(WatchOperationRequest(name=name)):
            if message.operation.metadata.HasField("next_retry_time"):
                break
    request = WatchOperationRequest(name=name).SerializeToString()
    crowds = {}
    for title, program in (("longtake-server", server), ("bare grpc.aio", bare)):
        async with grpc.aio.insecure_channel(program.address) as channel:
            cancel: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                f"{_SERVICE}/CancelOperation"
            )
            end = partial(cancel, CancelOperationRequest(name=name).SerializeToString())
            crowds[title] = await crowd(program, method, request, end)
    return crowds


def _report_crowds(crowds: dict[str, Crowd]) -> None:
    _say(
        f"{f'{WATCHERS} watchers':26}{'KiB each':>10}{'KiB left':>10}{'connect s':>11}{'news s':>9}"
    )
    for title, one in crowds.items():
        _say(
            f"{title:26}{one.bytes_each / 1024:10.1f}{one.bytes_left_each / 1024:10.1f}"
            f"{one.connect_seconds:11.2f}{one.news_seconds:9.2f}"
        )
    ours, bare = crowds.values()
    _say(
        f"{WATCHERS} watchers: {ours.bytes_each / bare.bytes_each:.2f} of bare memory, "
        f"news in {ours.news_seconds / bare.news_seconds:.2f} of bare time"
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
