# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Callers, budgets, usage and limits on cost, as the Python client has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import numpy
import pytest
from fakes.video_service import Call, video_service
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2
from google.type.date_pb2 import Date
from longtake import errors
from longtake._requests import generate_request
from longtake.types import GenerateVideosSource
from longtake.v1 import caller_pb2, usage_pb2
from stubs.stubs_accounting import (
    CALLER,
    NOBODY,
    dollars,
    estimate,
    over_budget,
    usage,
    usage_page,
)
from stubs.stubs_messages import MODEL, NAME, error_info, failed, operation, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.rpc.status_pb2 import Status
    from stubs.stubs_callers import Caller

    MakeCaller = Callable[..., Caller]

USD = "USD"
Kind = TypeVar("Kind", bound=errors.LongtakeError)


def _refused(caller: MakeCaller, refusal: Status, kind: type[Kind]) -> Kind:
    """Return the error of a generation that is refused; the script has one answer only."""
    with video_service(Call("GenerateVideos", refusal)) as service, pytest.raises(kind) as caught:
        caller(service.address).generate(model=MODEL, prompt="a dog")
    return caught.value


def test_a_caller_has_its_roles_and_budgets(caller: MakeCaller) -> None:
    with video_service(Call("GetCaller", CALLER)) as service:
        known = caller(service.address).whoami()

    assert (known.principal, known.roles) == ("team-ads", ("GENERATOR", "READER"))
    assert (known.labels, known.key_id) == ({"team": "ads"}, "1a2b3c4d5e6f")
    assert known.time_zone == "Asia/Tokyo"
    assert (known.requests_per_minute, known.queued, known.max_queued) == (60, 1, 5)
    assert (known.concurrent, known.max_concurrent) == (2, None)
    cost, seconds = known.budgets
    assert (cost.subject, cost.period, cost.period_key) == (
        "principal/team-ads",
        "DAY",
        "2026-11-28",
    )
    assert cost.reset_time == datetime(2026, 11, 28, 15, tzinfo=UTC)
    assert cost.cost_left == {"currency_code": USD, "amount": Decimal("6.5")}
    assert cost.seconds_left is None
    assert (seconds.cost_limit, seconds.cost_left) == (None, None)
    assert seconds.seconds_left == 0.0  # more is reserved than there was
    assert known.to_dict()["budgets"][0]["cost_left"] == {
        "currency_code": USD,
        "amount": "6.500000000",
    }


def test_a_server_without_authentication_names_nobody(caller: MakeCaller) -> None:
    with video_service(Call("GetCaller", NOBODY)) as service:
        known = caller(service.address).whoami()

    assert (known.principal, known.key_id, known.time_zone) == (None, None, None)
    assert (known.roles, known.budgets, known.max_queued) == (("ADMIN",), (), None)


def test_a_role_and_a_period_of_a_newer_contract_are_numbers(caller: MakeCaller) -> None:
    newer = caller_pb2.Caller.FromString(
        # Field 2, a role of 77; field 6, a budget whose field 2, the period, is 88.
        b"\x12\x01\x4d\x32\x02\x10\x58"
    )
    with video_service(Call("GetCaller", newer)) as service:
        known = caller(service.address).whoami()

    assert (known.roles, known.budgets[0].period) == (("77",), "88")


def test_usage_is_fetched_page_by_page(caller: MakeCaller) -> None:
    with video_service(
        Call("GetUsage", usage_page(usage(27, MODEL, "ads"), following="more")),
        Call("GetUsage", usage_page(usage(28, MODEL))),
    ) as service:
        first, second = caller(service.address).usage(
            ["day", "model", "label:team"],
            since=date(2026, 11, 1),
            until=date(2026, 11, 28),
            principal="team-ads",
        )

        asked, following = service.requests("GetUsage")
        assert list(asked.group_by) == [
            usage_pb2.Usage.DAY,
            usage_pb2.Usage.MODEL,
            usage_pb2.Usage.LABEL,
        ]
        assert (asked.label_key, asked.principal) == ("team", "team-ads")
        assert asked.since == Date(year=2026, month=11, day=1)
        assert asked.until == Date(year=2026, month=11, day=28)
        assert following.page_token == "more"
    assert (first.day, first.model, first.label_value) == (date(2026, 11, 27), MODEL, "ads")
    assert (second.label_value, second.principal) == (None, None)
    assert (first.accepted, first.succeeded, first.failed) == (3, 1, 1)
    assert first.settled_cost == {"currency_code": USD, "amount": Decimal("0.8")}


