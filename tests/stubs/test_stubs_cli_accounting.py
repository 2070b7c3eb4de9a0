# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake whoami` and `usage`, and the limits on cost of `longtake generate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.type.date_pb2 import Date
from longtake.v1 import usage_pb2
from stubs.stubs_accounting import (
    CALLER,
    NOBODY,
    RESETS_AS_TEXT,
    dollars,
    estimate,
    usage,
    usage_page,
)
from stubs.stubs_messages import MODEL, NAME, operation

if TYPE_CHECKING:
    from stubs.stubs_programs import Program


def test_whoami_shows_the_principal_and_what_is_left(longtake: Program) -> None:
    with video_service(Call("GetCaller", CALLER)) as service:
        outcome = longtake.run("whoami", "--address", service.address)

    assert outcome.out.splitlines() == [
        "principal:          team-ads",
        "roles:              GENERATOR, READER",
        "key:                1a2b3c4d5e6f",
        f"expires:            {RESETS_AS_TEXT}",
        "labels:             team=ads",
        "time zone:          Asia/Tokyo",
        "starts per minute:  60",
        "queued:             1 of 5",
        "running:            2",
        "",
        "BUDGET              PERIOD      LIMIT      SPENT     RESERVED  LEFT      RESETS",
        (
            "principal/team-ads  2026-11-28  10.00 USD  2.50 USD  1.00 USD  6.50 USD  "
            f"{RESETS_AS_TEXT}"
        ),
        "label/team=ads      2026-11     60 s       40 s      24 s      0 s       -",
    ]
    assert (outcome.code, outcome.err) == (0, "")


def test_whoami_says_that_a_server_does_not_authenticate(longtake: Program) -> None:
    with video_service(Call("GetCaller", NOBODY)) as service:
        outcome = longtake.run("whoami", "--address", service.address)

    assert outcome.out.splitlines() == [
        "principal:  none: the server does not authenticate its callers",
        "roles:      ADMIN",
        "queued:     0",
        "running:    0",
    ]


def test_whoami_as_json_is_one_document(longtake: Program) -> None:
    with video_service(Call("GetCaller", CALLER)) as service:
        outcome = longtake.run("whoami", "--json", "--address", service.address)

    document = json.loads(outcome.out)
    assert (document["principal"], document["roles"]) == ("team-ads", ["GENERATOR", "READER"])
    assert document["budgets"][0]["cost_left"]["amount"] == "6.500000000"
    assert document["budgets"][0]["reset_time"] == "2026-11-28T15:00:00Z"


def test_usage_is_a_table_of_what_was_asked_for(longtake: Program) -> None:
    page = usage_page(usage(27, MODEL, "ads"), usage(28, MODEL))
    with video_service(Call("GetUsage", page)) as service:
        outcome = longtake.run(
            "usage", "--by", "day,model,label:team", "--since", "2026-11-27", "--until",
            "2026-11-28", "--principal", "team-ads", "--address", service.address,
        )  # fmt: skip

        (request,) = service.requests("GetUsage")
        assert request.since == Date(year=2026, month=11, day=27)
        assert request.until == Date(year=2026, month=11, day=28)
        assert (request.label_key, request.principal) == ("team", "team-ads")
    assert outcome.out.splitlines() == [
        (
            "DAY         MODEL                      LABEL  ACCEPTED  SUCCEEDED  FAILED  CANCELLED  "
            "UNPRICED  SECONDS  RESERVED  SETTLED"
        ),
        (
            "2026-11-27  veo-3.1-fast-generate-001  ads    3         1          1       0          "
            "0         8        0.40 USD  0.80 USD"
        ),
        (
            "2026-11-28  veo-3.1-fast-generate-001  -      3         1          1       0          "
            "0         8        0.40 USD  0.80 USD"
        ),
    ]
    assert (outcome.code, outcome.err) == (0, "")


def test_usage_without_groups_is_one_sum(longtake: Program) -> None:
    with video_service(Call("GetUsage", usage_page(usage_pb2.Usage(accepted=7)))) as service:
        outcome = longtake.run("usage", "--address", service.address)

        assert list(service.requests("GetUsage")[0].group_by) == []
    assert outcome.out.splitlines()[1].split() == [
        *("7", "0", "0", "0", "0", "0"), *("0.00", "USD"), *("0.00", "USD")
    ]  # fmt: skip


def test_usage_as_json_is_one_document(longtake: Program) -> None:
    with video_service(Call("GetUsage", usage_page(usage(27, MODEL)))) as service:
        outcome = longtake.run("usage", "--by", "day,model", "--json", "--address", service.address)

    (row,) = json.loads(outcome.out)
    assert (row["day"], row["model"], row["label_value"]) == ("2026-11-27", MODEL, None)
    assert row["settled_cost"] == {"currency_code": "USD", "amount": "0.800000000"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--by", "week"),
            "--by: 'week' is not accepted; it is any of 'day', 'model', 'principal'",
        ),
        (("--by", "day,day"), "--by: 'day' is not accepted"),
        (("--by", "label"), "--by: 'label' is not accepted"),
        (("--since", "yesterday"), "--since: it is not a day, such as 2026-11-28"),
        (("--until", "2026-02-30"), "--until: it is not a day, such as 2026-11-28"),
    ],
)
def test_a_wrong_option_of_usage_is_named(
    longtake: Program, words: tuple[str, ...], told: str
) -> None:
    outcome = longtake.run("usage", *words, "--address", "localhost:1")

    assert outcome.err.startswith(f"longtake: {told}")
    assert (outcome.err.count("\n"), outcome.code) == (1, 2)


def test_generate_sends_the_maximum(longtake: Program) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        outcome = longtake.run(
            "generate", "a dog", "--max-cost", "1.50", "--no-wait", "--address", service.address
        )

        assert service.requests("GenerateVideos")[0].max_cost == dollars(1, 500_000_000)
    assert (outcome.code, outcome.out) == (0, f"{NAME}\n")


def test_a_wrong_maximum_names_the_option(longtake: Program) -> None:
    outcome = longtake.run("generate", "a dog", "--max-cost", "$2", "--address", "localhost:1")

    assert outcome.err == (
        "longtake: --max-cost: str is not accepted; it is an amount in US dollars of 0 or more, "
        "such as 1.5 or '1.50'\n"
    )
    assert outcome.code == 2


def test_validate_only_prints_the_highest_cost_and_starts_nothing(longtake: Program) -> None:
    checked = estimate(dollars(1, 600_000_000))
    checked.metadata.warnings.append("The model retires soon.")
    with video_service(Call("GenerateVideos", checked)) as service:
        outcome = longtake.run("generate", "a dog", "--validate-only", "--address", service.address)

        assert service.requests("GenerateVideos")[0].validate_only
    assert outcome.out == "highest cost: 1.60 USD\n"
    assert (outcome.code, outcome.err) == (0, "longtake: The model retires soon.\n")


def test_validate_only_as_json_has_the_estimate(longtake: Program) -> None:
    with video_service(Call("GenerateVideos", estimate(dollars(2)))) as service:
        outcome = longtake.run(
            "generate", "a dog", "--validate-only", "--json", "--address", service.address
        )

    assert json.loads(outcome.out) == {
        "estimated_cost": {"currency_code": "USD", "amount": "2.000000000"},
        "warnings": [],
    }


def test_validate_only_says_where_no_price_is_known(longtake: Program) -> None:
    with video_service(Call("GenerateVideos", operation("STATE_UNSPECIFIED", 0))) as service:
        outcome = longtake.run("generate", "a dog", "--validate-only", "--address", service.address)

    assert outcome.out == "highest cost: not known\n"
