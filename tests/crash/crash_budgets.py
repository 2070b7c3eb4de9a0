# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs operations under budgets while the server is killed, and checks what is left reserved.

As a command it runs ten thousand operations.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from crash.crash_views import View, watch_all
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    GenerateVideosRequest,
)
from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.storage import budget_table
from longtake_server.storage.database import reading_beside
from processes.running import server, simulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server

OPERATIONS = 10_000
KILLS = 25
_AT_ONCE = 200
_RUNS = 5
_CANCELLED, _DELETED = 0.1, 0.1
_SUCCEEDED = GenerateVideosMetadata.State.SUCCEEDED
# Most generations deliver nothing, since rendering takes long. Those whose submission breaks off
# have started, so they spend what they reserved.
_EVENTS = ("[sim:filter]",) * 14 + ("[sim:drop]", "[sim:reject]", "[sim:filter][sim:quota]")
_RENDERED = 0.003
_BUDGETS = """
["principal/"]
time_zone = "Asia/Tokyo"
cost_per_day = 1_000_000
cost_per_month = 1_000_000
seconds_per_week = 1_000_000
max_queued = 100_000
requests_per_minute = 1_000_000

["label/run=*"]
cost_per_month = 1_000_000
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        succeeded: The number of operations that succeeded.
        spending: The number of those that did not and may be billed.
        restarts: How often the server was killed and restarted.
        spent_micros: The cost of all, in millionths of a US dollar.
    """

    succeeded: int
    spending: int
    restarts: int
    spent_micros: int


def _request(number: int, chance: random.Random) -> GenerateVideosRequest:
    event = "" if chance.random() < _RENDERED else chance.choice(_EVENTS)
    return GenerateVideosRequest(
        request_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        model="veo-3.1-lite-generate-001",
        prompt=f"{number} [sim:latency seconds={chance.uniform(0, 0.5):.2f}]{event}",
        config={
            "duration_seconds": chance.choice((4, 6)),
            "resolution": "720p",
            "number_of_videos": chance.choice((1, 1, 2)) if event else 1,
            "labels": {"run": str(number % _RUNS)},
        },
    )


class Run:
    """A run whose random choices follow from its seed."""

    def __init__(self, longtake: Server, database: Path, operations: int, kills: int, seed: int):
        self._longtake = longtake
        self._database = database
        self._chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._requests = [_request(number, self._chance) for number in range(operations)]
        self._kill_at = sorted(self._chance.sample(range(1, 2 * operations - _AT_ONCE), kills))
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._accepted: dict[str, GenerateVideosRequest] = {}
        self._progress = 0
        self._moved = asyncio.Event()
        self._all = View()

    async def to_the_end(self) -> Outcome:
        """Run, and check the sums."""
        stub = await self._longtake.start()
        watched = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                watch_all(
                    stub,
                    self._all,
                    len(self._requests),
                    begun=watched.set,
                    ended=self._one_ended,
                )
            )
            await watched.wait()
            tasks.create_task(self._accept_all(stub, tasks))
            await self._kill_again_and_again()
        await self._delete_some(stub)
        return await asyncio.to_thread(self._checked)

    async def _accept_all(self, stub: VideoServiceAsyncStub, tasks: asyncio.TaskGroup) -> None:
        for request in self._requests:
            await self._places.acquire()
            tasks.create_task(self._accept(stub, request))

    async def _accept(self, stub: VideoServiceAsyncStub, request: GenerateVideosRequest) -> None:
        operation = await _answered(lambda: stub.GenerateVideos(request, wait_for_ready=True))
        assert operation is not None
        assert operation.name not in self._accepted
        self._accepted[operation.name] = request
        self._move()
        if self._chance.random() < _CANCELLED:
            cancel = CancelOperationRequest(name=operation.name)
            await _answered(lambda: stub.CancelOperation(cancel, wait_for_ready=True))

    def _one_ended(self) -> None:
        self._places.release()
        self._move()

    def _move(self) -> None:
        self._progress += 1
        self._moved.set()

    async def _kill_again_and_again(self) -> None:
        """Kill the server at random points between the first request and the last end."""
        for point in self._kill_at:
            while self._progress < point:
                self._moved.clear()
                await self._moved.wait()
            await self._longtake.process.kill()
            await self._longtake.start()

    async def _delete_some(self, stub: VideoServiceAsyncStub) -> None:
        """Delete operations that have ended: what they spent must stay."""
        for name in self._accepted:
            if self._chance.random() < _DELETED:
                delete = DeleteOperationRequest(name=name)
                await stub.DeleteOperation(delete, wait_for_ready=True)

    def _checked(self) -> Outcome:
        """Check that nothing is reserved, and that each budget spent what its operations did."""
        expected: dict[str, Amounts] = {}
        for name, operation in self._all.newest.items():
            request = self._accepted[name]
            spent = _spent(operation, request)
            for subject in ("principal/", f"label/run={request.config.labels['run']}"):
                expected[subject] = expected.get(subject, Amounts()) + spent
        with reading_beside(self._database) as connection:
            stored = budget_table.spending(connection)
        # A run across midnight or the end of a month has several periods of a kind.
        sums: dict[tuple[str, int], Amounts] = {}
        for charge, amounts in stored.items():
            key = charge.subject, len(charge.period_key)
            sums[key] = sums.get(key, Amounts()) + amounts
        assert len(sums) == 3 * len(expected)
        for (subject, _), amounts in sums.items():
            assert amounts == expected[subject], subject
        newest = self._all.newest.values()
        succeeded = sum(one.metadata.state == _SUCCEEDED for one in newest)
        spending = sum(_micros(one) > 0 for one in newest if one.metadata.state != _SUCCEEDED)
        return Outcome(succeeded, spending, len(self._kill_at), expected["principal/"].spent_micros)


