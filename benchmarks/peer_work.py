# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The work that the service and its peers are measured at, whoever calls.

Imports nothing that is not in every one of their environments.
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

# Without an end nothing is rendered, which would take the processor from what is measured.
ENDLESS = "A paper boat sails down a rainy street [sim:never]"
LARGE = "A paper boat sails down a rainy street [sim:size bytes={size}]"


class Caller(Protocol):
    """Uses a program as its users do."""

    async def submit(self, prompt: str) -> str:
        """Start a generation, and return the name that the program gives it."""

    async def read(self, name: str) -> bool:
        """Ask for the state of a generation, and return whether it is done."""

    async def wait(self, name: str) -> None:
        """Return once a generation is done, without asking for its state again and again."""

    async def download(self, name: str) -> int:
        """Read the video of a generation to its end, and return its size."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work.

    Attributes:
        seconds: How long states are read.
        callers: How many reads are under way at any time.
        submissions: How many generations are started, one after the other.
        video_bytes: The size of the video that is downloaded.
    """

    seconds: float = 10.0
    callers: int = 32
    submissions: int = 200
    video_bytes: int = VIDEO_BYTES


@dataclass(frozen=True, slots=True)
class Work:
    """What the work came to.

    Attributes:
        reads: States that were read.
        read_seconds: Processor time of the program for that.
        caller_seconds: Processor time of the caller for that.
        submit_seconds: Time of each submission.
        first_download_seconds: Processor time of the program from a submission until the caller
            has all bytes of the video.
        download_seconds: Processor time of the program for the same bytes once more.
        download_wall_seconds: Time that passed meanwhile.
        start_bytes: Resident memory before the work.
        end_bytes: Resident memory after it.
        peak_bytes: The most resident memory until then.
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
    """Do the work, in a process that does nothing else.

    Args:
        caller: Who calls.
        program: What is called: a server, or this very process.
        effort: How much to do.

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
                raise RuntimeError(f"{name} has ended, which has no end")
            reads += 1

    await asyncio.gather(*(read() for _ in range(callers)))
    return reads


async def _download(caller: Caller, name: str, size_bytes: int) -> None:
    if (read := await caller.download(name)) != size_bytes:
        raise RuntimeError(f"{read} of {size_bytes} bytes came")


async def _submission(caller: Caller) -> float:
    begun = time.perf_counter()
    await caller.submit(ENDLESS)
    return time.perf_counter() - begun
