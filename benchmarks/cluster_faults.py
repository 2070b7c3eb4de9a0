# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the loss of a replica costs: the time until submissions and watches go on."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import grpc
import httpx
from longtake.v1.video_service_pb2 import WatchOperationRequest, WatchOperationResponse

from benchmarks.load import watching
from benchmarks.servers import accepted, generation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.replicas import Replicas

_GUARD_SECONDS = 120.0


async def takeover_seconds(cluster: Replicas) -> float:
    """Kill the engine, and return the seconds until another one has submitted something.

    An operation is accepted at once by another replica. Afterwards there are as many replicas as
    before.
    """
    engine = await cluster.engine()
    async with httpx.AsyncClient(
        base_url=cluster.simulator.address, timeout=_GUARD_SECONDS
    ) as upstream:
        cluster.kill(engine)
        start = time.perf_counter()
        # The dead engine sends nothing any more.
        told = (await upstream.get("/simulator/statistics")).raise_for_status().json()
        await accepted(cluster.programs[0], generation())
        wanted = {"submissions": told["submissions_received"] + 1}
        (await upstream.post("/simulator/wait", params=wanted)).raise_for_status()
        taken = time.perf_counter() - start
    await asyncio.to_thread(cluster.start, 1)
    await cluster.engine()
    return taken


async def resumption_seconds(cluster: Replicas, watchers: int) -> float:
    """Kill a replica, and return the seconds until all of its watches go on at another one.

    The replica is not the engine. Each watcher resumes with the revision before the last one that
    it has, so that it gets a message at once.
    """
    engine = await cluster.engine()
    killed = next(each for each in cluster.programs if each is not engine)
    operation = await accepted(engine, generation())
    first = WatchOperationRequest(name=operation.name)
    async with AsyncExitStack() as channels:
        streams = await watching(killed.address, (), [first] * watchers, channels)
        known = [await _revision(stream) for stream in streams]
        cluster.kill(killed)
        start = time.perf_counter()
        await asyncio.gather(*(_broken(stream) for stream in streams))
        resumed = [
            WatchOperationRequest(name=operation.name, after_revision=revision - 1)
            for revision in known
        ]
        streams = await watching(engine.address, (), resumed, channels)
        await asyncio.gather(*(_revision(stream) for stream in streams))
        taken = time.perf_counter() - start
    await asyncio.to_thread(cluster.start, 1)
    return taken


async def _revision(stream: AsyncIterator[bytes]) -> int:
    """Return the revision of the next state."""
    async for data in stream:
        message = WatchOperationResponse.FromString(data)
        if message.HasField("operation"):
            return message.operation.revision
    raise RuntimeError("a watch ended early")


async def _broken(stream: AsyncIterator[bytes]) -> None:
    try:
        async for _ in stream:
            pass
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return
    raise RuntimeError("a watch ended although its replica was killed")
