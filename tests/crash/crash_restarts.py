# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs many operations while the server is repeatedly killed."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from crash.crash_views import View, watch_all, watch_one
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GenerateVideosRequest, ListOperationsRequest
from processes.running import server, simulator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

_AT_ONCE = 150
_EACH_FOLLOWED = 20
_EACH_LABELLED = 10
# Directives for the upstream's behaviour; most requests have none.
_EVENTS = ("", "", "", "", "[sim:quota]", "[sim:quota times=2]", "[sim:poll-unavailable]")
_SETTINGS = {
    "max_upstream_calls": "12",
    "poll_shortest_seconds": "0.2",
    "poll_longest_seconds": "2",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done in a run.

    Attributes:
        operations: The number of operations.
        kills: How often the server is killed.
    """

    operations: int
    kills: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        succeeded: The number of operations that succeeded.
        unknown: The number of operations that were being submitted at a kill.
        restarts: How often the server was killed and restarted.
    """

    succeeded: int
    unknown: int
    restarts: int


def _requests(chance: random.Random, count: int) -> list[GenerateVideosRequest]:
    """Return requests with different prompts, because submissions are counted by prompt."""
    return [
        GenerateVideosRequest(
            request_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            model="veo-3.1-lite-generate-001",
            prompt=f"{number} [sim:filter][sim:latency seconds={chance.uniform(0, 0.8):.2f}]"
            + chance.choice(_EVENTS),
            config={
                "duration_seconds": 4,
                "resolution": "720p",
                "labels": {} if number % _EACH_LABELLED else {"tenth": "yes"},
            },
        )
        for number in range(count)
    ]


class Run:
    """A run whose random choices follow from its seed."""

    def __init__(self, longtake: Server, upstream: Simulator, scale: Scale, seed: int) -> None:
        self._longtake = longtake
        self._upstream = upstream
        chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._count = count = scale.operations
        self._requests = _requests(chance, count)
        self._kill_at = sorted(chance.sample(range(1, 2 * count - _AT_ONCE), scale.kills))
        self._followed = frozenset(chance.sample(range(count), count // _EACH_FOLLOWED))
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._progress = 0
        self._moved = asyncio.Event()
        self._accepted: dict[str, GenerateVideosRequest] = {}
        self._all, self._late, self._labelled = View(), View(), View()
        self._followers: dict[str, View] = {}

    async def to_the_end(self) -> Outcome:
        """Run, and check all guarantees."""
        stub = await self._longtake.start()
        watched = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                watch_all(stub, self._all, self._count, begun=watched.set, ended=self._one_ended)
            )
            await watched.wait()
            labelled = len(range(0, self._count, _EACH_LABELLED))
            wanted = 'labels.tenth = "yes"'
            tasks.create_task(watch_all(stub, self._labelled, labelled, wanted=wanted))
            tasks.create_task(self._accept_all(stub, tasks))
            await self._kill_again_and_again(tasks)
        return await self._checked(stub)

    async def _accept_all(self, stub: VideoServiceAsyncStub, tasks: asyncio.TaskGroup) -> None:
        for number, request in enumerate(self._requests):
            await self._places.acquire()
            tasks.create_task(self._accept(stub, tasks, number, request))

    async def _accept(
        self,
        stub: VideoServiceAsyncStub,
        tasks: asyncio.TaskGroup,
        number: int,
        request: GenerateVideosRequest,
    ) -> None:
        """Repeat a request until it is answered; its request_id makes that safe."""
        while True:
            try:
                operation = await stub.GenerateVideos(request, wait_for_ready=True)
                break
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
        assert operation.name not in self._accepted
        self._accepted[operation.name] = request
        self._move()
        if number in self._followed:
            view = self._followers[operation.name] = View()
            tasks.create_task(watch_one(stub, operation.name, view))

    def _one_ended(self) -> None:
        self._places.release()
        self._move()

    def _move(self) -> None:
        self._progress += 1
        self._moved.set()

    async def _kill_again_and_again(self, tasks: asyncio.TaskGroup) -> None:
        """Kill the server at random points between the first request and the last end."""
        for number, point in enumerate(self._kill_at):
            while self._progress < point:
                self._moved.clear()
                await self._moved.wait()
            await self._longtake.process.kill()
            stub = await self._longtake.start()
            if number == len(self._kill_at) // 2:
                tasks.create_task(watch_all(stub, self._late, self._count))

    async def _checked(self, stub: VideoServiceAsyncStub) -> Outcome:
        stored = await _list_all(stub)
        # Nothing is lost, and no repeated request created a second operation.
        assert stored.keys() == self._accepted.keys()
        assert len(stored) == self._count
        assert self._all.newest == stored
        assert self._late.newest == stored
        assert self._labelled.newest == {
            name: one for name, one in stored.items() if one.metadata.labels
        }
        for name, view in self._followers.items():
            assert view.newest == {name: stored[name]}
        return await self._counted(stored)

    async def _counted(self, stored: Mapping[str, GenerateVideosOperation]) -> Outcome:
        submitted: dict[str, int] = (await self._upstream.statistics())["submissions_by_prompt"]
        succeeded = 0
        for name, operation in stored.items():
            times = submitted.pop(self._accepted[name].prompt, 0)
            if operation.metadata.state == GenerateVideosMetadata.State.SUCCEEDED:
                assert times == 1, f"{name} was submitted {times} times"
                succeeded += 1
            else:
                assert "SUBMISSION_OUTCOME_UNKNOWN" in str(operation.error.details), operation
                assert times <= 1, f"{name} was submitted {times} times"
        assert not submitted
        await self._assert_usage(stored)
        return Outcome(succeeded, len(stored) - succeeded, len(self._kill_at))

    async def _assert_usage(self, stored: Mapping[str, GenerateVideosOperation]) -> None:
        """Check that usage matches the operations and that nothing stays reserved."""
        # A run across midnight has a row for each of two days.
        sums: Counter[str] = Counter()
        for row in await self._longtake.usage():
            sums.update({name: count for name, count in row.items() if isinstance(count, int)})
        states = Counter(one.metadata.state for one in stored.values())
        assert sums["accepted"] == self._count
        assert sums["succeeded"] == states[GenerateVideosMetadata.State.SUCCEEDED]
        assert sums["failed"] == states[GenerateVideosMetadata.State.FAILED]
        assert sums["reserved_micros"] == 0
        costs = [one.metadata.estimated_cost for one in stored.values()]
        settled = sum(cost.units * 1_000_000 + cost.nanos // 1000 for cost in costs)
        assert sums["settled_micros"] == settled


async def _list_all(stub: VideoServiceAsyncStub) -> dict[str, GenerateVideosOperation]:
    found: dict[str, GenerateVideosOperation] = {}
    token = ""
    while True:
        request = ListOperationsRequest(page_size=400, page_token=token)
        page = await stub.ListOperations(request, wait_for_ready=True)
        found |= {operation.name: operation for operation in page.operations}
        token = page.next_page_token
        if not token:
            return found


async def run(folder: Path, scale: Scale, seed: int) -> Outcome:
    """Start a simulator and a server in a folder, and run.

    Raises:
        AssertionError: An operation was lost, submitted twice, or reported out of order.

    """
    async with (
        simulator(folder) as upstream,
        server(folder, upstream, **_SETTINGS) as longtake,
    ):
        return await Run(longtake, upstream, scale, seed).to_the_end()
