# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches at other replicas than the one that makes the change."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import httpx
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    WatchOperationRequest,
    WatchOperationResponse,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.load import drained, watching
from benchmarks.servers import accepted, generation
from benchmarks.watchers import waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.programs import Program
    from benchmarks.replicas import Replicas


@dataclass(frozen=True)
class Crowd:
    """Measurements of many watchers of one operation at several replicas.

    Attributes:
        bytes_each: Resident memory of the replicas per watcher.
        connect_seconds: Time until every watcher had its first message.
        news_seconds: Time from the change until every watcher had received it.
    """

    bytes_each: float
    connect_seconds: float
    news_seconds: float


async def news_seconds(cluster: Replicas, changes: int) -> list[float]:
    """Change operations at one replica, and return when the watcher at another one knew.

    Seconds from the answer to the call that made the change, which leaves after the commit. A
    watcher that knew before that answer arrived counts as 0.
    """
    changed, watched = cluster.programs[:2]
    return [await _one_change(changed, watched) for _ in range(changes)]


async def _one_change(changed: Program, watched: Program) -> float:
    name = await waiting(changed)
    async with (
        grpc.aio.insecure_channel(changed.address) as channel,
        AsyncExitStack() as channels,
    ):
        requests = [WatchOperationRequest(name=name)]
        [stream] = await watching(watched.address, (), requests, channels)
        await anext(stream)
        knowing = asyncio.create_task(_when_done(stream))
        await VideoServiceStub(channel).CancelOperation(CancelOperationRequest(name=name))
        answered = time.perf_counter()
        return max(0.0, await knowing - answered)


async def _when_done(stream: AsyncIterator[bytes]) -> float:
    async for data in stream:
        if WatchOperationResponse.FromString(data).operation.done:
            return time.perf_counter()
    raise RuntimeError("a watch ended early")


async def crowd(cluster: Replicas, watchers: int) -> Crowd:
    """Watch one operation at all replicas, and end it at the first one."""
    programs = cluster.programs
    empty = [program.resident_bytes() for program in programs]
    name = await waiting(programs[0])
    start = time.perf_counter()
    async with (
        grpc.aio.insecure_channel(programs[0].address) as channel,
        AsyncExitStack() as channels,
    ):
        await channel.channel_ready()
        streams: list[AsyncIterator[bytes]] = []
        for number, program in enumerate(programs):
            requests = [WatchOperationRequest(name=name)] * len(
                range(number, watchers, len(programs))
            )
            streams += await watching(program.address, (), requests, channels)
        await asyncio.gather(*(anext(stream) for stream in streams))
        connected = time.perf_counter()
        held = [program.resident_bytes() for program in programs]
        rest = asyncio.gather(*(drained(stream) for stream in streams))
        changing = time.perf_counter()
        await VideoServiceStub(channel).CancelOperation(CancelOperationRequest(name=name))
        await rest
        told = time.perf_counter()
    return Crowd((sum(held) - sum(empty)) / watchers, connected - start, told - changing)


async def polls(cluster: Replicas, generations: int, seconds: float) -> int:
    """Watch generations to their end, each at every replica, and return the upstream's polls."""
    # They end in a failure, so nothing is rendered.
    prompt = f"wait [sim:latency seconds={seconds:g}] [sim:fail]"
    programs = cluster.programs
    names = [
        (await accepted(programs[number % len(programs)], generation(f"{prompt} {number}"))).name
        for number in range(generations)
    ]
    requests = [WatchOperationRequest(name=name) for name in names]
    async with AsyncExitStack() as channels:
        streams = [
            stream
            for program in programs
            for stream in await watching(program.address, (), requests, channels)
        ]
        await asyncio.gather(*(drained(stream) for stream in streams))
    async with httpx.AsyncClient(base_url=cluster.simulator.address) as upstream:
        told = (await upstream.get("/simulator/statistics")).raise_for_status().json()
    return int(told["polls"])
