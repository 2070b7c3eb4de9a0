# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Budgets and limits over a real connection."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.engine import MODEL
from google.type.money_pb2 import Money
from longtake.v1.caller_pb2 import Budget, Caller
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetCallerRequest
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.store import Filter
from rpc.rpc_server import fault_of, refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from rpc.rpc_server import Server

PRICE, VIDEO = 3_200_000, 8000
ANYONE = "principal/"


def asking(**fields: Any) -> GenerateVideosRequest:
    return GenerateVideosRequest(**{"model": MODEL, "prompt": "a dog", **fields})


async def limit(server: Server, subject: str = ANYONE, **values: int) -> None:
    await server.parts.store.set_limits(subject, Source.COMMAND, Limits(values=Values(**values)))


async def stored(server: Server) -> int:
    return len((await server.parts.store.list(Filter(), 1000)).records)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"cost_per_day": 10 * PRICE}, "BUDGET_EXCEEDED"),
        ({"seconds_per_week": 10 * VIDEO}, "BUDGET_EXCEEDED"),
        ({"max_queued": 10}, "TOO_MANY_QUEUED"),
        ({"requests_per_minute": 10}, "RATE_LIMITED"),
    ],
)
async def test_of_200_parallel_requests_at_a_budget_of_ten_ten_are_admitted(
    tmp_path: Path, limits: dict[str, int], reason: str
) -> None:
    async with serving(tmp_path) as server:
        await limit(server, ANYONE, **limits)
        outcomes = await asyncio.gather(*(_outcome(server) for _ in range(200)))
        assert Counter(outcomes) == {"accepted": 10, f"RESOURCE_EXHAUSTED {reason}": 190}
        assert await stored(server) == 10


async def _outcome(server: Server) -> str:
    try:
        await server.videos.GenerateVideos(asking())
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name} {fault_of(error).reason}"
    return "accepted"


async def test_a_rate_says_when_the_next_request_is_accepted(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await limit(server, requests_per_minute=2)
        for _ in range(2):
            await server.accepted()
        fault = await refused(server.videos.GenerateVideos(asking()))
        wait = fault.details["RetryInfo"].retry_delay.ToMilliseconds()
        assert wait == 30_000
        server.parts.clock.advance(wait / 1000)
        await server.accepted()


async def test_a_spent_budget_has_no_retry_and_names_its_subject(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await limit(server, cost_per_day=PRICE)
        await server.accepted()
        fault = await refused(server.videos.GenerateVideos(asking()))
        assert "RetryInfo" not in fault.details
        [violation] = fault.details["QuotaFailure"].violations
        assert violation.subject == fault.metadata["budget"] == ANYONE
        assert fault.metadata["resets_at"] == "2026-11-25T00:00:00Z"


async def test_a_repeat_is_answered_when_the_budget_is_spent(tmp_path: Path) -> None:
    request_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    async with serving(tmp_path) as server:
        await limit(server, cost_per_day=PRICE)
        name = await server.accepted(request_id=request_id)
        await refused(server.videos.GenerateVideos(asking()))
        assert await server.accepted(request_id=request_id) == name


@pytest.mark.parametrize(
    "money",
    [
        Money(),
        Money(units=5),
        Money(currency_code="EUR", units=5),
        Money(currency_code="USD", units=-1),
        Money(currency_code="USD", nanos=-1000),
        Money(currency_code="USD", nanos=1),
        Money(currency_code="USD", nanos=1_000_000_000),
        Money(currency_code="USD", units=1 << 62),
    ],
)
async def test_a_wrong_maximum_is_named_and_creates_nothing(tmp_path: Path, money: Money) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GenerateVideos(asking(max_cost=money)))
        assert (fault.reason, fault.fields) == ("INVALID_FIELD", ["max_cost"])
        assert await stored(server) == 0


async def test_a_maximum_refuses_what_could_cost_more(tmp_path: Path) -> None:
    enough = Money(currency_code="USD", units=6, nanos=400_000_000)
    config = {"number_of_videos": 3}
    async with serving(tmp_path) as server:
        await server.accepted(max_cost=enough, config={"number_of_videos": 2})
        fault = await refused(server.videos.GenerateVideos(asking(max_cost=enough, config=config)))
        assert (fault.code.name, fault.reason) == ("FAILED_PRECONDITION", "COST_OVER_MAXIMUM")
        assert fault.metadata == {"max_micros": "6400000", "requested_micros": "9600000"}
        assert await stored(server) == 1


async def test_a_check_returns_the_highest_cost_and_stores_nothing(tmp_path: Path) -> None:
    config = {"number_of_videos": 2, "labels": {"scene": "7"}}
    async with serving(tmp_path) as server:
        checked = await server.videos.GenerateVideos(asking(validate_only=True, config=config))
        assert (checked.name, checked.revision, checked.done) == ("", 0, False)
        assert checked.metadata.state == 0
        assert checked.metadata.model == MODEL
        assert dict(checked.metadata.labels) == {"scene": "7"}
        cost = Money(currency_code="USD", units=6, nanos=400_000_000)
        assert checked.metadata.estimated_cost == cost
        assert await stored(server) == 0
        assert await server.parts.store.spending() == {}


async def test_a_check_refuses_what_the_call_would(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await limit(server, seconds_per_day=VIDEO)
        fault = await refused(
            server.videos.GenerateVideos(asking(validate_only=True, config={"duration_seconds": 5}))
        )
        assert fault.fields == ["config.duration_seconds"]
        await server.accepted()
        fault = await refused(server.videos.GenerateVideos(asking(validate_only=True)))
        assert fault.reason == "BUDGET_EXCEEDED"


async def test_a_caller_sees_its_own_budgets_and_no_one_elses(tmp_path: Path) -> None:
    ann, bob = [("x-caller", "ann")], [("x-caller", "bob")]
    async with serving(tmp_path, caller_header="x-caller") as server:
        limits = Limits("Asia/Tokyo", Values(cost_per_day=10 * PRICE, seconds_per_month=99_500))
        await server.parts.store.set_limits("principal/ann", Source.FILE, limits)
        await limit(server, "role/generator", max_queued=5, requests_per_minute=60)
        await server.videos.GenerateVideos(asking(), metadata=ann)
        caller = await server.videos.GetCaller(GetCallerRequest(), metadata=ann)
        assert (caller.principal, list(caller.roles)) == ("ann", [Caller.GENERATOR])
        assert caller.time_zone == "Asia/Tokyo"
        assert (caller.requests_per_minute, caller.max_queued) == (60, 5)
        assert not caller.HasField("max_concurrent")
        assert (caller.queued, caller.concurrent) == (1, 0)
        day, month = caller.budgets
        assert (day.subject, day.period, day.period_key) == (
            "principal/ann",
            Budget.DAY,
            "2026-11-24",
        )
        assert day.cost_limit == Money(currency_code="USD", units=32)
        assert day.cost_reserved == Money(currency_code="USD", units=3, nanos=200_000_000)
        assert day.cost_spent == Money(currency_code="USD")
        assert not day.HasField("seconds_limit")
        assert day.reset_time.ToJsonString() == "2026-11-24T15:00:00Z"
        assert (month.period_key, month.seconds_limit, month.seconds_reserved) == (
            "2026-11",
            99.5,
            8.0,
        )
        other = await server.videos.GetCaller(GetCallerRequest(), metadata=bob)
        assert (list(other.budgets), other.queued, other.max_queued) == ([], 0, 5)
