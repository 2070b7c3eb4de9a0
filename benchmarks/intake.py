# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Results that come inline: the memory and processor time that it takes to store them."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import GetOperationRequest, WatchOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.inline_upstream import prompt
from benchmarks.load import milliseconds
from benchmarks.programs import running
from benchmarks.report import Table, at_most
from benchmarks.servers import generation, longtake, on_simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

    from benchmarks.programs import Program

_MEBIBYTE = 1 << 20
_CALL_INTERVAL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class _Intake:
    """Measurements of results that arrived at the same time.

    Attributes:
        results: Number of results.
        videos: Number of videos of each result.
        size_bytes: Size of each video.
        growth_bytes: Peak memory minus the memory before.
        processor_seconds: Processor time of the server, from the submissions to the ends.
        latencies: Latencies of GetOperation meanwhile, in seconds.
    """

    results: int
    videos: int
    size_bytes: int
    growth_bytes: int
    processor_seconds: float
    latencies: list[float]

    @property
    def total_mebibytes(self) -> float:
        return self.results * self.videos * self.size_bytes / _MEBIBYTE


def measure(*, videos: int = 4, mebibytes: int = 40, together: int = 8) -> Table:
    """Let results arrive: a small one, a large one, and several large ones at once."""
    size = mebibytes * _MEBIBYTE // 3 * 3
    with (
        tempfile.TemporaryDirectory(prefix="longtake-intake-") as name,
        running(["benchmarks.inline_upstream"], {}) as upstream,
        longtake(Path(name), **on_simulator(Path(name), upstream)) as server,
    ):
        # The first result makes the server import and open what every result needs.
        for _ in range(2):
            small = asyncio.run(_taken(server, 1, 1, _MEBIBYTE // 3 * 3))
        one = asyncio.run(_taken(server, 1, videos, size))
        many = asyncio.run(_taken(server, together, videos, size))
    one_growth, many_growth = (
        (each.growth_bytes - small.growth_bytes) / _MEBIBYTE for each in (one, many)
    )
    return Table(
        title="Inline results",
        note="An upstream answers polls with inline videos, all answers at the same moment. Memory "
        "is the peak of resident memory until all operations have ended, minus the memory before "
        "the submissions. Processor time is from the submissions on. The latency is that of "
        f"GetOperation, called every {_CALL_INTERVAL_SECONDS * 1000:g} ms while the same results "
        "arrive once more; the client and the upstream share the cores. The calls have no "
        "credential.",
        columns=("results at once", "MiB", "MiB of memory", "MiB/core s", "p50 ms", "p99 ms"),
        rows=tuple(_row(each) for each in (small, one, many)),
        budgets=(
            at_most("Inline result, memory beside a small one", 32, one_growth, "MiB"),
            at_most(
                f"{together} inline results, memory beside a small one",
                32 * together,
                many_growth,
                "MiB",
            ),
        ),
    )


def _row(intake: _Intake) -> tuple[str, ...]:
    return (
        f"{intake.results} of {intake.videos} x {intake.size_bytes / _MEBIBYTE:.0f} MiB",
        f"{intake.total_mebibytes:.0f}",
        f"{intake.growth_bytes / _MEBIBYTE:.1f}",
        f"{intake.total_mebibytes / intake.processor_seconds:.0f}",
        f"{milliseconds(intake.latencies, 0.5):.2f}",
        f"{milliseconds(intake.latencies, 0.99):.2f}",
    )


async def _taken(program: Program, results: int, videos: int, size_bytes: int) -> _Intake:
    async with grpc.aio.insecure_channel(program.address) as channel:
        stub: VideoServiceAsyncStub = VideoServiceStub(channel)
        await channel.channel_ready()
        program.forget_peak()
        before, processor = program.resident_bytes(), program.processor_seconds()
        await _ended(stub, await _started(stub, results, videos, size_bytes), videos)
        growth = program.peak_bytes() - before
        processor_seconds = program.processor_seconds() - processor
        # In a round of their own, because they take processor time.
        names = await _started(stub, results, videos, size_bytes)
        ending = asyncio.create_task(_ended(stub, names, videos))
        latencies = await _latencies(stub, names[0], ending)
        await ending
    return _Intake(results, videos, size_bytes, growth, processor_seconds, latencies)


async def _started(
    stub: VideoServiceAsyncStub, results: int, videos: int, size_bytes: int
) -> list[str]:
    names = []
    for _ in range(results):
        request = generation(prompt(videos, size_bytes, results))
        request.config.number_of_videos = videos
        names.append((await stub.GenerateVideos(request)).name)
    return names


async def _ended(stub: VideoServiceAsyncStub, names: Sequence[str], videos: int) -> None:
    async def end(name: str) -> None:
        async for news in stub.WatchOperation(WatchOperationRequest(name=name)):
            if news.HasField("operation"):
                operation = news.operation
        if len(operation.response.generated_videos) != videos:
            raise RuntimeError(f"an operation ended without its videos: {operation}")

    await asyncio.gather(*(end(name) for name in names))


async def _latencies(
    stub: VideoServiceAsyncStub, name: str, ending: asyncio.Task[None]
) -> list[float]:
    """Return the latencies of calls until a task has ended."""
    found = []
    while not ending.done():
        begun = time.perf_counter()
        await stub.GetOperation(GetOperationRequest(name=name))
        found.append(time.perf_counter() - begun)
        await asyncio.sleep(_CALL_INTERVAL_SECONDS)
    return found
