# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls methods, in a closed loop or at a fixed rate, and opens many watches."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AsyncExitStack

    from longtake.v1.video_service_pb2 import WatchOperationRequest

    from benchmarks.caller import Metadata
    from benchmarks.programs import Program

SERVICE = "/longtake.v1.VideoService"

# Streams per connection, so that the load resembles many clients.
STREAMS_EACH = 500


@dataclass
class Figures:
    """The sum of several rounds of calls.

    Attributes:
        latencies: Seconds of each call.
        wall_seconds: Elapsed time.
        processor_seconds: Processor time of the server.
    """

    latencies: list[float] = field(default_factory=list)
    wall_seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def calls_per_second(self) -> float:
        """Calls per second of elapsed time. Limited by the client too."""
        return len(self.latencies) / self.wall_seconds

    @property
    def calls_per_core_second(self) -> float:
        """Calls per second of the server's processor time."""
        return len(self.latencies) / self.processor_seconds

    @property
    def median_milliseconds(self) -> float:
        """The median latency in milliseconds."""
        return milliseconds(self.latencies, 0.5)


async def call_for(
    program: Program,
    method: str,
    request: bytes,
    figures: Figures,
    *,
    seconds: float,
    callers: int,
) -> None:
    """Call a method from concurrent callers and add to the figures.

    Args:
        program: The server.
        method: The full name, with slashes.
        request: The serialized request.
        figures: Receives the measurements.
        seconds: Duration.
        callers: Number of concurrent calls.

    Raises:
        grpc.aio.AioRpcError: A call failed.

    """
    async with grpc.aio.insecure_channel(program.address) as channel:
        await channel.channel_ready()
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        processor, start = program.processor_seconds(), time.perf_counter()

        async def caller() -> None:
            while (begun := time.perf_counter()) - start < seconds:
                await call(request, metadata=program.metadata)
                figures.latencies.append(time.perf_counter() - begun)

        await asyncio.gather(*(caller() for _ in range(callers)))
        figures.wall_seconds += time.perf_counter() - start
        figures.processor_seconds += program.processor_seconds() - processor


async def call_all(
    program: Program, method: str, requests: Sequence[bytes], figures: Figures, *, callers: int
) -> None:
    """Make one call for each request, from concurrent callers, and add to the figures.

    Args:
        program: The server.
        method: The full name, with slashes.
        requests: The serialized requests.
        figures: Receives the measurements.
        callers: Number of concurrent calls.

    Raises:
        grpc.aio.AioRpcError: A call failed.

    """
    async with grpc.aio.insecure_channel(program.address) as channel:
        await channel.channel_ready()
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        waiting = iter(requests)
        processor, start = program.processor_seconds(), time.perf_counter()

        async def caller() -> None:
            for request in waiting:
                begun = time.perf_counter()
                await call(request, metadata=program.metadata)
                figures.latencies.append(time.perf_counter() - begun)

        await asyncio.gather(*(caller() for _ in range(callers)))
        figures.wall_seconds += time.perf_counter() - start
        figures.processor_seconds += program.processor_seconds() - processor


async def call_at_pace(
    program: Program, method: str, requests: Sequence[bytes], per_second: float
) -> list[float]:
    """Call a method at a fixed rate, regardless of how long the calls take.

    Args:
        program: The server.
        method: The full name, with slashes.
        requests: The serialized requests.
        per_second: Calls per second.

    Returns:
        Seconds from the time when each call was due to its response.

    Raises:
        grpc.aio.AioRpcError: A call failed.

    """
    async with grpc.aio.insecure_channel(program.address) as channel:
        await channel.channel_ready()
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        async def answered(request: bytes, due: float) -> float:
            await call(request, metadata=program.metadata)
            return time.perf_counter() - due

        start = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            begun = []
            for number, request in enumerate(requests):
                due = start + number / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                begun.append(tasks.create_task(answered(request, due)))
        return [task.result() for task in begun]


def milliseconds(latencies: Sequence[float], share: float) -> float:
    """Return a quantile of latencies in milliseconds. `share` is between 0 and 1."""
    return sorted(latencies)[min(len(latencies) - 1, int(len(latencies) * share))] * 1000


async def watching(
    address: str,
    metadata: Metadata,
    requests: Sequence[WatchOperationRequest],
    channels: AsyncExitStack,
) -> list[AsyncIterator[bytes]]:
    """Open a WatchOperation stream for each request. Closing `channels` ends them."""
    streams: list[AsyncIterator[bytes]] = []
    for first in range(0, len(requests), STREAMS_EACH):
        # Channels to one address would share a connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = await channels.enter_async_context(
            grpc.aio.insecure_channel(address, options=options)
        )
        watch: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            f"{SERVICE}/WatchOperation"
        )
        streams += [
            aiter(watch(request.SerializeToString(), metadata=metadata))
            for request in requests[first : first + STREAMS_EACH]
        ]
    return streams


async def drained(messages: AsyncIterator[bytes]) -> int:
    """Read a stream to its end and return the size of its messages in bytes."""
    size = 0
    async for message in messages:
        size += len(message)
    return size
