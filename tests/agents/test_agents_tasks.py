# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""For a client that declares the extension, generate_video becomes a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agents.agents_client import ORDER, agent, called, text_of
from agents.agents_tasks import Tasks, asked
from door.door_serving import http_serving
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.model import Code, Failed, Failure
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, MISSING_REQUIRED_CLIENT_CAPABILITY

if TYPE_CHECKING:
    from pathlib import Path

EXTENSION = "io.modelcontextprotocol/tasks"


async def ignore(_: str) -> None:
    pass


async def test_the_server_declares_the_extension(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        capabilities = client.server_capabilities

    assert capabilities.extensions == {EXTENSION: {}}


async def test_a_task_is_the_operation_and_ends_with_the_result_of_the_tool(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:

        async def go_on(task_id: str) -> None:
            await door.grpc.run(f"operations/{task_id}")
            await door.grpc.succeed(f"operations/{task_id}", b"video")

        tasks = Tasks(go_on)
        async with agent(door.address, extensions=[tasks]) as client:
            result = await client.call_tool("generate_video", ORDER)

    (created,) = tasks.created
    assert created.status == "working"
    assert created.ttl_ms is None
    assert created.poll_interval_ms == 10_000
    assert tasks.polled == ["completed"]
    assert result.is_error is False
    assert result.structured_content["operation"] == f"operations/{created.task_id}"
    assert len(result.structured_content["videos"]) == 1


async def test_a_task_whose_generation_fails_has_a_result_that_says_so(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:

        async def fail(task_id: str) -> None:
            await door.grpc.run(f"operations/{task_id}")
            failure = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "busy", {"upstream": "a"})
            await door.grpc.parts.ledger.commit(f"operations/{task_id}", Failed(failure))

        tasks = Tasks(fail)
        async with agent(door.address, extensions=[tasks]) as client:
            result = await client.call_tool("generate_video", ORDER)

    assert tasks.polled == ["completed"]
    assert result.is_error
    assert "failed: busy" in text_of(result)


async def test_a_refused_generation_is_no_task(tmp_path: Path) -> None:
    tasks = Tasks(ignore)
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, extensions=[tasks]) as client,
    ):
        result = await client.call_tool("generate_video", {**ORDER, "duration_seconds": 5})

    assert result.is_error
    assert tasks.created == []


async def test_a_task_is_cancelled(tmp_path: Path) -> None:
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, extensions=[Tasks(ignore)]) as client,
    ):
        name = await door.grpc.accepted()
        identifier = name.removeprefix("operations/")
        before = await asked(client.session, "tasks/get", identifier)
        await asked(client.session, "tasks/update", identifier, input_responses={})
        await asked(client.session, "tasks/cancel", identifier)
        after = await asked(client.session, "tasks/get", identifier)

    assert (before.status, before.result) == ("working", None)
    assert (after.status, after.result) == ("cancelled", None)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize("identifier", ["none", "operations/x", ""])
async def test_a_task_that_does_not_exist_is_invalid(
    tmp_path: Path, method: str, identifier: str
) -> None:
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, extensions=[Tasks(ignore)]) as client,
    ):
        with pytest.raises(MCPError) as raised:
            await asked(client.session, method, identifier, input_responses={})

    assert raised.value.error.code == INVALID_PARAMS


async def test_anothers_task_is_one_that_never_was(tmp_path: Path) -> None:
    keys = KnownKeys(
        {f"ltk_{name}": Principal(name, frozenset({Role.GENERATOR})) for name in ("ann", "bob")}
    )
    async with (
        http_serving(tmp_path, proofs=Proofs(keys=keys)) as door,
        agent(door.address, key="ltk_ann") as ann,
        agent(door.address, key="ltk_bob", extensions=[Tasks(ignore)]) as bob,
    ):
        name = (await called(ann, "generate_video", **ORDER))["operation"]
        with pytest.raises(MCPError) as raised:
            await asked(bob.session, "tasks/get", name.removeprefix("operations/"))

    assert raised.value.error.message == f"{name} does not exist"


async def test_a_client_without_the_extension_gets_no_task(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        started = await called(client, "generate_video", **ORDER)
        with pytest.raises(MCPError) as raised:
            await asked(client.session, "tasks/get", "none")

    assert started["state"] == "QUEUED"
    assert raised.value.error.code == MISSING_REQUIRED_CLIENT_CAPABILITY
    assert raised.value.error.data == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}


async def test_the_older_protocol_has_no_tasks_of_this_kind(tmp_path: Path) -> None:
    async with (
        http_serving(tmp_path) as door,
        agent(door.address, "legacy", extensions=[Tasks(ignore)]) as client,
    ):
        started = await called(client, "generate_video", **ORDER)
        with pytest.raises(MCPError) as raised:
            await asked(client.session, "tasks/get", "none")

    assert started["done"] is False
    assert raised.value.error.code == METHOD_NOT_FOUND
