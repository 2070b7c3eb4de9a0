# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Clients at all replicas, which go on at another one after a failure and note each answer."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
from cluster.cluster_history import Call, History, Told
from cluster.cluster_parts import MODEL
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    GenerateVideosRequest,
    GetOperationRequest,
    ListOperationsRequest,
    WatchOperationRequest,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2 import WatchOperationResponse
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

# A replica that says nothing for this long may be suspended, so another one is asked.
_PATIENCE_SECONDS = 8.0
_HEARTBEAT_SECONDS = 2
_LONGEST_WAIT_SECONDS = 0.5
_LONGEST_BETWEEN_READS_SECONDS = 5.0
# After a long outage more would only wait in a longer queue.
_AT_ONCE = 50
_CANCELLED = 0.15
_LONGEST_BEFORE_CANCELLATION_SECONDS = 4.0
_RETRIED = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
# Directives for the upstream's behaviour; most requests have none.
_EVENTS = ("", "", "", "", "[sim:quota]", "[sim:poll-unavailable]")


class Clients:
    """Creates operations, and follows, reads and cancels them.

    Args:
        stubs: One for each replica.
        chance: Makes all choices.

    Attributes:
        histories: What was told, by the name of the operation.
        requests: The request of each operation that was acknowledged, by its name.
        ends: Each operation as its watcher saw it end, by its name.
        retries: How many calls failed and were repeated.

    """

    def __init__(self, stubs: Sequence[VideoServiceAsyncStub], chance: random.Random) -> None:
        self._stubs = stubs
        self._chance = chance
        self.histories: dict[str, History] = {}
        self.requests: dict[str, GenerateVideosRequest] = {}
        self.ends: dict[str, GenerateVideosOperation] = {}
        self.retries = 0
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self, operations: int, seconds: float) -> None:
        """Create operations over a time, and follow each to its end."""
        dues = sorted(self._chance.uniform(0, seconds) for _ in range(operations))
        async with asyncio.TaskGroup() as tasks:
            for number, due in enumerate(dues):
                tasks.create_task(self._live(number, due))

    async def read_everywhere(self) -> None:
        """Read each operation once more, through each replica."""
        for name, history in self.histories.items():
            for stub in self._stubs:
                await self._get(name, history, stub)

    async def listed(self) -> list[set[str]]:
        """Return the names of all operations, as each replica lists them."""
        return [await _list_all(stub) for stub in self._stubs]

    async def _live(self, number: int, due: float) -> None:
        await asyncio.sleep(due)
        async with self._places:
            await self._create_and_follow(number)

    async def _create_and_follow(self, number: int) -> None:
        chance = self._chance
        request = GenerateVideosRequest(
            request_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            model=MODEL,
            prompt=f"{number} [sim:filter][sim:latency seconds={chance.uniform(0, 3):.2f}]"
            + chance.choice(_EVENTS),
            # The upstream lists its generations by seed.
            config={"duration_seconds": 4, "resolution": "720p", "seed": number},
        )
        history = History(created=time.monotonic())
        operation = await self._told(
            Call.CREATE,
            history,
            lambda stub: stub.GenerateVideos(request, timeout=_PATIENCE_SECONDS),
        )
        name = operation.name
        assert name not in self.histories, f"{name} was given to two requests"
        self.histories[name], self.requests[name] = history, request
        reading = asyncio.create_task(self._read_again_and_again(name, history))
        try:
            if chance.random() < _CANCELLED:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._watch(name, history))
                    tasks.create_task(self._cancel(name, history))
            else:
                await self._watch(name, history)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read_again_and_again(self, name: str, history: History) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0, _LONGEST_BETWEEN_READS_SECONDS))
            await self._get(name, history)

    async def _get(
        self, name: str, history: History, stub: VideoServiceAsyncStub | None = None
    ) -> None:
        request = GetOperationRequest(name=name)
        await self._told(
            Call.GET,
            history,
            lambda other: (stub or other).GetOperation(request, timeout=_PATIENCE_SECONDS),
        )

    async def _cancel(self, name: str, history: History) -> None:
        await asyncio.sleep(self._chance.uniform(0, _LONGEST_BEFORE_CANCELLATION_SECONDS))
        history.cancelled = time.monotonic()
        request = CancelOperationRequest(name=name)
        await self._told(
            Call.CANCEL,
            history,
            lambda stub: stub.CancelOperation(request, timeout=_PATIENCE_SECONDS),
        )

    async def _told(
        self,
        call: Call,
        history: History,
        ask: Callable[[VideoServiceAsyncStub], Awaitable[GenerateVideosOperation]],
    ) -> GenerateVideosOperation:
        """Call replicas until one answers, and note the answer."""
        while True:
            begun = time.monotonic()
            try:
                operation = await ask(self._chance.choice(self._stubs))
            except grpc.aio.AioRpcError as error:
                await self._after(error)
            else:
                history.told.append(Told.of(call, begun, time.monotonic(), operation))
                return operation

    async def _watch(self, name: str, history: History) -> None:
        """Watch to the end. After each failure another replica resumes by revision."""
        known = 0
        while True:
            begun = time.monotonic()
            request = WatchOperationRequest(
                name=name,
                after_revision=known,
                heartbeat_interval={"seconds": _HEARTBEAT_SECONDS},
            )
            stream = self._chance.choice(self._stubs).WatchOperation(request)
            try:
                async for operation in _operations(stream):
                    told = Told.of(Call.WATCH, begun, time.monotonic(), operation)
                    history.told.append(told)
                    known = operation.revision
                assert operation.done, f"the watch of {name} ended at revision {known}"
                self.ends[name] = operation
            except grpc.aio.AioRpcError as error:
                await self._after(error)
            except TimeoutError:
                self.retries += 1
            else:
                return
            finally:
                stream.cancel()

    async def _after(self, error: grpc.aio.AioRpcError) -> None:
        if error.code() not in _RETRIED:
            raise error
        self.retries += 1
        await asyncio.sleep(self._chance.uniform(0, _LONGEST_WAIT_SECONDS))


async def _operations(
    stream: grpc.aio.UnaryStreamCall[WatchOperationRequest, WatchOperationResponse],
) -> AsyncIterator[GenerateVideosOperation]:
    """Yield the states that arrive. Raises TimeoutError if not even a heartbeat does."""
    while True:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            message: Any = await stream.read()
        if message is grpc.aio.EOF:
            return
        if message.HasField("operation"):
            yield message.operation


async def _list_all(stub: VideoServiceAsyncStub) -> set[str]:
    names: set[str] = set()
    token = ""
    while True:
        request = ListOperationsRequest(page_size=400, page_token=token)
        page = await stub.ListOperations(request)
        names |= {operation.name for operation in page.operations}
        token = page.next_page_token
        if not token:
            return names


@asynccontextmanager
async def clients(addresses: Sequence[str], chance: random.Random) -> AsyncIterator[Clients]:
    """Connect to all replicas until the block ends."""
    options = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.max_receive_message_length", 64 << 20),
    ]
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(each, options=options))
            for each in addresses
        ]
        yield Clients([VideoServiceStub(channel) for channel in channels], chance)
