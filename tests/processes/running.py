# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the server and the simulator as processes that a test can stop, kill and restart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import httpx
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake_server.operations.requests.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

# Only fails a test that hangs.
GUARD_SECONDS = 120


class Process:
    """A program whose first line of output says that it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, first_line: str) -> None:
        self._process = process
        self.first_line = first_line

    @classmethod
    async def start(cls, *command: str, log: Path, environment: dict[str, str]) -> Process:
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **environment},
            )
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        if not line:
            await process.wait()
            raise AssertionError(f"{command} did not start: see {log.name}")
        return cls(process, line)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def resident_bytes(self) -> int:
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of procfs
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def environment(self) -> dict[str, str]:
        """Return the environment that the process started with."""
        with open(f"/proc/{self.pid}/environ", encoding="utf-8") as file:  # noqa: PTH123 - a file of procfs
            pairs = (each.partition("=") for each in file.read().split("\0"))
        return {name: value for name, _, value in pairs}

    async def kill(self) -> None:
        """Send SIGKILL, which simulates a power failure."""
        self._process.kill()
        await self._process.wait()

    async def ended(self) -> int:
        """Wait until the process ends by itself, and return its exit code."""
        return await self._process.wait()

    async def terminate(self) -> int:
        """Send SIGTERM, as an orchestrator does, and return the exit code."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()


class Simulator:
    """A veo-simulator that outlives the servers that use it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.base_url: str = json.loads(process.first_line)["base_url"]
        self._http = httpx.AsyncClient(base_url=self.base_url, timeout=GUARD_SECONDS)

    async def statistics(self) -> dict[str, Any]:
        answer = (await self._http.get("/simulator/statistics")).raise_for_status()
        counts: dict[str, Any] = answer.json()
        return counts

    async def tell(self, command: str) -> None:
        (await self._http.post(f"/simulator/{command}")).raise_for_status()

    async def operations(self) -> list[str]:
        """Return the names of its generations."""
        return [generation["name"] for generation in await self.generations()]

    async def generations(self) -> list[dict[str, Any]]:
        """Return its generations."""
        answer = (await self._http.get("/simulator/operations")).raise_for_status()
        found: list[dict[str, Any]] = answer.json()["operations"]
        return found

    async def wait(self, **wanted: int | str) -> None:
        """Wait for a number of submissions or polls, or for the end of an operation."""
        (await self._http.post("/simulator/wait", params=wanted)).raise_for_status()

    async def aclose(self) -> None:
        await self._http.aclose()
        await self.process.terminate()


@asynccontextmanager
async def simulator(folder: Path, *options: str) -> AsyncIterator[Simulator]:
    process = await Process.start(
        "-m", "veo_simulator", "--port", "0", "--latency", "0", *options,
        log=folder / "simulator.log", environment={},
    )  # fmt: skip
    running = Simulator(process)
    try:
        yield running
    finally:
        await running.aclose()


class Server:
    """A longtake-server process, which can be restarted on the same data.

    Attributes:
        environment: More variables for the process when it starts next.

    """

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self.environment: dict[str, str] = {}
        self._channels = AsyncExitStack()
        self.process: Process
        self.address = ""

    @property
    def log(self) -> str:
        return (self._folder / "server.log").read_text()

    async def start(self) -> VideoServiceAsyncStub:
        """Start the server, or restart it on the same address, and connect."""
        environment = {
            "LONGTAKE_LISTEN": self.address or "127.0.0.1:0",
            "LONGTAKE_DATA_FOLDER": str(self._folder / "data"),
            "LONGTAKE_POLL_SHORTEST_SECONDS": "0.05",
            "LONGTAKE_POLL_LONGEST_SECONDS": "0.2",
            "LONGTAKE_MAX_POLLS_PER_SECOND": "1000",
            "LONGTAKE_BACKOFF_FIRST_SECONDS": "0.05",
            **self._settings,
            **self.environment,
        }
        self.process = await Process.start(
            "-m", "longtake_server", "serve", log=self._folder / "server.log",
            environment=environment,
        )  # fmt: skip
        self.address = self.process.first_line.split()[-1]
        return self.connect()

    def connect(self) -> VideoServiceAsyncStub:
        """Return a stub on a new channel, which is closed with the server."""
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_receive_message_length", 64 << 20),
        ]
        channel = grpc.aio.insecure_channel(self.address, options=options)
        self._channels.push_async_callback(channel.close)
        return VideoServiceStub(channel)

    async def usage(self, *options: str) -> list[dict[str, Any]]:
        """Return what `longtake-server usage --json` prints while the server runs."""
        told = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "longtake_server", "usage", "--json", *options),
            env={**os.environ, "LONGTAKE_DATA_FOLDER": str(self._folder / "data")},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await told.communicate()
        assert told.returncode == 0
        rows: list[dict[str, Any]] = json.loads(printed)
        return rows

    async def aclose(self) -> None:
        await self._channels.aclose()
        await self.process.terminate()


def _without_quotas(folder: Path) -> Path:
    file = folder / "without_quotas.toml"
    rows = [f'[models."{entry.id}"]\nrequests_per_minute = 0' for entry in Catalogue.load().models]
    file.write_text("\n".join(rows))
    return file


@asynccontextmanager
async def server(
    folder: Path, upstream: Simulator | None = None, **settings: str
) -> AsyncIterator[Server]:
    """Yield a server that is not started yet.

    Args:
        folder: The folder for the data and the log.
        upstream: The simulator that the server calls. Default: the embedded one.
        settings: LONGTAKE_* variables, without the prefix and in lower case. With `upstream`,
            models have quotas only if a catalogue_file sets them.
    """
    chosen = {f"LONGTAKE_{name.upper()}": value for name, value in settings.items()}
    if upstream is not None:
        chosen = {
            "LONGTAKE_CATALOGUE_FILE": str(_without_quotas(folder)),
            "LONGTAKE_GOOGLE_ACCESS_TOKEN": "test",
            **chosen,
            "LONGTAKE_UPSTREAM": "agent_platform",
            "LONGTAKE_GOOGLE_PROJECT": "test",
            "LONGTAKE_GOOGLE_BASE_URL": upstream.base_url,
            "LONGTAKE_GOOGLE_STORAGE_URL": upstream.base_url,
        }
    running = Server(folder, chosen)
    try:
        yield running
    finally:
        await running.aclose()