def test_usage_without_anything_is_one_sum_of_0_dollars(caller: MakeCaller) -> None:
    with video_service(Call("GetUsage", usage_page(usage_pb2.Usage()))) as service:
        (whole,) = caller(service.address).usage()

    assert whole.day is None
    assert whole.settled_cost == whole.reserved_cost == {"currency_code": USD, "amount": Decimal(0)}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"group_by": ["week"]}, "group_by: 'week' is not accepted; it is any of 'day', 'model'"),
        ({"group_by": "week"}, "group_by: 'week' is not accepted"),
        ({"group_by": ["day", "day"]}, "group_by: 'day' is not accepted; .* each at most once"),
        ({"group_by": ["label"]}, "group_by: 'label' is not accepted"),
        ({"group_by": ["label:"]}, "group_by: 'label:' is not accepted"),
        ({"group_by": ["label:a", "label:b"]}, "group_by: 'label:b' is not accepted"),
        ({"group_by": ["day:x"]}, "group_by: 'day:x' is not accepted"),
        ({"group_by": [7]}, "group_by: 7 is not accepted"),
        ({"since": "2026-11-28"}, "since: str is not accepted; it is a datetime.date"),
        ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, "until: datetime is not accepted"),
        ({"principal": 7}, "principal: 7 is not accepted"),
    ],
)
def test_a_wrong_argument_of_usage_is_named(
    caller: MakeCaller, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        caller("localhost:1").usage(**given)


def _sent(max_cost: Any) -> tuple[str, int, int]:
    options: Any = {"max_cost": max_cost}
    sent = generate_request(
        MODEL, GenerateVideosSource(prompt="a dog"), None, None, options
    ).max_cost
    return sent.currency_code, sent.units, sent.nanos


@pytest.mark.parametrize(
    ("given", "units", "nanos"),
    [
        (2, 2, 0),
        (0, 0, 0),
        (1.5, 1, 500_000_000),
        (0.1, 0, 100_000_000),
        ("1.50", 1, 500_000_000),
        (" 3 ", 3, 0),
        (Decimal("0.000000001"), 0, 1),
        (Decimal("0.9999999999"), 0, 999_999_999),
        ("0.00000000009", 0, 0),
        ((1 << 63) - 1, (1 << 63) - 1, 0),
        (numpy.float64(0.3), 0, 300_000_000),
        (numpy.int64(4), 4, 0),
    ],
)
def test_a_maximum_is_sent_exactly_and_never_rounded_up(given: Any, units: int, nanos: int) -> None:
    assert _sent(given) == (USD, units, nanos)
    with localcontext(prec=2):
        assert _sent(given) == (USD, units, nanos)


@pytest.mark.parametrize(
    "given",
    [-1, -0.01, "-1", "hush", "$1.50", "1,50", "", True, float("nan"), float("inf"), "NaN",
     1 << 63, "1e30", None, b"1", [1], Fraction(1, 3)],
)  # fmt: skip
def test_what_is_no_amount_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"^max_cost: .* it is an amount in US dollars") as caught:
        _sent(given)

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("given", "shown"), [(-1, "-1"), ("-1.50", "-1.50"), ("1e30", "1E+30")])
def test_a_number_that_is_no_amount_is_repeated(given: Any, shown: str) -> None:
    with pytest.raises(ValueError, match=f"^max_cost: {re.escape(shown)} is not accepted;"):
        _sent(given)


def test_a_request_can_be_validated_only(caller: MakeCaller) -> None:
    with video_service(Call("GenerateVideos", estimate(dollars(1, 600_000_000)))) as service:
        checked = caller(service.address).generate(
            model=MODEL, prompt="a dog", validate_only=True, max_cost="2"
        )

        (request,) = service.requests("GenerateVideos")
        assert (request.validate_only, request.max_cost) == (True, dollars(2))
    assert (checked.name, checked.done) == ("", False)
    assert checked.metadata["estimated_cost"] == {"currency_code": USD, "amount": Decimal("1.6")}


