# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts replicas of Longtake on one PostgreSQL and one simulator, and kills them."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import grpc
import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks.programs import running
from benchmarks.servers import longtake, on_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.programs import Program
    from scripts.postgres import PostgresServer

_LOOK_SECONDS = 0.05


class Replicas:
    """Replicas that share everything.

    Args:
        folder: The folder for their data.
        settings: LONGTAKE_* variables of each, in lower case without the prefix.
        simulator: The upstream.
        stack: Stops them.

    Attributes:
        programs: Those that run, the oldest first.

    """

    def __init__(
        self, folder: Path, settings: dict[str, str], simulator: Program, stack: ExitStack
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._stack = stack
        self._started = 0
        self.simulator = simulator
        self.programs: list[Program] = []

    def start(self, count: int) -> None:
        """Start more replicas, one after the other."""
        for _ in range(count):
            self._started += 1
            data = self._folder / f"replica-{self._started}"
            program = self._stack.enter_context(longtake(data, **self._settings))
            self.programs.append(program)

    def kill(self, program: Program) -> None:
        """Send SIGKILL to a replica."""
        self.programs.remove(program)
        os.kill(program.pid, signal.SIGKILL)

    async def engine(self) -> Program:
        """Return the replica that submits and polls, once there is one."""
        while True:
            for program in self.programs:
                if await _is_engine(program):
                    return program
            await asyncio.sleep(_LOOK_SECONDS)


async def _is_engine(program: Program) -> bool:
    async with grpc.aio.insecure_channel(program.address) as channel:
        # The library types the synchronous channel only.
        stub: Any = health_pb2_grpc.HealthStub(channel)
        told = await stub.Check(health_pb2.HealthCheckRequest(service="engine"))
        return bool(told.status == health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def replicas(database: PostgresServer, count: int) -> Iterator[Replicas]:
    """Run a simulator and replicas on a new, empty database until the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="longtake-replicas-")))
        simulator = stack.enter_context(running(["veo_simulator", "--port", "0"], {}))
        shared = {
            **on_simulator(folder, simulator),
            "database_url": _new_database(database),
            "media_url": (folder / "videos").as_uri(),
            # A replica that loses the database or its peer says so.
            "log_level": "error",
        }
        all_of_them = Replicas(folder, shared, simulator, stack)
        all_of_them.start(count)
        yield all_of_them


def _new_database(server: PostgresServer) -> str:
    name = f"benchmark_{token_hex(8)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.url.rpartition('/')[0]}/{name}"
