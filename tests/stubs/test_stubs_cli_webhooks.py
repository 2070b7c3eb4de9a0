# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake webhooks`, but for `listen`, and `longtake generate --webhook`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.protobuf.empty_pb2 import Empty
from google.rpc import code_pb2
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.webhook_pb2 import Webhook
from stubs.stubs_messages import error_info, operation, status
from stubs.stubs_webhooks import (
    DELIVERY,
    ORDERS,
    SECRET,
    TIME_AS_TEXT,
    created,
    delivery,
    disabled,
)

if TYPE_CHECKING:
    from stubs.stubs_programs import Program

URL = "https://shop.example.com/hooks"


def test_create_prints_the_secret(longtake: Program) -> None:
    with video_service(Call("CreateWebhook", created())) as service:
        chosen = ("--event", "operation.succeeded", "--event", "budget.threshold")
        outcome = longtake.run(
            "webhooks", "create", "orders", "--url", URL, *chosen, "--address", service.address
        )
        [request] = service.requests("CreateWebhook")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "name:       webhooks/orders",
        f"url:        {URL}",
        "events:     operation.succeeded, budget.threshold",
        f"secret:     {SECRET}",
        "state:      enabled",
        "principal:  ann",
        f"created:    {TIME_AS_TEXT}",
        f"changed:    {TIME_AS_TEXT}",
    ]
    assert (request.webhook_id, request.webhook.url) == ("orders", URL)
    assert list(request.webhook.event_types) == [
        Webhook.OPERATION_SUCCEEDED,
        Webhook.BUDGET_THRESHOLD,
    ]


def test_list_shows_a_row_for_each_webhook(longtake: Program) -> None:
    answer = api.ListWebhooksResponse(webhooks=[ORDERS, disabled()])
    with video_service(Call("ListWebhooks", answer)) as service:
        outcome = longtake.run("webhooks", "list", "--limit", "1", "--address", service.address)
    head, row = outcome.out.splitlines()
    assert head.split() == ["ID", "URL", "STATE", "EVENTS", "PRINCIPAL", "CREATED"]
    types = "operation.succeeded,budget.threshold"
    assert row.split() == ["orders", URL, "enabled", types, "ann", *TIME_AS_TEXT.split()]
    assert outcome.err == "longtake: there are more than 1; see --limit\n"


def test_update_enables_a_webhook_again(longtake: Program) -> None:
    with video_service(Call("UpdateWebhook", ORDERS)) as service:
        outcome = longtake.run(
            "webhooks", "update", "orders", "--enable", "--json", "--address", service.address
        )
        [request] = service.requests("UpdateWebhook")
    assert json.loads(outcome.out)["disabled"] is False
    assert (request.update_mask.paths, request.webhook.disabled) == (["disabled"], False)


def test_get_and_rotate_and_delete_and_test(longtake: Program) -> None:
    with video_service(
        Call("GetWebhook", disabled()),
        Call("RotateWebhookSecret", created()),
        Call("DeleteWebhook", Empty()),
        Call("TestWebhook", delivery()),
    ) as service:
        to = ("orders", "--address", service.address)
        assert "state:      disabled (GONE)" in longtake.run("webhooks", "get", *to).out
        assert SECRET in longtake.run("webhooks", "rotate", *to).out
        assert longtake.run("webhooks", "delete", *to).out == "deleted orders\n"
        tested = longtake.run("webhooks", "test", *to).out
    assert tested.splitlines()[:6] == [
        f"name:          {DELIVERY}",
        "event:         operation.succeeded",
        "operation:     operations/1",
        "state:         PENDING",
        "attempts:      1",
        "answer:        500 STATUS",
    ]


def test_deliveries_are_listed_and_sent_again(longtake: Program) -> None:
    answer = api.ListWebhookDeliveriesResponse(deliveries=[delivery()])
    with video_service(
        Call("ListWebhookDeliveries", answer),
        Call("ListWebhookDeliveries", answer),
        Call("RedeliverWebhookDelivery", delivery()),
    ) as service:
        to = ("--address", service.address)
        listed = longtake.run("webhooks", "deliveries", "orders", "--state", "dead", *to)
        as_json = longtake.run("webhooks", "deliveries", "orders", "--json", *to)
        again = longtake.run("webhooks", "redeliver", DELIVERY, "--json", *to)
    assert [*listed.out.splitlines()[1].split()][:6] == [
        DELIVERY, "operation.succeeded", "PENDING", "1", "500", "STATUS",
    ]  # fmt: skip
    assert [each["http_status"] for each in json.loads(as_json.out)] == [500]
    assert json.loads(again.out)["last_attempt_seconds"] == 0.25


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("create", "orders"), "Missing option '--url'; see --help"),
        (("update", "orders"), "give --url, --event, --disable or --enable"),
        (
            ("deliveries", "orders", "--limit", "0"),
            "Invalid value for '--limit': it is less than 1",
        ),
        (("redeliver", "orders"), "delivery: it is not a name such as webhooks/{id}/deliv"),
        (("create", "o", "--url", "u", "--event", "x"), "Invalid value for '--event': 'x' is not"),
        (("creat",), "No such command 'creat'"),
    ],
)
def test_a_wrong_argument_is_one_line(
    longtake: Program, arguments: tuple[str, ...], line: str
) -> None:
    with video_service() as service:
        outcome = longtake.run("webhooks", *arguments, "--address", service.address)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"longtake: {line}")
    assert outcome.err.count("\n") == 1


def test_a_refusal_of_the_server_is_one_line(longtake: Program) -> None:
    refusal = status(code_pb2.ALREADY_EXISTS, "It exists.", error_info("WEBHOOK_EXISTS"))
    with video_service(Call("CreateWebhook", refusal)) as service:
        outcome = longtake.run(
            "webhooks", "create", "orders", "--url", URL, "--address", service.address
        )
    assert (outcome.code, outcome.out) == (2, "")
    assert "It exists." in outcome.err
    assert outcome.err.count("\n") == 1


def test_generate_names_a_webhook_and_its_metadata(longtake: Program) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        hook = ("--webhook", "orders", "--webhook-metadata", "order=17")
        to = ("--no-wait", "--address", service.address)
        outcome = longtake.run("generate", "a dog", *hook, *to)
        wrong = longtake.run("generate", "a dog", "--webhook-metadata", "order", *to)
        [request] = service.requests("GenerateVideos")
    assert outcome.code == 0
    assert (request.webhook, dict(request.webhook_metadata)) == ("orders", {"order": "17"})
    assert wrong.err == "longtake: --webhook-metadata: 'order' is not accepted; it is KEY=VALUE\n"