def test_a_budget_that_is_spent_raises_its_figures_and_is_not_tried_again(
    caller: MakeCaller,
) -> None:
    refusal = over_budget(resets_at="2026-11-28T15:00:00Z")
    error = _refused(caller, refusal, errors.BudgetExceeded)

    assert (error.code, error.retry_after, error.unit) == (429, None, "USD")
    assert (error.budget, error.period) == ("principal/team-ads", "2026-11-28")
    assert error.resets_at == datetime(2026, 11, 28, 15, tzinfo=UTC)
    assert (error.limit, error.spent, error.reserved, error.requested) == (
        Decimal(10),
        Decimal("9.5"),
        Decimal("0.4"),
        Decimal("0.8"),
    )


def test_a_budget_of_seconds_has_seconds(caller: MakeCaller) -> None:
    seconds = {"limit_milliseconds": "60000", "requested_milliseconds": "4500"}
    error = _refused(caller, over_budget(**seconds), errors.BudgetExceeded)

    assert (error.unit, error.limit, error.requested) == ("seconds", Decimal(60), Decimal("4.5"))
    assert (error.spent, error.resets_at) == (None, None)


def test_a_generation_that_fits_in_no_period_has_an_error_of_its_own(caller: MakeCaller) -> None:
    error = _refused(caller, over_budget("REQUEST_OVER_BUDGET"), errors.RequestOverBudget)

    assert (error.limit, error.resets_at) == (Decimal(10), None)


@pytest.mark.parametrize("figure", ["", "ten", "9" * 4400])
def test_figures_that_are_none_do_no_harm(caller: MakeCaller, figure: str) -> None:
    refusal = over_budget(limit_micros=figure, resets_at=figure[:99])
    error = _refused(caller, refusal, errors.BudgetExceeded)

    assert (error.limit, error.resets_at) == (None, None)


def test_a_rate_limit_is_left_to_the_caller_with_its_delay(caller: MakeCaller) -> None:
    refusal = status(
        code_pb2.RESOURCE_EXHAUSTED,
        "Too many.",
        error_info("RATE_LIMITED", requests_per_minute="60"),
        error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000)),
    )
    error = _refused(caller, refusal, errors.RateLimited)

    assert error.retry_after == 1.5


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (code_pb2.RESOURCE_EXHAUSTED, "TOO_MANY_QUEUED", errors.TooManyQueued),
        (code_pb2.FAILED_PRECONDITION, "PRICE_UNKNOWN", errors.PriceUnknown),
        (code_pb2.FAILED_PRECONDITION, "COST_OVER_MAXIMUM", errors.CostOverMaximum),
        (code_pb2.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", errors.ClientError),
        # A reason with the code of another error is not what the client knows.
        (code_pb2.INTERNAL, "BUDGET_EXCEEDED", errors.ServerError),
    ],
)
def test_a_reason_has_its_class(
    caller: MakeCaller, code: code_pb2.Code, reason: str, kind: type[errors.LongtakeError]
) -> None:
    info = error_info(reason, max_micros="1500000", requested_micros="1600000")
    error = _refused(caller, status(code, "No.", info), errors.LongtakeError)

    assert type(error) is kind
    if isinstance(error, errors.CostOverMaximum):
        assert (error.maximum, error.requested) == (Decimal("1.5"), Decimal("1.6"))


def test_an_operation_tells_who_started_it_and_of_a_late_success(caller: MakeCaller) -> None:
    late = failed()
    late.metadata.principal = "team-ads"
    late.metadata.late_success = True
    with video_service(Call("GetOperation", late), Call("GetOperation", operation())) as service:
        told = caller(service.address).get(NAME).metadata
        silent = caller(service.address).get(NAME).metadata

    assert (told["principal"], told["late_success"]) == ("team-ads", True)
    assert (silent["principal"], silent["late_success"]) == (None, False)
