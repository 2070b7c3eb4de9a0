# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""DownloadVideo of a large video, compared with the bare server."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import DownloadVideoRequest
from longtake_server.operations.model import State

from benchmarks.caller import AUTHENTICATED
from benchmarks.load import SERVICE, drained
from benchmarks.report import Table, at_least, at_most
from benchmarks.servers import authenticated, bare
from benchmarks.stored import record, store

if TYPE_CHECKING:
    from benchmarks.programs import Program

_MEBIBYTE = 1 << 20
# glibc keeps freed blocks up to the size of the largest block freed so far.
_KEPT_BLOCK_BYTES = 16 * _MEBIBYTE


@dataclass
class _Reads:
    """Measurements of the reads of a video.

    Attributes:
        bytes_per_second: Throughput of each read.
        growth_bytes: Peak memory of each read, minus the memory before it.
    """

    bytes_per_second: list[float] = field(default_factory=list)
    growth_bytes: list[int] = field(default_factory=list)


def measure(*, rounds: int = 11, size_bytes: int = 2 << 30) -> Table:
    """Read the whole video, alternating between the servers."""
    # Otherwise the client would page-fault on each chunk, and that would be measured.
    bytearray(_KEPT_BLOCK_BYTES)
    with tempfile.TemporaryDirectory(prefix="longtake-download-") as name:
        folder = Path(name)
        video = record(State.SUCCEEDED, size_bytes=size_bytes)
        store(folder, [video])
        file = folder / "data" / "media" / video.videos[0].location
        file.parent.mkdir(parents=True)
        # A sparse file keeps the disk out of the measurement.
        with file.open("wb") as holes:
            holes.truncate(size_bytes)
        with (
            authenticated(folder) as server,
            bare(folder, b"", server.metadata, file) as peer,
        ):
            programs = {"longtake-server": server, "bare grpc.aio": peer}
            reads = {program: _Reads() for program in programs}
            for _ in range(rounds):
                for program, each in programs.items():
                    asyncio.run(_read(each, f"{video.name}/videos/0", size_bytes, reads[program]))
    ours, theirs = (median(each.bytes_per_second) for each in reads.values())
    growth = max(next(iter(reads.values())).growth_bytes) / _MEBIBYTE
    return Table(
        title=f"DownloadVideo, {size_bytes / (1 << 30):g} GiB",
        note=f"Medians of {rounds} alternating reads. Both servers read the same sparse file, "
        "so the disk is not measured; the bare server reads 1 MiB at a time. Memory is the peak of "
        "resident memory during a read, minus the memory before it; the largest of all reads. "
        f"{AUTHENTICATED}",
        columns=("program", "MiB/s", "MiB of memory"),
        rows=tuple(
            (
                program,
                f"{median(each.bytes_per_second) / _MEBIBYTE:.0f}",
                f"{max(each.growth_bytes) / _MEBIBYTE:.1f}",
            )
            for program, each in reads.items()
        ),
        budgets=(
            at_least("DownloadVideo, bytes per second", 0.8, ours / theirs, "of bare"),
            at_most("DownloadVideo, growth of memory", 32, growth, "MiB"),
        ),
    )


async def _read(program: Program, name: str, size_bytes: int, reads: _Reads) -> None:
    options = [("grpc.max_receive_message_length", 2 * _MEBIBYTE)]
    request = DownloadVideoRequest(name=name).SerializeToString()
    async with grpc.aio.insecure_channel(program.address, options=options) as channel:
        await channel.channel_ready()
        download: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            f"{SERVICE}/DownloadVideo"
        )
        program.forget_peak()
        before, begun = program.resident_bytes(), time.perf_counter()
        read = await drained(aiter(download(request, metadata=program.metadata)))
        seconds = time.perf_counter() - begun
    if read < size_bytes:
        raise RuntimeError(f"received {read} of {size_bytes} bytes")
    reads.bytes_per_second.append(size_bytes / seconds)
    reads.growth_bytes.append(program.peak_bytes() - before)
