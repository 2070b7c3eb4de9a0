# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""10,000 watchers connect, are killed and resume; the server must return their memory.

The watchers run in one process, benchmarks.crowd_client, which is killed with SIGKILL.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    GetOperationRequest,
    WaitOperationRequest,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.caller import AUTHENTICATED
from benchmarks.report import Table, at_most
from benchmarks.servers import authenticated, generation, quota

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from longtake.v1.operation_pb2 import GenerateVideosOperation

    from benchmarks.caller import Metadata
    from benchmarks.programs import Program

_OPERATIONS = 100
_CHANGES = 3
_MEBIBYTE = 1 << 20
# The limit of memory after the watchers have gone, as a share of memory before.
_MOST_OF_BEFORE = 1.1
# Memory that has not shrunk for this long counts as final.
_STILL_SECONDS = 15.0
_BETWEEN_READINGS_SECONDS = 0.1
# In seconds: long enough that no heartbeat is sent, and short enough that one is sent soon.
_NO_HEARTBEAT, _HEARTBEAT = 300, 10


class _Client:
    """The process that runs the watchers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def carry_out(self, **order: object) -> str:
        """Send an order, wait until it is done, and return how much was received so far.

        Raises:
            RuntimeError: A watcher received an unexpected message.

        """
        assert self._process.stdin is not None  # noqa: S101 - created with a pipe
        assert self._process.stdout is not None  # noqa: S101 - likewise
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("a watcher received an unexpected message; see the error above")
        told: dict[str, int] = json.loads(line)
        return f"{told['messages']} states, {told['heartbeats']} heartbeats"

    async def kill(self) -> None:
        """Kill the process, as a loss of power would."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def _client(address: str) -> AsyncIterator[_Client]:
    """Run the process of the watchers and kill it when the block ends."""
    client = _Client(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.crowd_client", address),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    )
    try:
        yield client
    finally:
        await client.kill()


class _Operations:
    """Queued operations. Cancelling one moves all that are behind it up by one position.

    The embedded simulator runs one generation at a time and never finishes it.
    """

    def __init__(self, stub: Any, metadata: Metadata) -> None:
        self._stub = stub
        self._metadata = metadata
        self._before: list[str] = []
        self.revisions: dict[str, int] = {}

    async def occupy(self) -> None:
        """Start the generation that uses up the quota."""
        operation = await self._newest(await self._accepted())
        while operation.metadata.state != GenerateVideosMetadata.RUNNING:
            operation = await self._later(operation)

    async def begin(self, changes: int) -> None:
        """Queue new operations whose positions can change `changes` times."""
        self._before = [await self._accepted() for _ in range(changes)]
        self.revisions = {await self._accepted(): 0 for _ in range(_OPERATIONS)}

    async def change(self) -> None:
        """Change every watched operation and record its new revision."""
        await self._stub.CancelOperation(
            CancelOperationRequest(name=self._before.pop()), metadata=self._metadata
        )
        for place, name in enumerate(self.revisions, start=len(self._before) + 1):
            now = await self._newest(name)
            while now.metadata.queue_position != place:
                now = await self._later(now)
            self.revisions[name] = now.revision

    async def end(self) -> None:
        """End every watched operation, starting at the end of the queue."""
        for name in reversed(self.revisions):
            ended = await self._stub.CancelOperation(
                CancelOperationRequest(name=name), metadata=self._metadata
            )
            self.revisions[name] = ended.revision

    async def _accepted(self) -> str:
        operation = await self._stub.GenerateVideos(generation(), metadata=self._metadata)
        return str(operation.name)

    async def _newest(self, name: str) -> GenerateVideosOperation:
        newest: GenerateVideosOperation = await self._stub.GetOperation(
            GetOperationRequest(name=name), metadata=self._metadata
        )
        return newest

    async def _later(self, known: GenerateVideosOperation) -> GenerateVideosOperation:
        request = WaitOperationRequest(name=known.name, after_revision=known.revision)
        later: GenerateVideosOperation = await self._stub.WaitOperation(
            request, metadata=self._metadata
        )
        return later


@dataclass(frozen=True)
class _Step:
    """One step of the benchmark.

    Attributes:
        what: What was done.
        seconds: How long it took.
        memory: Resident bytes of the server afterwards.
        told: What the watchers have received so far.
        gone: Whether no watcher is left.
    """

    what: str
    seconds: float
    memory: int
    told: str = ""
    gone: bool = False

    def row(self, before: int) -> tuple[str, ...]:
        """Return a row of the table; `before` is the memory in bytes to compare with."""
        mebibytes, share = self.memory / _MEBIBYTE, self.memory / before
        return (self.what, f"{self.seconds:.1f}", f"{mebibytes:.0f}", f"{share:.2f}", self.told)


@dataclass
class _Run:
    """A server and its watched operations."""

    server: Program
    operations: _Operations

    async def crowd(self, watchers: int) -> list[_Step]:
        """Connect the watchers, kill them, let them resume, and end the operations."""
        # One half of the changes happens before the kill, the other half after it.
        await self.operations.begin(2 * _CHANGES)
        async with _client(self.server.address) as client:
            known = dict.fromkeys(self.operations.revisions, 0)
            before_the_kill = [
                await self._watch(client, "connected", known, watchers, _NO_HEARTBEAT),
                await self._tell(client),
            ]
        killed = await self._gone("all were killed")
        async with _client(self.server.address) as client:
            known = self.operations.revisions
            after_the_kill = [
                await self._watch(client, "resumed", known, watchers, _HEARTBEAT),
                await self._tell(client),
                await self._end(client),
            ]
        ended = await self._gone("all have ended")
        return [*before_the_kill, killed, *after_the_kill, ended]

    async def _watch(
        self,
        client: _Client,
        what: str,
        known: Mapping[str, int],
        watchers: int,
        heartbeat_seconds: int,
    ) -> _Step:
        start = time.perf_counter()
        told = await client.carry_out(
            watch=known,
            watchers=watchers,
            heartbeat_seconds=heartbeat_seconds,
            metadata=self.server.metadata,
        )
        return self._step(what, start, told)

    async def _tell(self, client: _Client) -> _Step:
        start = time.perf_counter()
        told = ""
        for _ in range(_CHANGES):
            await self.operations.change()
            told = await client.carry_out(until=self.operations.revisions)
        return self._step(f"{_CHANGES} changes received", start, told)

    async def _end(self, client: _Client) -> _Step:
        start = time.perf_counter()
        await self.operations.end()
        told = await client.carry_out(ended=True)
        return self._step("end received", start, told)

    async def _gone(self, what: str) -> _Step:
        """Wait until memory has not shrunk for some seconds."""
        start = since = time.perf_counter()
        least = self.server.resident_bytes()
        while time.perf_counter() - since < _STILL_SECONDS:
            await asyncio.sleep(_BETWEEN_READINGS_SECONDS)
            if (now := self.server.resident_bytes()) < least:
                least, since = now, time.perf_counter()
        return _Step(what, since - start, least, gone=True)

    def _step(self, what: str, start: float, told: str) -> _Step:
        seconds = time.perf_counter() - start
        return _Step(what, seconds, self.server.resident_bytes(), told)


def measure(*, watchers: int = 10_000) -> Table:
    """Measure the watchers on their own server.

    Raises:
        RuntimeError: A watcher missed the newest state, or received one twice or out of order.

    """
    before, *steps = asyncio.run(_run(watchers))
    return Table(
        title=f"{watchers} watchers of {_OPERATIONS} operations, killed and resumed",
        note='MiB is the server\'s resident memory. "Before" is measured after a tenth of the '
        "watchers have gone through the same steps with other operations. After the watchers are "
        f"gone, it is the lowest value until memory has not shrunk for {_STILL_SECONDS:g} s, and "
        "the time is when that value was reached. The benchmark fails unless each watcher receives "
        "the newest revision of its operation, and none twice or out of order. Resumed watchers "
        "start from the last revision of the killed ones and receive heartbeats until the next "
        f"change. {AUTHENTICATED}",
        columns=("step", "seconds", "MiB", "of before", "received in all"),
        rows=tuple(step.row(before.memory) for step in (before, *steps)),
        budgets=tuple(
            at_most(
                f"memory of {watchers} watchers, after {step.what}",
                _MOST_OF_BEFORE,
                step.memory / before.memory,
                "of before",
            )
            for step in steps
            if step.gone
        ),
    )


async def _run(watchers: int) -> list[_Step]:
    """Return the state before, followed by the steps."""
    with tempfile.TemporaryDirectory(prefix="longtake-crowd-") as name:
        folder = Path(name)
        one_at_a_time = quota(folder, requests_per_minute=0, max_concurrent=1)
        settings = {"catalogue_file": one_at_a_time, "generation_limit_seconds": "1000000"}
        with authenticated(folder, **settings) as server:
            async with grpc.aio.insecure_channel(server.address) as channel:
                operations = _Operations(VideoServiceStub(channel), server.metadata)
                await operations.occupy()
                run = _Run(server, operations)
                *_, warm = await run.crowd(max(_OPERATIONS, watchers // 10))
                return [_Step("before", 0.0, warm.memory), *await run.crowd(watchers)]
