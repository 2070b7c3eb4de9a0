# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parses the requests of GetUsage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from longtake.v1.usage_pb2 import Usage
from longtake.v1.video_service_pb2 import GetUsageRequest

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.operations.accounting import Dimension, UsageQuery
from longtake_server.operations.ownership import usage_scope_of
from longtake_server.rpc import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.identity.principal import Principal

_DEFAULT_ROWS = 100
_LONGEST_LABEL_KEY = 63
_DIMENSIONS = {Usage.Dimension.Value(one.value): one for one in Dimension}
_ACCEPTED = ", ".join(one.value for one in Dimension)


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """A request of GetUsage.

    Attributes:
        wanted: What it selects and groups.
        limit: The most rows to return.
        cursor: Where the page begins; None for the first page.
    """

    wanted: UsageQuery
    limit: int
    cursor: str | None


def usage_request(request: GetUsageRequest, principal: Principal) -> UsageRequest:
    """Parse a request.

    Raises:
        RoleMissing: It names another principal, and this one is no admin.
        InvalidRequest: Fields are invalid. Holds all violations.

    """
    asked = request.principal or None
    usage_scope_of(principal, asked)
    violations = [
        *_day_violations(request),
        *_dimension_violations(request),
        *_label_violations(request),
        *_page_violations(request, principal),
    ]
    if violations:
        raise InvalidRequest(violations)
    return UsageRequest(
        wanted=UsageQuery(
            since=_day(request, "since") or date.min,
            until=_day(request, "until") or date.max,
            caller=asked,
            dimensions=frozenset(_DIMENSIONS[number] for number in request.group_by),
            label_key=request.label_key,
        ),
        limit=requests.page_size(request.page_size, _DEFAULT_ROWS),
        cursor=requests.page_cursor(request.page_token, *_query(request, principal)),
    )


def next_page_token(request: GetUsageRequest, principal: Principal, cursor: str | None) -> str:
    """Return the token of the page at the cursor; empty if there is none."""
    return "" if cursor is None else requests.page_token(cursor, *_query(request, principal))


def _query(request: GetUsageRequest, principal: Principal) -> tuple[str, ...]:
    """Return what a page token belongs to: the principal, and all fields that select rows."""
    query = GetUsageRequest()
    query.CopyFrom(request)
    query.ClearField("page_size")
    query.ClearField("page_token")
    return "usage", principal.id, query.SerializeToString(deterministic=True).hex()


def _day(request: GetUsageRequest, field: str) -> date | None:
    """Return a day of the request, None if it is absent. Raises ValueError."""
    if not request.HasField(field):
        return None
    day = getattr(request, field)
    return date(day.year, day.month, day.day)


def _day_violations(request: GetUsageRequest) -> Iterator[Violation]:
    days: dict[str, date | None] = {}
    for field in ("since", "until"):
        try:
            days[field] = _day(request, field)
        except (ValueError, OverflowError):
            yield Violation(field, "it is not a day; accepted are a year, a month and a day of it")
    since, until = days.get("since"), days.get("until")
    if since is not None and until is not None and until < since:
        yield Violation("until", f"{until} is before since; accepted are {since} and later")


def _dimension_violations(request: GetUsageRequest) -> Iterator[Violation]:
    seen: set[int] = set()
    for index, number in enumerate(request.group_by):
        if number not in _DIMENSIONS:
            yield Violation(f"group_by[{index}]", f"{number} is unknown; accepted are {_ACCEPTED}")
        elif number in seen:
            name = _DIMENSIONS[number].value
            yield Violation(f"group_by[{index}]", f"{name} is there twice; accepted is once")
        else:
            seen.add(number)
            continue
        # One is enough: a request may hold millions.
        return


def _label_violations(request: GetUsageRequest) -> Iterator[Violation]:
    by_label = Usage.Dimension.LABEL in request.group_by
    if by_label and not request.label_key:
        yield Violation("label_key", "it is empty; required with LABEL is the key of a label")
    if request.label_key and not by_label:
        yield Violation("label_key", "accepted only with LABEL in group_by")
    if len(request.label_key) > _LONGEST_LABEL_KEY:
        yield Violation("label_key", f"accepted are at most {_LONGEST_LABEL_KEY} characters")


def _page_violations(request: GetUsageRequest, principal: Principal) -> Iterator[Violation]:
    try:
        requests.page_size(request.page_size)
    except InvalidRequest as error:
        yield from error.violations
    try:
        requests.page_cursor(request.page_token, *_query(request, principal))
    except InvalidRequest as error:
        yield from error.violations
