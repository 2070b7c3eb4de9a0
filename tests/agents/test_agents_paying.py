# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""However often an agent repeats itself, a video is paid once, and no limit is passed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from agents.agents_client import MODEL, MODES, ORDER, agent, called, error_of, refused, text_of
from door.door_serving import http_serving
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.store import Filter

if TYPE_CHECKING:
    from pathlib import Path

    from door.door_serving import HttpDoor
    from mcp.client.client import ConnectMode

PRICE = 3_200_000
ANYONE = "principal/"


async def limit(door: HttpDoor, **values: int) -> None:
    limits = Limits(values=Values(**values))
    await door.grpc.parts.store.set_limits(ANYONE, Source.COMMAND, limits)


async def stored(door: HttpDoor) -> int:
    return len((await door.grpc.parts.store.list(Filter(), 1000)).records)


@MODES
async def test_a_repeated_call_returns_the_first_operation(
    tmp_path: Path, mode: ConnectMode
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        async with agent(door.address, mode) as other:
            started = await asyncio.gather(
                *(called(each, "generate_video", **ORDER) for each in (client, other) * 4)
            )
        count = await stored(door)

    assert len({each["operation"] for each in started}) == count == 1


async def test_another_key_starts_another_generation_of_the_same_prompt(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        first = await called(client, "generate_video", **ORDER)
        second = await called(client, "generate_video", **{**ORDER, "idempotency_key": "second"})

    assert first["operation"] != second["operation"]


async def test_a_key_of_another_request_is_refused_by_name(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = (await called(client, "generate_video", **ORDER))["operation"]
        said = await refused(client, "generate_video", **{**ORDER, "prompt": "a cat"})
        count = await stored(door)

    assert said.startswith(
        f"idempotency_key: it was used for a different request, which created {name}"
    )
    assert "choose a new key" in said
    assert count == 1


async def test_the_keys_of_two_principals_never_meet(tmp_path: Path) -> None:
    keys = KnownKeys(
        {f"ltk_{name}": Principal(name, frozenset({Role.GENERATOR})) for name in ("ann", "bob")}
    )
    async with (
        http_serving(tmp_path, proofs=Proofs(keys=keys)) as door,
        agent(door.address, key="ltk_ann") as ann,
        agent(door.address, key="ltk_bob") as bob,
    ):
        hers = await called(ann, "generate_video", **ORDER)
        his = await called(bob, "generate_video", **ORDER)

    assert hers["operation"] != his["operation"]


async def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    order = {name: value for name, value in ORDER.items() if name != "idempotency_key"}
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        said = await refused(client, "generate_video", **order)
        count = await stored(door)

    assert said.startswith("idempotency_key: it is required")
    assert count == 0


async def test_a_call_whose_answer_was_lost_can_be_repeated(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "generate_video", "arguments": ORDER},
        }
        headers = {"accept": "application/json, text/event-stream"}
        async with door.client.stream("POST", "/mcp", json=body, headers=headers):
            pass  # Leaves without reading the answer.
        async with agent(door.address) as client:
            await called(client, "generate_video", **ORDER)
        count = await stored(door)

    assert count == 1


@pytest.mark.parametrize("tool", ["generate_video", "estimate_cost"])
async def test_a_call_that_could_cost_more_than_max_cost_is_refused(
    tmp_path: Path, tool: str
) -> None:
    order: dict[str, Any] = {**ORDER, "max_cost": 3.19}
    if tool == "estimate_cost":
        del order["idempotency_key"]
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        said = await refused(client, tool, **order)
        count = await stored(door)

    assert said == "max_cost is 3.19 USD, and the generation could cost 3.2 USD"
    assert count == 0


async def test_a_spent_budget_says_when_it_resets(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        await limit(door, cost_per_day=PRICE)
        await called(client, "generate_video", **ORDER)
        repeated = await called(client, "generate_video", **ORDER)
        further = await client.call_tool("generate_video", {**ORDER, "idempotency_key": "second"})
        count = await stored(door)

    assert repeated["state"] == "QUEUED"
    assert "it resets at 2026-11-25T00:00:00Z" in text_of(further)
    assert error_of(further)["details"][0]["reason"] == "BUDGET_EXCEEDED"
    assert count == 1


async def test_a_rate_says_when_to_try_again(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        await limit(door, requests_per_minute=1)
        await called(client, "generate_video", **ORDER)
        further = await client.call_tool("generate_video", {**ORDER, "idempotency_key": "second"})

    assert "the limit is 1 generations per minute" in text_of(further)
    assert error_of(further)["retry_after_seconds"] == 60


async def test_the_other_limits_of_a_generation_hold(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        await limit(door, max_queued=1)
        await called(client, "generate_video", **ORDER)
        said = await refused(
            client, "generate_video", idempotency_key="second", model=MODEL, prompt="a dog"
        )

    assert "1 queued operations, which is the limit" in said
