# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Kills the server while it tells a webhook of many operations, and checks what arrived."""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
import uuid
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import standardwebhooks
from longtake.v1.video_service_pb2 import GenerateVideosRequest, ListOperationsRequest
from longtake.v1.webhook_pb2 import Webhook
from longtake.v1.webhook_service_pb2 import CreateWebhookRequest
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub
from processes.postgres import schema
from processes.running import server, simulator
from webhooks.webhooks_receiver import answer, receiver

from scripts.postgres import postgres_server

if TYPE_CHECKING:
    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server
    from webhooks.webhooks_receiver import Received, Receiver

_AT_ONCE = 50
_SETTINGS = {
    "max_upstream_calls": "12",
    "poll_shortest_seconds": "0.2",
    "poll_longest_seconds": "2",
    # Otherwise polls of a kind that is not known yet are minutes apart after a restart.
    "poll_average_seconds": "0.2",
    "webhook_allowed_networks": "127.0.0.1/32",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done in a run.

    Attributes:
        operations: The number of operations.
        kills: How often the server is killed.
        most_failures: How often the receiver refuses the same event at most.
    """

    operations: int
    kills: int
    most_failures: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run: how many events arrived, and how many requests told them."""

    events: int
    requests: int
    refused: int
    repeated_by_kills: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A request that was verified: what it said, the answer, and how many kills were before."""

    body: bytes
    status: int
    kills: int


class Run:
    """A run whose random choices follow from its seed, but for the moments of the machine."""

    def __init__(self, longtake: Server, listener: Receiver, scale: Scale, seed: int) -> None:
        self._longtake = longtake
        self._listener = listener
        self._scale = scale
        self._chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._kill_at = sorted(self._chance.sample(range(1, scale.operations), scale.kills))
        self._kills = 0
        self._told: dict[str, list[_Told]] = defaultdict(list)
        self._names: set[str] = set()
        self._newest: dict[str, dict[str, Any]] = {}
        self._verifier: standardwebhooks.Webhook | None = None
        listener.reply = self._reply

    async def to_the_end(self) -> Outcome:
        """Run, and check what arrived."""
        stub = await self._longtake.start()
        await self._create()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._accept_all(stub))
            for point in self._kill_at:
                await self._listener.until(partial(_has_requests, point))
                await self._longtake.process.kill()
                self._kills += 1
                stub = await self._longtake.start()
        await self._listener.until(lambda _: self._all_ends_were_taken())
        return self._checked(await _list_all(stub))

    async def _create(self) -> None:
        async with grpc.aio.insecure_channel(self._longtake.address) as channel:
            types = Webhook.EventType
            hook = Webhook(
                url=f"http://127.0.0.1:{self._listener.port}/",
                event_types=[
                    types.OPERATION_RUNNING,
                    types.OPERATION_SUCCEEDED,
                    types.OPERATION_FAILED,
                ],
            )
            request = CreateWebhookRequest(webhook_id="orders", webhook=hook)
            created = await WebhookServiceStub(channel).CreateWebhook(request)
            self._verifier = standardwebhooks.Webhook(created.secret)

    async def _accept_all(self, stub: VideoServiceAsyncStub) -> None:
        places = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._scale.operations):
                await places.acquire()
                latency = self._chance.uniform(0, 0.8)
                request = GenerateVideosRequest(
                    request_id=str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
                    model="veo-3.1-lite-generate-001",
                    prompt=f"{number} [sim:filter][sim:latency seconds={latency:.2f}]",
                    config={"duration_seconds": 4, "resolution": "720p"},
                    webhook="orders",
                )
                accepting = tasks.create_task(self._accept(stub, request))
                accepting.add_done_callback(lambda _: places.release())

    async def _accept(self, stub: VideoServiceAsyncStub, request: GenerateVideosRequest) -> None:
        """Repeat a request until it is answered; its request_id makes that safe."""
        while True:
            try:
                operation = await stub.GenerateVideos(request, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
            else:
                self._names.add(operation.name)
                return

    def _reply(self, got: Received) -> bytes:
        """Verify a request, and refuse a third of them."""
        assert self._verifier is not None
        body = self._verifier.verify(got.body, dict(got.headers))
        told = self._told[got.headers["webhook-id"]]
        refused = sum(one.status != 204 for one in told)
        refuses = refused < self._scale.most_failures and self._chance.random() < 1 / 3
        status = 503 if refuses else 204
        told.append(_Told(got.body, status, self._kills))
        if status == 204:
            self._take(body["data"]["operation"])
        return answer(status)

    def _take(self, operation: dict[str, Any]) -> None:
        """Keep an operation unless a newer revision of it is known, as a receiver should."""
        name = operation["name"]
        known = self._newest.get(name)
        if known is None or _revision(known) < _revision(operation):
            self._newest[name] = operation

    def _all_ends_were_taken(self) -> bool:
        ended = {name for name, one in self._newest.items() if one.get("done")}
        return len(self._names) == self._scale.operations and self._names <= ended

    def _checked(self, stored: dict[str, GenerateVideosOperation]) -> Outcome:
        assert stored.keys() == self._newest.keys() == self._names
        for name, operation in stored.items():
            assert _revision(self._newest[name]) == operation.revision
            assert f"{name.rpartition('/')[2]}.{operation.revision}" in self._told
        by_kills = 0
        for told in self._told.values():
            assert len({one.body for one in told}) == 1
            for before, after in pairwise(told):
                if before.status == 204:
                    # It was taken, but the server was killed before it stored that.
                    assert before.kills < after.kills
                    by_kills += 1
        requests = [one for told in self._told.values() for one in told]
        refused = sum(one.status != 204 for one in requests)
        return Outcome(len(self._told), len(requests), refused, by_kills)


def _has_requests(count: int, listener: Receiver) -> bool:
    return len(listener.requests) >= count


def _revision(operation: dict[str, Any]) -> int:
    return int(operation["revision"])


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


async def run(folder: Path, scale: Scale, seed: int, **settings: str) -> Outcome:
    """Start a simulator, a receiver and a server in a folder, and run.

    Raises:
        AssertionError: An end was not told, or told again without a reason.

    """
    async with (
        simulator(folder) as upstream,
        receiver() as listener,
        server(folder, upstream, **_SETTINGS, **settings) as longtake,
    ):
        return await Run(longtake, listener, scale, seed).to_the_end()


def main() -> None:
    """Run once on each store, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    scale = Scale(given.operations, given.kills, most_failures=2)
    for store in ("SQLite", "PostgreSQL"):
        with ExitStack() as parts:
            folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
            settings = {}
            if store == "PostgreSQL":
                url = parts.enter_context(postgres_server({})).url
                settings["database_url"] = parts.enter_context(schema(url))
                settings["media_url"] = f"file://{folder}/media"
            begun = time.monotonic()
            outcome = asyncio.run(run(folder, scale, given.seed, **settings))
            print(
                f"{store}: {scale.operations} operations, {scale.kills} kills, "
                f"{outcome.events} events in {outcome.requests} requests, all verified; "
                f"{outcome.refused} refused, {outcome.repeated_by_kills} told again after a kill, "
                f"none lost, {time.monotonic() - begun:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
