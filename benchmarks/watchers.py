# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Many watchers of one operation: what they cost in memory, and how fast news reach them all."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.programs import Program

WATCHERS = 10_000
# A connection has at most so many streams of ours, as many clients would share the server.
_STREAMS_EACH = 500


@dataclass(frozen=True)
class Crowd:
    """What a crowd of watchers came to.

    Attributes:
        bytes_each: Resident memory of the server for a watcher.
        connect_seconds: Until each had its first message.
        news_seconds: From the change until each had been told.
        bytes_left_each: What of it stays when all have left.
    """

    bytes_each: float
    connect_seconds: float
    news_seconds: float
    bytes_left_each: float


async def crowd(
    program: Program, method: str, request: bytes, change: Callable[[], Awaitable[object]]
) -> Crowd:
    """Watch with everybody, make a change, and wait until everybody knows.

    Args:
        program: The server.
        method: The full name of a method that streams, with its slashes.
        request: The bytes of its request.
        change: Makes the change, after which every stream ends.

    """
    before = program.resident_bytes()
    start = time.perf_counter()
    async with AsyncExitStack() as channels:
        streams: list[grpc.aio.UnaryStreamCall[bytes, bytes]] = []
        for number in range(WATCHERS // _STREAMS_EACH):
            options = [("grpc.use_local_subchannel_pool", 1), ("longtake.channel", number)]
            channel = await channels.enter_async_context(
                grpc.aio.insecure_channel(program.address, options=options)
            )
            call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(method)
            streams += [call(request) for _ in range(_STREAMS_EACH)]
        messages = [aiter(stream) for stream in streams]
        await asyncio.gather(*(anext(one) for one in messages))
        connected = time.perf_counter()
        held = program.resident_bytes()
        changing = time.perf_counter()
        rest = asyncio.gather(*(_drain(one) for one in messages))
        await change()
        await rest
        told = time.perf_counter()
    left = program.resident_bytes()
    return Crowd(
        bytes_each=(held - before) / WATCHERS,
        connect_seconds=connected - start,
        news_seconds=told - changing,
        bytes_left_each=(left - before) / WATCHERS,
    )


async def _drain(messages: object) -> None:
    async for _ in messages:  # type: ignore[attr-defined]  # an asynchronous iterator of bytes
        pass
