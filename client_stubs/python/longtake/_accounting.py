# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the request for usage, and the values of callers and usage. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from google.type import date_pb2, money_pb2

from longtake._fields import instance, refusal, text
from longtake._responses import date_of, enum_name, money_of, time_of
from longtake._wording import shortened
from longtake.types import Budget, Caller, Money, Usage
from longtake.v1 import caller_pb2, usage_pb2, video_service_pb2

_DIMENSIONS = {
    "day": usage_pb2.Usage.DAY,
    "model": usage_pb2.Usage.MODEL,
    "principal": usage_pb2.Usage.PRINCIPAL,
}
_GROUPS = "any of 'day', 'model', 'principal' and 'label:KEY', each at most once"


def usage_request(
    group_by: Sequence[str], since: date | None, until: date | None, principal: str | None
) -> video_service_pb2.GetUsageRequest:
    """Return the request for the first page of usage.

    Raises:
        ValueError: An argument is wrong; the message names it.

    """
    request = video_service_pb2.GetUsageRequest(
        principal="" if principal is None else text(principal, "principal")
    )
    if since is not None:
        request.since.CopyFrom(_date(since, "since"))
    if until is not None:
        request.until.CopyFrom(_date(until, "until"))
    groups = [group_by] if isinstance(group_by, str) else list(group_by)
    for group in groups:
        _add_group(request, text(group, "group_by", _GROUPS))
    return request


def caller_of(message: caller_pb2.Caller) -> Caller:
    """Return the caller that a message describes."""
    has = message.HasField
    return Caller(
        principal=message.principal or None,
        roles=tuple(_role(number) for number in message.roles),
        labels=dict(message.labels),
        key_id=message.key_id or None,
        credential_expire_time=time_of(message, "credential_expire_time"),
        budgets=tuple(_budget(budget) for budget in message.budgets),
        time_zone=message.time_zone or None,
        requests_per_minute=message.requests_per_minute if has("requests_per_minute") else None,
        max_queued=message.max_queued if has("max_queued") else None,
        queued=message.queued,
        max_concurrent=message.max_concurrent if has("max_concurrent") else None,
        concurrent=message.concurrent,
    )


def usage_of(message: usage_pb2.Usage) -> Usage:
    """Return the usage that a message describes."""
    return Usage(
        day=date_of(message.day),
        model=message.model or None,
        principal=message.principal or None,
        label_value=message.label_value if message.HasField("label_value") else None,
        accepted=message.accepted,
        succeeded=message.succeeded,
        failed=message.failed,
        cancelled=message.cancelled,
        deleted=message.deleted,
        unpriced=message.unpriced,
        billed_seconds=message.billed_seconds,
        reserved_cost=_dollars(message.reserved_cost),
        settled_cost=_dollars(message.settled_cost),
    )


def _budget(message: caller_pb2.Budget) -> Budget:
    has = message.HasField
    return Budget(
        subject=message.subject,
        period=enum_name(message, "period"),
        period_key=message.period_key,
        reset_time=time_of(message, "reset_time"),
        cost_limit=_dollars(message.cost_limit) if has("cost_limit") else None,
        cost_spent=_dollars(message.cost_spent),
        cost_reserved=_dollars(message.cost_reserved),
        seconds_limit=message.seconds_limit if has("seconds_limit") else None,
        seconds_spent=message.seconds_spent,
        seconds_reserved=message.seconds_reserved,
    )


def _role(number: int) -> str:
    """Return the name of a role, or its number if only a newer contract has it."""
    known = caller_pb2.Caller.Role.DESCRIPTOR.values_by_number.get(number)
    return str(number) if known is None else known.name


def _dollars(message: money_pb2.Money) -> Money:
    """Return an amount; one that is not set is 0 dollars."""
    amount = money_of(message)
    return {"currency_code": amount["currency_code"] or "USD", "amount": amount["amount"]}


def _date(value: date, field: str) -> date_pb2.Date:
    # A datetime is a date, but of which zone?
    if isinstance(value, datetime):
        raise refusal(value, field, "a datetime.date, which is a day in UTC")
    day = instance(value, date, field, "a datetime.date, which is a day in UTC")
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _add_group(request: video_service_pb2.GetUsageRequest, group: str) -> None:
    name, has_key, key = group.partition(":")
    if name == "label" and key and not request.label_key:
        request.group_by.append(usage_pb2.Usage.LABEL)
        request.label_key = key
        return
    dimension = _DIMENSIONS.get(name)
    if dimension is None or has_key or dimension in request.group_by:
        raise ValueError(f"group_by: {shortened(group)} is not accepted; it is {_GROUPS}")
    request.group_by.append(dimension)