async def _answered(
    call: Callable[[], Awaitable[GenerateVideosOperation]],
) -> GenerateVideosOperation:
    """Repeat a call until it is answered; request_id makes that safe for a new operation."""
    while True:
        try:
            return await call()
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise


def _micros(operation: GenerateVideosOperation) -> int:
    cost = operation.metadata.estimated_cost
    return int(cost.units) * 1_000_000 + int(cost.nanos) // 1000


def _spent(operation: GenerateVideosOperation, request: GenerateVideosRequest) -> Amounts:
    """Return what an operation spent, by what its caller sees of it."""
    micros, config = _micros(operation), request.config
    if operation.metadata.state == _SUCCEEDED:
        return Amounts(
            spent_micros=micros,
            spent_milliseconds=round(operation.metadata.billed_seconds * 1000),
        )
    seconds = config.duration_seconds * config.number_of_videos if micros else 0
    return Amounts(spent_micros=micros, spent_milliseconds=seconds * 1000)


async def run(folder: Path, operations: int, kills: int, seed: int) -> Outcome:
    """Start a simulator and a server in a folder, and run.

    Raises:
        AssertionError: Something is still reserved, or a sum is not that of the operations.

    """
    budgets = folder / "budgets.toml"
    budgets.write_text(_BUDGETS)
    async with (
        simulator(folder) as upstream,
        server(
            folder,
            upstream,
            budgets_file=str(budgets),
            max_upstream_calls="32",
            poll_shortest_seconds="0.2",
            poll_longest_seconds="2",
        ) as longtake,
    ):
        database = folder / "data" / "longtake.db"
        return await Run(longtake, database, operations, kills, seed).to_the_end()


def main() -> int:
    """Run once, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=OPERATIONS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="longtake-crash-") as folder:
        outcome = asyncio.run(run(Path(folder), given.operations, given.kills, given.seed))
    print(
        f"seed {given.seed}: {given.operations} operations, {outcome.restarts} restarts, "
        f"{outcome.succeeded} succeeded, {outcome.spending} others may be billed; 0 reserved, "
        f"{outcome.spent_micros / 1e6:.2f} USD spent as by the operations, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
