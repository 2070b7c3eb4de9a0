# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tools that nobody here wrote work with the server, by its standard services."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from processes.running import server, simulator

from polyglot.program import program
from polyglot.toolchains import BUILD_SECONDS, GRPCURL, ROOT, go_install, need, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

SERVICES = (
    "google.longrunning.Operations",
    "grpc.health.v1.Health",
    "longtake.v1.VideoService",
)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    need("go")
    async with simulator(tmp_path) as upstream, server(tmp_path, upstream) as longtake:
        await longtake.start()
        yield longtake.address


async def _output(*command: str | Path) -> str:
    return await asyncio.to_thread(run, *command)


async def test_googles_client_of_operations_drives_a_generation(
    tmp_path: Path, address: str
) -> None:
    module = ROOT / "tests" / "polyglot" / "standard_go"
    binary = ROOT / "build" / "go" / "standard"
    run("go", "vet", "-p=1", "./...", folder=module)
    run("go", "build", "-p=1", "-o", binary, ".", folder=module)
    async with program(binary, address, errors=tmp_path / "program.log") as tested:
        assert await tested.step("waited") == {"state": "SUCCEEDED", "videos": 1}
        assert await tested.step("got") == {"same": True, "done": True}
        assert await tested.step("cancelled") == {"code": 1}
        assert await tested.step("listed") == {"count": 2}
        assert await tested.step("deleted") == {"code": "NotFound"}
        await tested.end()


async def test_grpcurl_finds_and_calls_the_service_by_reflection(address: str) -> None:
    grpcurl = await asyncio.to_thread(go_install, GRPCURL)
    listed = (await _output(grpcurl, "-plaintext", address, "list")).split()
    assert set(SERVICES) <= set(listed)
    described = await _output(
        grpcurl, "-plaintext", address, "describe", "longtake.v1.VideoService"
    )
    assert "returns ( stream .longtake.v1.WatchOperationResponse )" in described
    request = {"model": "veo-3.1-lite-generate-001", "prompt": "a dog"}
    generated = await _output(
        grpcurl, "-plaintext", "-d", json.dumps(request), address,
        "longtake.v1.VideoService/GenerateVideos",
    )  # fmt: skip
    name = {"name": json.loads(generated)["name"]}
    watched = await _output(
        grpcurl, "-plaintext", "-d", json.dumps(name), address,
        "longtake.v1.VideoService/WatchOperation",
    )  # fmt: skip
    assert '"state": "SUCCEEDED"' in watched
    standard = await _output(
        grpcurl, "-plaintext", "-d", json.dumps(name), address,
        "google.longrunning.Operations/GetOperation",
    )  # fmt: skip
    assert json.loads(standard)["response"]["@type"].endswith("longtake.v1.GenerateVideosResponse")


async def test_grpc_health_probe_says_that_every_service_is_serving(address: str) -> None:
    probe = await asyncio.to_thread(
        go_install, "github.com/grpc-ecosystem/grpc-health-probe@v0.4.61"
    )
    for service in ("", "google.longrunning.Operations", "longtake.v1.VideoService"):
        said = await _output(probe, f"-addr={address}", f"-service={service}")
        assert "status: SERVING" in said
