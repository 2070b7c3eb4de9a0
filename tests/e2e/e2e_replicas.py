# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Three servers on one PostgreSQL database, one media folder and one simulator outside."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc
from longtake.v1.video_service_pb2 import GetOperationRequest, WatchOperationRequest
from longtake_server.operations.requests.catalogue import Catalogue
from processes.running import server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server, Simulator

SERVING = health_pb2.HealthCheckResponse.SERVING
SCARCE = "veo-3.1-generate-001"
"""A model with room for one generation. The others have no quota."""


@dataclass
class Replica:
    """A server and a client of it. A restart keeps the address, so the stub stays good."""

    server: Server
    stub: VideoServiceAsyncStub

    async def serves(self, service: str) -> bool:
        """Return whether its health service reports SERVING."""
        async with grpc.aio.insecure_channel(self.server.address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            asked = health_pb2.HealthCheckRequest(service=service)
            answer = await stub.Check(asked, wait_for_ready=True)
            return bool(answer.status == SERVING)

    async def becomes(self, service: str, status: int = SERVING) -> None:
        """Wait until its health service reports a status."""
        async with grpc.aio.insecure_channel(self.server.address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            asked = health_pb2.HealthCheckRequest(service=service)
            async for answer in stub.Watch(asked, wait_for_ready=True):
                if answer.status == status:
                    return

    def signal(self, number: int) -> None:
        """Send a signal to its process."""
        os.kill(self.server.process.pid, number)


@dataclass
class Replicas:
    """The servers, and what they share."""

    upstream: Simulator
    settings: Mapping[str, str]
    all: list[Replica] = field(default_factory=list)

    async def in_order(self) -> list[Replica]:
        """Return the engine, and then the others."""
        engines = [each for each in self.all if await each.serves("engine")]
        assert len(engines) == 1, "not exactly one engine"
        return [*engines, *(each for each in self.all if each is not engines[0])]

    async def leader(self) -> str | None:
        """Return the name of the engine in the database."""
        async with await psycopg.AsyncConnection.connect(
            self.settings["LONGTAKE_DATABASE_URL"]
        ) as connection:
            found = await (await connection.execute("SELECT engine FROM meta")).fetchone()
            return None if found is None else found[0]

    async def command(self, *words: str) -> str:
        """Run longtake-server on the database, and return what it prints."""
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "longtake_server", *words),
            env={**os.environ, **self.settings},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await running.communicate()
        assert running.returncode == 0
        return printed.decode()


def _catalogue(folder: Path) -> Path:
    file = folder / "catalogue.toml"
    rows = [f'[models."{each.id}"]\nrequests_per_minute = 0' for each in Catalogue.load().models]
    text = "\n".join(rows)
    scarce = f'[models."{SCARCE}"]\n'
    file.write_text(text.replace(scarce, f"{scarce}max_concurrent = 1\n"))
    return file


@asynccontextmanager
async def replicas(
    folder: Path, upstream: Simulator, database_url: str, number: int = 3, **settings: str
) -> AsyncIterator[Replicas]:
    """Start servers on an empty database.

    Args:
        folder: The folder of their logs and of the media that they share.
        upstream: What they call.
        database_url: The database.
        number: How many.
        settings: As of processes.running.server.

    """
    shared = {
        "database_url": database_url,
        "media_url": f"file://{folder}/media",
        "catalogue_file": str(_catalogue(folder)),
        **settings,
    }
    variables = ("database_url", "media_url")
    running = Replicas(upstream, {f"LONGTAKE_{one.upper()}": shared[one] for one in variables})
    async with AsyncExitStack() as servers:
        built = []
        for each in range(number):
            home = folder / f"replica{each}"
            home.mkdir()
            built.append(await servers.enter_async_context(server(home, upstream, **shared)))
        # The first becomes the engine.
        stubs = [await built[0].start()]
        stubs += await asyncio.gather(*(each.start() for each in built[1:]))
        running.all = [Replica(each, stub) for each, stub in zip(built, stubs, strict=True)]
        yield running


async def get(replica: Replica, name: str) -> GenerateVideosOperation:
    """Return the state of an operation at a replica."""
    return await replica.stub.GetOperation(GetOperationRequest(name=name))


async def states(
    replica: Replica, name: str, after_revision: int = 0
) -> list[GenerateVideosOperation]:
    """Watch an operation to its end, and check what a watch promises."""
    watch = replica.stub.WatchOperation(
        WatchOperationRequest(name=name, after_revision=after_revision)
    )
    seen = [message.operation async for message in watch if message.HasField("operation")]
    revisions = [operation.revision for operation in seen]
    assert revisions == sorted(set(revisions))
    assert revisions[0] > after_revision
    assert [operation.done for operation in seen] == [*[False] * (len(seen) - 1), True]
    return seen
