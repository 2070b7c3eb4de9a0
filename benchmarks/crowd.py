# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand watchers come, are told, are killed, come back and end; memory comes back, too.

The watchers are benchmarks.crowd_client, a process of its own that is killed with SIGKILL.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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

from benchmarks.report import Table, at_most
from benchmarks.servers import generation, longtake, quota

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from longtake.v1.operation_pb2 import GenerateVideosOperation

    from benchmarks.programs import Program

_OPERATIONS = 100
_CHANGES = 3
_MEBIBYTE = 1 << 20
# Of the memory before the crowd: what there may be when it has gone.
_MOST_OF_BEFORE = 1.1
# Memory that is not back by then does not come back.
_BACK_SECONDS = 60.0
_BETWEEN_LOOKS_SECONDS = 0.1
# So long that none comes, and so short that one comes soon.
_NO_HEARTBEAT, _HEARTBEAT = 300, 10


class _Client:
    """The process of the watchers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def carry_out(self, **order: object) -> str:
        """Have an order carried out, and return how much the watchers were told so far.

        Raises:
            RuntimeError: One was told what it should not have been.

        """
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert self._process.stdout is not None  # noqa: S101 - likewise
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("a watcher was told what it should not have been, as said above")
        told: dict[str, int] = json.loads(line)
        return f"{told['messages']} states, {told['heartbeats']} heartbeats"

    async def kill(self) -> None:
        """End it as a machine does that loses power."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def _client(address: str) -> AsyncIterator[_Client]:
    """Run the process; it is killed on leaving."""
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
    """Operations that wait in the queue, and move up by a place when one before them leaves.

    The embedded simulator generates one at a time, and never ends.
    """

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self._before: list[str] = []
        self.revisions: dict[str, int] = {}

    async def begin(self) -> None:
        """Fill the queue."""
        first = await self._accepted()
        operation = await self._newest(first)
        while operation.metadata.state != GenerateVideosMetadata.RUNNING:
            operation = await self._later(operation)
        self._before = [await self._accepted() for _ in range(3 * _CHANGES)]
        self.revisions = {await self._accepted(): 0 for _ in range(_OPERATIONS)}

    async def change(self) -> None:
        """Change each operation that is watched, and note its new revision."""
        await self._stub.CancelOperation(CancelOperationRequest(name=self._before.pop()))
        for place, name in enumerate(self.revisions, start=len(self._before) + 1):
            now = await self._newest(name)
            while now.metadata.queue_position != place:
                now = await self._later(now)
            self.revisions[name] = now.revision

    async def end(self) -> None:
        """End each operation that is watched, the last in the queue first."""
        for name in reversed(self.revisions):
            ended = await self._stub.CancelOperation(CancelOperationRequest(name=name))
            self.revisions[name] = ended.revision

    async def _accepted(self) -> str:
        return str((await self._stub.GenerateVideos(generation())).name)

    async def _newest(self, name: str) -> GenerateVideosOperation:
        newest: GenerateVideosOperation = await self._stub.GetOperation(
            GetOperationRequest(name=name)
        )
        return newest

    async def _later(self, known: GenerateVideosOperation) -> GenerateVideosOperation:
        request = WaitOperationRequest(name=known.name, after_revision=known.revision)
        later: GenerateVideosOperation = await self._stub.WaitOperation(request)
        return later


