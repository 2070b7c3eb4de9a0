# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""All processes of a trial: two databases, a simulator, and replicas that can be harmed."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
from cluster.cluster_databases import Databases
from cluster.cluster_link import Link
from grpc_health.v1 import health_pb2, health_pb2_grpc
from processes.running import server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from cluster.cluster_link import Cut
    from processes.running import Server, Simulator

REPLICAS = 3
MODEL = "veo-3.1-lite-generate-001"
_SETTINGS = {"poll_shortest_seconds": "0.2", "poll_longest_seconds": "2"}
_BETWEEN_STARTS_SECONDS = 0.5
_HEALTH_SECONDS = 2.0


class Replica:
    """A server with a database connection of its own.

    Attributes:
        number: Counts from 1.
        is_harmed: Whether a fault is in progress.

    """

    def __init__(self, number: int, running: Server, link: Link) -> None:
        self.number = number
        self.is_harmed = False
        self._server = running
        self._link = link

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def log(self) -> str:
        return self._server.log

    async def start(self) -> None:
        """Start it, again and again until it serves, as an orchestrator does."""
        while True:
            try:
                await self._server.start()
            except AssertionError:
                # The database may be away, or cut off.
                await asyncio.sleep(_BETWEEN_STARTS_SECONDS)
            else:
                return

    async def is_engine(self) -> bool:
        """Return whether it says that it submits and polls."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            # The library types the synchronous channel only.
            stub: Any = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest(service="engine")
            try:
                told = await stub.Check(request, timeout=_HEALTH_SECONDS)
            except grpc.aio.AioRpcError:
                return False
        return bool(told.status == health_pb2.HealthCheckResponse.SERVING)

    async def kill(self, seconds: float) -> None:
        """Send SIGKILL, and start it after a time."""
        await self._server.process.kill()
        await asyncio.sleep(seconds)
        await self.start()

    async def update(self) -> None:
        """Stop it in order, and start the code of this checkout in its place."""
        assert await self._server.process.terminate() == 0
        self._server.environment.clear()
        await self.start()

    async def suspend(self, seconds: float) -> None:
        """Send SIGSTOP, and let it go on after a time."""
        pid = self._server.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def cut_off(self, how: Cut, seconds: float) -> None:
        """Cut it off from the databases for a time."""
        async with self._link.cut(how):
            await asyncio.sleep(seconds)


class Cluster:
    """Everything that runs."""

    def __init__(self, replicas: list[Replica], upstream: Simulator, both: Databases) -> None:
        self.replicas = replicas
        self.upstream = upstream
        self._databases = both

    async def engine(self) -> Replica | None:
        """Return the replica that says it is the engine."""
        said = await asyncio.gather(*(replica.is_engine() for replica in self.replicas))
        return next((each for each, is_it in zip(self.replicas, said, strict=True) if is_it), None)

    async def fail_over(self) -> None:
        """Kill the primary, promote its standby, and make a new standby."""
        await asyncio.to_thread(self._databases.fail_over)
        await asyncio.to_thread(self._databases.add_standby)


@asynccontextmanager
async def running_cluster(
    folder: Path, *, max_concurrent: int, per_minute: int, code: str = ""
) -> AsyncIterator[Cluster]:
    """Run a cluster until the block ends.

    Args:
        folder: The folder for logs and data.
        max_concurrent: The quota of the model: generations at once.
        per_minute: The quota of the model: submissions in a minute.
        code: The folders with the code that the replicas run, joined as in PYTHONPATH. Default:
            this checkout.

    """
    async with AsyncExitStack() as stack:
        both = Databases()
        stack.push_async_callback(asyncio.to_thread, both.close)
        await asyncio.to_thread(both.start)
        upstream = await stack.enter_async_context(simulator(folder))
        quota = folder / "quota.toml"
        quota.write_text(
            f'[models."{MODEL}"]\n'
            f"max_concurrent = {max_concurrent}\nrequests_per_minute = {per_minute}\n"
        )
        replicas = []
        for number in range(1, REPLICAS + 1):
            link = await stack.enter_async_context(Link(both.ports).serving())
            place = folder / f"replica-{number}"
            place.mkdir()
            hosts = ",".join(f"127.0.0.1:{port}" for port in link.ports)
            settings = {
                "database_url": f"postgresql://longtake@{hosts}/postgres"
                "?target_session_attrs=read-write",
                "media_url": (folder / "videos").as_uri(),
                "catalogue_file": str(quota),
                **_SETTINGS,
            }
            served = await stack.enter_async_context(server(place, upstream, **settings))
            if code:
                served.environment["PYTHONPATH"] = code
            replica = Replica(number, served, link)
            await replica.start()
            replicas.append(replica)
        yield Cluster(replicas, upstream, both)
