# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a server says about callers, budgets and usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from longtake.v1 import caller_pb2, usage_pb2
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import error_info, operation, status

if TYPE_CHECKING:
    from google.rpc.status_pb2 import Status
    from longtake.v1 import operation_pb2

RESETS = Timestamp(seconds=1_795_878_000)  # 2026-11-28T15:00:00Z
RESETS_AS_TEXT = "2026-11-28 15:00:00Z"


def dollars(units: int, nanos: int = 0) -> Money:
    return Money(currency_code="USD", units=units, nanos=nanos)


CALLER = caller_pb2.Caller(
    principal="team-ads",
    roles=[caller_pb2.Caller.GENERATOR, caller_pb2.Caller.READER],
    labels={"team": "ads"},
    key_id="1a2b3c4d5e6f",
    credential_expire_time=RESETS,
    time_zone="Asia/Tokyo",
    requests_per_minute=60,
    queued=1,
    max_queued=5,
    concurrent=2,
    budgets=[
        caller_pb2.Budget(
            subject="principal/team-ads",
            period=caller_pb2.Budget.DAY,
            period_key="2026-11-28",
            reset_time=RESETS,
            cost_limit=dollars(10),
            cost_spent=dollars(2, 500_000_000),
            cost_reserved=dollars(1),
        ),
        caller_pb2.Budget(
            subject="label/team=ads",
            period=caller_pb2.Budget.MONTH,
            period_key="2026-11",
            seconds_limit=60.0,
            seconds_spent=40.0,
            seconds_reserved=24.0,
        ),
    ],
)
NOBODY = caller_pb2.Caller(roles=[caller_pb2.Caller.ADMIN])


def usage(day: int, model: str, label: str | None = None) -> usage_pb2.Usage:
    return usage_pb2.Usage(
        day=Date(year=2026, month=11, day=day),
        model=model,
        label_value=label,
        accepted=3,
        succeeded=1,
        failed=1,
        cancelled=0,
        billed_seconds=8.0,
        settled_cost=dollars(0, 800_000_000),
        reserved_cost=dollars(0, 400_000_000),
    )


def usage_page(*rows: usage_pb2.Usage, following: str = "") -> api.GetUsageResponse:
    return api.GetUsageResponse(usage=rows, next_page_token=following)


def estimate(cost: Money) -> operation_pb2.GenerateVideosOperation:
    """Return the answer to a request that is only validated."""
    message = operation("STATE_UNSPECIFIED", 0)
    message.name = ""
    message.metadata.estimated_cost.CopyFrom(cost)
    return message


def over_budget(reason: str = "BUDGET_EXCEEDED", **figures: str) -> Status:
    told = {
        "budget": "principal/team-ads",
        "period": "2026-11-28",
        "limit_micros": "10000000",
        "spent_micros": "9500000",
        "reserved_micros": "400000",
        "requested_micros": "800000",
        **figures,
    }
    return status(code_pb2.RESOURCE_EXHAUSTED, "No budget is left.", error_info(reason, **told))
