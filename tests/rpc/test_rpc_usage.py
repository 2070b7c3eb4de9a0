# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""GetUsage: what it groups, whose usage it returns, its pages and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.engine import MODEL
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.usage_pb2 import Usage
from longtake.v1.video_service_pb2 import (
    DeleteOperationRequest,
    GenerateVideosRequest,
    GetUsageRequest,
)
from longtake_server.operations.model import Succeeded
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from rpc.rpc_server import Server

CALLER_HEADER = "x-longtake-caller"
ALL = (Usage.Dimension.DAY, Usage.Dimension.MODEL, Usage.Dimension.PRINCIPAL)
LABEL = Usage.Dimension.LABEL


def of(caller: str) -> dict[str, Any]:
    return {"metadata": ((CALLER_HEADER, caller),)}


async def generate(server: Server, caller: str = "", **labels: str) -> str:
    config = GenerateVideosConfig(labels=labels)
    request = GenerateVideosRequest(model=MODEL, prompt="a dog", config=config)
    operation = await server.videos.GenerateVideos(request, **of(caller))
    return str(operation.name)


async def test_usage_is_grouped_by_what_is_asked_and_outlives_the_operation(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        await server.parts.ledger.commit(
            name, Succeeded((), billed_seconds=7.5, cost_micros=1_500_000)
        )
        await server.videos.DeleteOperation(DeleteOperationRequest(name=name))
        [row] = (await server.videos.GetUsage(GetUsageRequest(group_by=ALL))).usage
        [total] = (await server.videos.GetUsage(GetUsageRequest())).usage
        day = server.parts.clock.now().date()
    assert (row.day.year, row.day.month, row.day.day) == (day.year, day.month, day.day)
    assert (row.model, row.principal, row.HasField("label_value")) == (MODEL, "", False)
    assert (row.accepted, row.succeeded, row.failed, row.deleted) == (1, 1, 0, 0)
    assert row.billed_seconds == 7.5
    assert row.settled_cost == Money(currency_code="USD", units=1, nanos=500_000_000)
    assert row.reserved_cost == Money(currency_code="USD")
    assert not total.HasField("day")
    assert (total.model, total.accepted, total.settled_cost) == ("", 1, row.settled_cost)


async def test_usage_by_label_tells_a_missing_label_from_an_empty_value(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for labels in ({}, {"team": ""}, {"team": "ads"}, {"team": "ads"}):
            await generate(server, **labels)
        request = GetUsageRequest(group_by=[LABEL], label_key="team")
        rows = (await server.videos.GetUsage(request)).usage
    found = [(row.HasField("label_value"), row.label_value, row.accepted) for row in rows]
    assert found == [(False, "", 1), (True, "", 1), (True, "ads", 2)]


async def test_days_select_what_was_accepted_on_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        first = server.parts.clock.now().date()
        for _ in range(3):
            await generate(server)
            server.parts.clock.advance(timedelta(days=1).total_seconds())
        middle = first + timedelta(days=1)
        day = Date(year=middle.year, month=middle.month, day=middle.day)
        asked = [
            GetUsageRequest(),
            GetUsageRequest(since=day),
            GetUsageRequest(until=day),
            GetUsageRequest(since=day, until=day),
            GetUsageRequest(since=Date(year=9999, month=12, day=31)),
        ]
        counts = [(await server.videos.GetUsage(one)).usage[0].accepted for one in asked]
    assert counts == [3, 2, 2, 1, 0]


async def test_each_principal_sees_its_own_usage_and_no_other(tmp_path: Path) -> None:
    by_principal = GetUsageRequest(group_by=[Usage.Dimension.PRINCIPAL])
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        for caller in ("ann", "bob", "bob"):
            await generate(server, caller)
        for caller, count in (("ann", 1), ("bob", 2)):
            rows = (await server.videos.GetUsage(by_principal, **of(caller))).usage
            assert [(row.principal, row.accepted) for row in rows] == [(caller, count)]
            own = GetUsageRequest(principal=caller)
            assert (await server.videos.GetUsage(own, **of(caller))).usage[0].accepted == count
        # Refused before the other fields are looked at, and alike for one that never was.
        faults = [
            await refused(
                server.videos.GetUsage(GetUsageRequest(principal=other, page_size=-1), **of("ann"))
            )
            for other in ("bob", "nobody")
        ]
    assert faults[0] == faults[1]
    assert (faults[0].code, faults[0].reason) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "ROLE_MISSING",
    )


async def test_an_admin_sees_all_and_may_choose_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for caller in ("ann", "bob", "bob"):
            await server.parts.accept(caller)
        by_principal = GetUsageRequest(group_by=[Usage.Dimension.PRINCIPAL])
        rows = (await server.videos.GetUsage(by_principal)).usage
        assert [(row.principal, row.accepted) for row in rows] == [("ann", 1), ("bob", 2)]
        for caller, count in (("bob", 2), ("nobody", 0)):
            [row] = (await server.videos.GetUsage(GetUsageRequest(principal=caller))).usage
            assert row.accepted == count


async def test_pages_hold_every_row_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for team in ("d", "b", "a", "c", "e"):
            await generate(server, team=team)
        request = GetUsageRequest(group_by=[LABEL], label_key="team", page_size=2)
        pages: list[list[str]] = []
        while not pages or request.page_token:
            answer = await server.videos.GetUsage(request)
            pages.append([row.label_value for row in answer.usage])
            request.page_token = answer.next_page_token
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_page_token_is_of_one_principal_and_one_query(tmp_path: Path) -> None:
    request = GetUsageRequest(group_by=[LABEL], label_key="team", page_size=1)
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        for caller in ("ann", "bob"):
            for team in ("a", "b"):
                await generate(server, caller, team=team)
        token = (await server.videos.GetUsage(request, **of("ann"))).next_page_token
        request.page_token = token
        assert (await server.videos.GetUsage(request, **of("ann"))).usage[0].label_value == "b"
        others = [GetUsageRequest() for _ in range(3)]
        for other in others:
            other.CopyFrom(request)
        others[0].label_key = "scene"
        others[1].since.CopyFrom(Date(year=2026, month=1, day=1))
        others[2].group_by.append(Usage.Dimension.DAY)
        calls = [(request, "bob"), *((other, "ann") for other in others)]
        for asked, caller in calls:
            fault = await refused(server.videos.GetUsage(asked, **of(caller)))
            assert (fault.code, fault.fields) == (
                grpc.StatusCode.INVALID_ARGUMENT,
                ["page_token"],
            )


async def test_all_violations_are_told_at_once(tmp_path: Path) -> None:
    request = GetUsageRequest(
        since=Date(year=2026, month=2, day=30),
        until=Date(year=2026, month=2),
        group_by=[Usage.Dimension.DAY, Usage.Dimension.DAY],
        label_key="team",
        page_size=-1,
        page_token="no token",
    )
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GetUsage(request))
    assert (fault.code, fault.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert fault.fields == [
        *("since", "until", "group_by[1]", "label_key", "page_size", "page_token"),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"since": Date()}, "since"),
        ({"until": Date(year=10_000, month=1, day=1)}, "until"),
        ({"until": Date(year=-1, month=1, day=1)}, "until"),
        ({"since": Date(year=2**31 - 1, month=2**31 - 1, day=2**31 - 1)}, "since"),
        (
            {
                "since": Date(year=2026, month=3, day=2),
                "until": Date(year=2026, month=3, day=1),
            },
            "until",
        ),
        ({"group_by": [0]}, "group_by[0]"),
        ({"group_by": [1, 99]}, "group_by[1]"),
        ({"group_by": [4]}, "label_key"),
        ({"group_by": [4], "label_key": "k" * 64}, "label_key"),
        ({"group_by": [1], "label_key": "team"}, "label_key"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "bm8gdG9rZW4="}, "page_token"),
    ],
)
async def test_each_violation_names_its_field(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GetUsage(GetUsageRequest(**fields)))
    assert fault.fields == [field]