@dataclass
class _Run:
    """A server under a crowd, and what each step came to.

    Attributes:
        before: The resident memory to come back to.
        rows: What was done, in what time, the memory after it, and what was told.
        left: The memory after the crowd had gone, by how it went.
    """

    server: Program
    operations: _Operations
    watchers: int
    before: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)

    async def go(self) -> None:
        """Do all steps."""
        await self.operations.begin()
        await self._warm_up()
        async with _client(self.server.address) as client:
            known = dict.fromkeys(self.operations.revisions, 0)
            await self._watch(client, "connected", known, _NO_HEARTBEAT)
            await self._tell(client)
        await self._gone("were killed")
        async with _client(self.server.address) as client:
            await self._watch(client, "resumed", self.operations.revisions, _HEARTBEAT)
            await self._tell(client)
            await self._end(client)
        await self._gone("have ended")

    async def _warm_up(self) -> None:
        """Let a tenth of the crowd come, be told and go."""
        watchers = max(_OPERATIONS, self.watchers // 10)
        async with _client(self.server.address) as client:
            known = dict.fromkeys(self.operations.revisions, 0)
            await client.carry_out(watch=known, watchers=watchers, heartbeat_seconds=_NO_HEARTBEAT)
            for _ in range(_CHANGES):
                await self.operations.change()
                await client.carry_out(until=self.operations.revisions)
        self.before = await self._settled()
        self._add("before", 0.0, self.before)

    async def _settled(self) -> int:
        """Return the memory once it has become no less for some seconds."""
        least, since = self.server.resident_bytes(), time.perf_counter()
        while time.perf_counter() - since < _BACK_SECONDS / 4:
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
            if (now := self.server.resident_bytes()) < least:
                least, since = now, time.perf_counter()
        return least

    async def _watch(
        self, client: _Client, what: str, known: Mapping[str, int], heartbeat_seconds: int
    ) -> None:
        start = time.perf_counter()
        told = await client.carry_out(
            watch=known, watchers=self.watchers, heartbeat_seconds=heartbeat_seconds
        )
        self._add(what, time.perf_counter() - start, self.server.resident_bytes(), told)

    async def _tell(self, client: _Client) -> None:
        start = time.perf_counter()
        told = ""
        for _ in range(_CHANGES):
            await self.operations.change()
            told = await client.carry_out(until=self.operations.revisions)
        what = f"told of {_CHANGES} changes"
        self._add(what, time.perf_counter() - start, self.server.resident_bytes(), told)

    async def _end(self, client: _Client) -> None:
        start = time.perf_counter()
        await self.operations.end()
        told = await client.carry_out(ended=True)
        self._add(
            "told of the end", time.perf_counter() - start, self.server.resident_bytes(), told
        )

    async def _gone(self, how: str) -> None:
        """Wait until the server has let the crowd go and given its memory back."""
        start = time.perf_counter()
        while (memory := self.server.resident_bytes()) > self.before * _MOST_OF_BEFORE:
            if time.perf_counter() - start > _BACK_SECONDS:
                break
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        self.left[how] = memory
        self._add(f"all {how}", time.perf_counter() - start, memory)

    def _add(self, what: str, seconds: float, memory: int, told: str = "") -> None:
        share = memory / self.before
        self.rows.append(
            (what, f"{seconds:.1f}", f"{memory / _MEBIBYTE:.0f}", f"{share:.2f}", told)
        )


def measure(*, watchers: int = 10_000) -> Table:
    """Measure a crowd on a server of its own.

    Raises:
        RuntimeError: A watcher missed the newest state, or was told one twice or out of order.

    """
    run = asyncio.run(_run(watchers))
    return Table(
        title=f"{watchers} watchers of {_OPERATIONS} operations, killed and resumed",
        note="Resident memory of the server; before is after a tenth of the crowd has come and "
        "been killed. Each watcher must be told each operation's newest revision, none twice and "
        "none out of order, also those that resume from the revision that those before them had: "
        "until the next change they are told that nothing changed.",
        columns=("step", "seconds", "MiB", "of before", "told in all"),
        rows=tuple(run.rows),
        budgets=tuple(
            at_most(
                f"memory when {watchers} watchers {how}",
                _MOST_OF_BEFORE,
                left / run.before,
                "of before",
            )
            for how, left in run.left.items()
        ),
    )


async def _run(watchers: int) -> _Run:
    with tempfile.TemporaryDirectory(prefix="longtake-crowd-") as name:
        folder = Path(name)
        one_at_a_time = quota(folder, requests_per_minute=0, max_concurrent=1)
        settings = {"catalogue_file": one_at_a_time, "generation_limit_seconds": "1000000"}
        with longtake(folder, **settings) as server:
            async with grpc.aio.insecure_channel(server.address) as channel:
                run = _Run(server, _Operations(VideoServiceStub(channel)), watchers)
                await run.go()
    return run
