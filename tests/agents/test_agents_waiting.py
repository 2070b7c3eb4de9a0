# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""get_video waits, tells how it is going, and holds nothing once its agent has left."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from agents.agents_client import MODES, ORDER, agent, called, text_of
from door.door_serving import http_serving
from fakes.access_log import access_lines
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from door.door_serving import HttpDoor
    from mcp.client.client import Client, ConnectMode
    from mcp_types import CallToolResult


class Told:
    """The progress that an agent has heard of."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, str | None]] = []
        self.news = asyncio.Event()

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        self.heard.append((progress, message))
        self.news.set()


@dataclass
class Wait:
    """A get_video that waits.

    Attributes:
        operation: What it waits for.
        call: The call.
        asleep: How many sleepers the clock has while it waits.
    """

    operation: str
    call: asyncio.Task[CallToolResult]
    asleep: int


@asynccontextmanager
async def waiting(
    door: HttpDoor, client: Client, told: Told | None = None, seconds: int = 45
) -> AsyncIterator[Wait]:
    """Start to wait for a new operation, and yield once the server waits."""
    clock = door.grpc.parts.clock
    name = (await called(client, "generate_video", **ORDER))["operation"]
    asleep = clock.sleepers + 1
    arguments = {"operation": name, "wait_seconds": seconds}
    call = asyncio.create_task(client.call_tool("get_video", arguments, progress_callback=told))
    try:
        await clock.sleeping(asleep)
        yield Wait(name, call, asleep)
    finally:
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


@MODES
async def test_a_wait_ends_with_the_video_and_tells_each_change(
    tmp_path: Path, mode: ConnectMode
) -> None:
    told = Told()
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, mode) as client,
        waiting(door, client, told) as wait,
    ):
        await told.news.wait()
        told.news.clear()
        await door.grpc.run(wait.operation)
        await told.news.wait()
        await door.grpc.succeed(wait.operation, b"video")
        result = await wait.call

    assert result.structured_content["state"] == "SUCCEEDED"
    messages = [message for _, message in told.heard]
    assert messages[0] == "QUEUED"
    assert messages[-1] in ("SUBMITTING", "RUNNING")


async def test_a_wait_ends_at_its_time_with_the_newest_state(tmp_path: Path) -> None:
    told = Told()
    async with (
        http_serving(tmp_path) as door,
        agent(door.address) as client,
        waiting(door, client, told, seconds=10) as wait,
    ):
        clock = door.grpc.parts.clock
        clock.advance(8)
        await clock.sleeping(wait.asleep)
        clock.advance(2)
        result = await wait.call

    assert result.structured_content["operation"] == wait.operation
    assert result.structured_content["done"] is False
    assert result.is_error is False
    # More than once, so that proxies and clients see that the server is there.
    assert told.heard == [(0, "QUEUED"), (8, "QUEUED")]


async def test_an_agent_without_a_progress_token_waits_too(tmp_path: Path) -> None:
    async with (
        http_serving(tmp_path) as door,
        agent(door.address) as client,
        waiting(door, client) as wait,
    ):
        await door.grpc.run(wait.operation)
        await door.grpc.succeed(wait.operation, b"video")
        result = await wait.call

    assert result.structured_content["state"] == "SUCCEEDED"


@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18"])
async def test_a_client_that_leaves_ends_its_wait(tmp_path: Path, version: str) -> None:
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": version}
    async with http_serving(tmp_path) as door:
        clock, watching = door.grpc.parts.clock, door.grpc.parts.watching
        asleep = clock.sleepers + 1
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "get_video",
                "arguments": {"operation": await door.grpc.running()},
            },
        }
        with access_lines() as lines:
            async with door.client.stream("POST", "/mcp", json=body, headers=headers):
                await clock.sleeping(asleep)
                open_before = watching.watches
            await lines.until("request")

        assert (open_before, watching.watches) == (1, 0)


async def test_a_call_that_is_cancelled_ends_its_wait(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        watching = door.grpc.parts.watching
        async with waiting(door, client) as wait:
            open_before = watching.watches
            with access_lines() as lines:
                wait.call.cancel()
                await lines.until("request")

        assert (open_before, watching.watches) == (1, 0)


@MODES
async def test_a_wait_ends_when_the_server_stops_and_tells_the_state(
    tmp_path: Path, mode: ConnectMode
) -> None:
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, mode) as client,
        waiting(door, client) as wait,
    ):
        door.grpc.parts.watching.drain()
        result = await wait.call

    assert result.structured_content["operation"] == wait.operation
    assert result.structured_content["state"] == "QUEUED"


async def test_a_revoked_key_ends_its_wait(tmp_path: Path) -> None:
    keys = KnownKeys({"ltk_ann": Principal("ann", frozenset({Role.GENERATOR}), key_id="k1")})
    async with (
        http_serving(tmp_path, proofs=Proofs(keys=keys)) as door,
        agent(door.address, key="ltk_ann") as client,
        waiting(door, client) as wait,
    ):
        keys.revoked.add("ltk_ann")
        door.grpc.parts.clock.advance(8)
        result = await wait.call

    assert result.is_error
    assert text_of(result) == "the API key k1 was revoked; use another one"


async def test_at_the_limit_of_watches_the_state_is_told_at_once(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = (await called(client, "generate_video", **ORDER))["operation"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(door.grpc.parts.watching, "_max_watches", 0)
            found = await called(client, "get_video", operation=name)

    assert found["state"] == "QUEUED"
