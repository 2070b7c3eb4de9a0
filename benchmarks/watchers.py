# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Many watchers of one operation: their memory, and how fast a change reaches all of them."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import CancelOperationRequest, WatchOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.caller import AUTHENTICATED
from benchmarks.load import SERVICE, STREAMS_EACH, drained, watching
from benchmarks.report import Table, at_most
from benchmarks.servers import accepted, authenticated, bare, generation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from benchmarks.programs import Program


@dataclass(frozen=True)
class Crowd:
    """Measurements of one round.

    Attributes:
        bytes_each: Resident memory of the server per watcher.
        connect_seconds: Time until every watcher had its first message.
        news_seconds: Time from the change until every watcher had received it.
        bytes_left_each: Memory per watcher after all have disconnected.
    """

    bytes_each: float
    connect_seconds: float
    news_seconds: float
    bytes_left_each: float


def measure(*, watchers: int = 10_000, rounds: int = 5) -> Table:
    """Watch one operation with all watchers and change it, alternating between servers."""
    with tempfile.TemporaryDirectory(prefix="longtake-watchers-") as name:
        folder = Path(name)
        with authenticated(folder) as server:
            operation = asyncio.run(accepted(server, generation()))
            with bare(folder, operation.SerializeToString(), server.metadata) as peer:
                programs = {"longtake-server": server, "bare grpc.aio": peer}
                crowds = asyncio.run(_in_turns(programs, watchers, rounds))
    ours, theirs = (_news(each) for each in crowds.values())
    # Later rounds reuse the memory of the first one, so only the first one counts.
    our_bytes, their_bytes = (each[0].bytes_each for each in crowds.values())
    return Table(
        title=f"{watchers} watchers of one operation",
        note=f"{rounds} alternating rounds per server, over connections of {STREAMS_EACH} streams. "
        "Notify is the time from the call that ends the operation until the last watcher has "
        "received the final state and the end of its stream. Times are medians. Memory is the "
        f"growth of resident memory in the first round. {AUTHENTICATED}",
        columns=(
            "program",
            "KiB each",
            "KiB each left",
            "connect s",
            "notify s",
            "notify s, worst",
        ),
        rows=tuple(_row(name, each) for name, each in crowds.items()),
        budgets=(
            at_most(f"{watchers} watchers, memory", 1.3, our_bytes / their_bytes, "of bare"),
            at_most(f"{watchers} watchers, time to notify all", 1.5, ours / theirs, "of bare"),
        ),
    )


def _news(crowds: Sequence[Crowd]) -> float:
    return median(crowd.news_seconds for crowd in crowds)


def _row(name: str, crowds: Sequence[Crowd]) -> tuple[str, ...]:
    return (
        name,
        f"{crowds[0].bytes_each / 1024:.1f}",
        f"{crowds[-1].bytes_left_each / 1024:.1f}",
        f"{median(crowd.connect_seconds for crowd in crowds):.2f}",
        f"{_news(crowds):.2f}",
        f"{max(crowd.news_seconds for crowd in crowds):.2f}",
    )


async def _in_turns(
    programs: Mapping[str, Program], watchers: int, rounds: int
) -> dict[str, list[Crowd]]:
    crowds: dict[str, list[Crowd]] = {name: [] for name in programs}
    empty = {name: program.resident_bytes() for name, program in programs.items()}
    server = next(iter(programs.values()))
    for _ in range(rounds):
        operation = await waiting(server)
        for name, program in programs.items():
            crowds[name].append(await _crowd(program, operation, watchers, empty[name]))
    return crowds


async def waiting(server: Program) -> str:
    """Return a queued operation that waits for a retry, so cancelling it is one change."""
    # The simulator refuses each prompt once.
    prompt = f"wait {uuid.uuid4()} [sim:unavailable retry=3600]"
    name = (await accepted(server, generation(prompt))).name
    async with grpc.aio.insecure_channel(server.address) as channel:
        stream = VideoServiceStub(channel).WatchOperation(
            WatchOperationRequest(name=name), metadata=server.metadata
        )
        async for message in stream:
            if message.operation.metadata.HasField("next_retry_time"):
                break
    return name


async def _crowd(program: Program, operation: str, watchers: int, empty: int) -> Crowd:
    """Connect all watchers, end the operation, and wait until all have received the end."""
    start = time.perf_counter()
    async with AsyncExitStack() as channels:
        requests = [WatchOperationRequest(name=operation)] * watchers
        messages = await watching(program.address, program.metadata, requests, channels)
        await asyncio.gather(*(anext(one) for one in messages))
        connected = time.perf_counter()
        held = program.resident_bytes()
        cancel = await _cancelling(program, operation, channels)
        changing = time.perf_counter()
        rest = asyncio.gather(*(drained(one) for one in messages))
        await cancel()
        await rest
        told = time.perf_counter()
    return Crowd(
        bytes_each=(held - empty) / watchers,
        connect_seconds=connected - start,
        news_seconds=told - changing,
        bytes_left_each=(program.resident_bytes() - empty) / watchers,
    )


async def _cancelling(
    program: Program, operation: str, channels: AsyncExitStack
) -> Callable[[], Awaitable[bytes]]:
    channel = await channels.enter_async_context(grpc.aio.insecure_channel(program.address))
    await channel.channel_ready()
    cancel: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
        f"{SERVICE}/CancelOperation"
    )
    request = CancelOperationRequest(name=operation).SerializeToString()
    return partial(cancel, request, metadata=program.metadata)
