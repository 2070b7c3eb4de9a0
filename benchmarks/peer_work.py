# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The work that Longtake and its peers are measured on.

Imports only what every one of their environments has.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmarks.programs import Program

# The largest video that the simulator sends inline.
VIDEO_BYTES = 128 << 20
MODEL = "veo-3.1-generate-001"
DURATION_SECONDS = 4
RESOLUTION = "720p"

# A generation without an end is never rendered, so rendering does not compete for the processor.
ENDLESS = "A paper boat sails down a rainy street [sim:never]"
LARGE = "A paper boat sails down a rainy street [sim:size bytes={size}]"


class Caller(Protocol):
    """Uses a program as its users do."""

    async def submit(self, prompt: str) -> str:
        """Start a generation and return the program's name for it."""

    async def read(self, name: str) -> bool:
        """Read the state of a generation and return whether it is done."""

    async def wait(self, name: str) -> None:
        """Wait until a generation is done, without polling the program."""

    async def download(self, name: str) -> int:
        """Download the video of a generation and return its size in bytes."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The amount of work.

    Attributes:
        seconds: How long states are read.
        callers: Number of concurrent reads.
        submissions: Number of sequential submissions.
        video_bytes: Size of the downloaded video.
    """

    seconds: float = 10.0
    callers: int = 32
    submissions: int = 200
    video_bytes: int = VIDEO_BYTES


@dataclass(frozen=True, slots=True)
class Work:
    """Measurements of the work.

    Attributes:
        reads: Number of states read.
        read_seconds: Processor time of the program for the reads.
        caller_seconds: Processor time of the caller for the reads.
        submit_seconds: Latency of each submission.
        first_download_seconds: Processor time of the program from the submission until the caller
            has all bytes of the video.
        download_seconds: Processor time of the program for a second download.
        download_wall_seconds: Elapsed time of the second download.
        start_bytes: Resident memory before the work.
        end_bytes: Resident memory after the work.
        peak_bytes: Peak resident memory.
    """

    reads: int
    read_seconds: float
    caller_seconds: float
    submit_seconds: list[float]
    first_download_seconds: float
    download_seconds: float
    download_wall_seconds: float
    start_bytes: int
    end_bytes: int
    peak_bytes: int


async def work(caller: Caller, program: Program, effort: Effort) -> Work:
    """Do the work. The process must do nothing else meanwhile.

    Args:
        caller: Makes the calls.
        program: The program that is called: a server, or this process.
        effort: The amount of work.

    """
    start_bytes = program.resident_bytes()
    running = await caller.submit(ENDLESS)
    await _reads(caller, running, effort.seconds / 4, effort.callers)
    processor, own = program.processor_seconds(), time.process_time()
    reads = await _reads(caller, running, effort.seconds, effort.callers)
    read_seconds = program.processor_seconds() - processor
    caller_seconds = time.process_time() - own

    processor = program.processor_seconds()
    large = await caller.submit(LARGE.format(size=effort.video_bytes))
    await caller.wait(large)
    await _download(caller, large, effort.video_bytes)
    first_download_seconds = program.processor_seconds() - processor
    processor, begun = program.processor_seconds(), time.perf_counter()
    await _download(caller, large, effort.video_bytes)
    download_wall_seconds = time.perf_counter() - begun
    download_seconds = program.processor_seconds() - processor

    return Work(
        reads=reads,
        read_seconds=read_seconds,
        caller_seconds=caller_seconds,
        submit_seconds=[await _submission(caller) for _ in range(effort.submissions)],
        first_download_seconds=first_download_seconds,
        download_seconds=download_seconds,
        download_wall_seconds=download_wall_seconds,
        start_bytes=start_bytes,
        end_bytes=program.resident_bytes(),
        peak_bytes=program.peak_bytes(),
    )


async def _reads(caller: Caller, name: str, seconds: float, callers: int) -> int:
    start, reads = time.perf_counter(), 0

    async def read() -> None:
        nonlocal reads
        while time.perf_counter() - start < seconds:
            if await caller.read(name):
                raise RuntimeError(f"{name} has ended, although it should run forever")
            reads += 1

    await asyncio.gather(*(read() for _ in range(callers)))
    return reads


async def _download(caller: Caller, name: str, size_bytes: int) -> None:
    if (read := await caller.download(name)) != size_bytes:
        raise RuntimeError(f"received {read} of {size_bytes} bytes")


async def _submission(caller: Caller) -> float:
    begun = time.perf_counter()
    await caller.submit(ENDLESS)
    return time.perf_counter() - begun
