# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Server processes serve agents: any of several, across a power failure, or none at all."""

from __future__ import annotations

import itertools
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest
from agents.agents_client import ORDER, agent, called, ended
from e2e.e2e_replicas import replicas
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from processes.postgres import schema
from processes.running import GUARD_SECONDS, server, simulator
from sdk.sdk_door import door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp.client.client import ConnectMode

pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)
# Generations that fail cost the simulator no rendering.
FAILING = {**ORDER, "prompt": "[sim:fail message=over]"}
_SERVING = re.compile(r"serving HTTP address=(\S+)")


class Balancer(httpx2.AsyncHTTPTransport):
    """Sends each request to the next server."""

    def __init__(self, addresses: list[str]) -> None:
        super().__init__()
        self._turn = itertools.cycle(addresses)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        host, _, port = next(self._turn).rpartition(":")
        request.url = request.url.copy_with(host=host, port=int(port))
        return await super().handle_async_request(request)


@asynccontextmanager
async def balanced(balancer: Balancer, mode: ConnectMode) -> AsyncIterator[Client]:
    """Connect an agent to the servers of a balancer."""
    async with httpx2.AsyncClient(transport=balancer, timeout=GUARD_SECONDS) as http:
        transport = streamable_http_client("http://127.0.0.1:1/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


async def test_each_request_of_an_agent_may_reach_another_server(
    tmp_path: Path, postgres_url: str
) -> None:
    with schema(postgres_url) as database_url:
        async with (
            simulator(tmp_path) as upstream,
            replicas(tmp_path, upstream, database_url, 2, http_listen="127.0.0.1:0") as cluster,
        ):
            found = [_SERVING.search(each.server.log) for each in cluster.all]
            balancer = Balancer([match[1] for match in found if match])
            ends = [await outcome(balancer, mode) for mode in ("auto", "legacy")]
            statistics = await upstream.statistics()

    assert len(found) == 2
    assert ends == [(1, ["FAILED", "FAILED"])] * 2
    assert statistics["submissions_received"] == 2


async def outcome(balancer: Balancer, mode: ConnectMode) -> tuple[int, list[str]]:
    """Order a video four times with one key, and get it twice.

    Returns:
        How many operations there are, and the states that get_video told.

    """
    order = {**FAILING, "idempotency_key": mode}
    async with balanced(balancer, mode) as client:
        started = [await called(client, "generate_video", **order) for _ in range(4)]
        names = {each["operation"] for each in started}
        videos = [await ended(client, name) for name in (*names, *names)]
    return len(names), [video["state"] for video in videos]


async def test_a_power_failure_loses_neither_the_operation_nor_the_key(tmp_path: Path) -> None:
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as served:
        await upstream.tell("hold")
        address = served.base_url.removeprefix("http://")
        async with agent(address, key=served.key) as client:
            name = (await called(client, "generate_video", **FAILING))["operation"]
            # The first poll shows that the answer to the submission is stored.
            await upstream.wait(polls=1)
        await served.restart()
        await upstream.tell("release")
        async with agent(address, key=served.key) as client:
            repeated = (await called(client, "generate_video", **FAILING))["operation"]
            video = await ended(client, name)
        statistics = await upstream.statistics()

    assert repeated == name
    assert "over" in video["error"]["message"]
    assert statistics["submissions_received"] == 1


async def test_the_operator_can_turn_agents_off(tmp_path: Path) -> None:
    async with server(tmp_path, http_listen="127.0.0.1:0", mcp="false") as running:
        await running.start()
        found = _SERVING.search(running.log)
        assert found is not None
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"http://{found[1]}/mcp", json={})

    assert answer.status_code == 404


async def test_the_sdk_is_loaded_by_the_first_admitted_request_only(tmp_path: Path) -> None:
    async with door(tmp_path) as served:
        async with httpx.AsyncClient(base_url=served.base_url) as http:
            refused = await http.post("/mcp", json={})
        before = served.server.process.resident_bytes
        async with agent(served.base_url.removeprefix("http://"), key=served.key) as client:
            await client.list_tools()
        after = served.server.process.resident_bytes

    assert refused.status_code == 401
    assert after - before > 10 << 20
