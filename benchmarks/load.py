# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls a unary method as fast as the server answers, and counts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.programs import Program


@dataclass
class Figures:
    """What rounds of calls came to, added up.

    Attributes:
        latencies: Seconds of each call.
        wall_seconds: Time that passed.
        processor_seconds: Processor time that the server took.
    """

    latencies: list[float] = field(default_factory=list)
    wall_seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def calls_per_second(self) -> float:
        """Calls per second of the clock; here the client's speed counts, too."""
        return len(self.latencies) / self.wall_seconds

    @property
    def calls_per_core_second(self) -> float:
        """Calls per second of the server's processor time: what a core of it can do."""
        return len(self.latencies) / self.processor_seconds

    @property
    def median_milliseconds(self) -> float:
        """The latency that half of the calls stay under."""
        return sorted(self.latencies)[len(self.latencies) // 2] * 1000


async def call_for(
    program: Program,
    method: str,
    request: Callable[[], bytes],
    figures: Figures,
    *,
    seconds: float,
    callers: int,
) -> None:
    """Call a method from as many callers at once, and add to the figures.

    Args:
        program: The server.
        method: The full name, with its slashes.
        request: Makes the bytes of a request.
        figures: Added to.
        seconds: How long.
        callers: How many calls are under way at any time.

    Raises:
        grpc.aio.AioRpcError: A call failed.

    """
    async with grpc.aio.insecure_channel(program.address) as channel:
        await channel.channel_ready()
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        processor, start = program.processor_seconds(), time.perf_counter()

        async def caller() -> None:
            while (begun := time.perf_counter()) - start < seconds:
                await call(request())
                figures.latencies.append(time.perf_counter() - begun)

        await asyncio.gather(*(caller() for _ in range(callers)))
        figures.wall_seconds += time.perf_counter() - start
        figures.processor_seconds += program.processor_seconds() - processor
