# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.webhooks`: what it sends, and what it returns. Both halves of the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from google.protobuf.empty_pb2 import Empty
from longtake import AsyncClient, Client
from longtake.errors import ClientClosed
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.webhook_pb2 import Webhook, WebhookDelivery
from stubs.stubs_messages import MODEL, operation
from stubs.stubs_webhooks import DELIVERY, ORDERS, SECRET, created, delivery, disabled

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., Any]

NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)


def _blocking(address: str, method: str, *arguments: Any, **named: Any) -> Any:
    with Client(address) as client:
        answer = getattr(client.webhooks, method)(*arguments, **named)
        return list(answer) if method in {"list", "deliveries"} else answer


def _async(address: str, method: str, *arguments: Any, **named: Any) -> Any:
    async def call() -> Any:
        async with AsyncClient(address) as client:
            answer = getattr(client.webhooks, method)(*arguments, **named)
            if isinstance(answer, AsyncIterator):
                return [one async for one in answer]
            return await answer

    return asyncio.run(call())


@pytest.fixture(params=[_blocking, _async], ids=["blocking", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Return what calls a method of `client.webhooks` at an address."""
    asked: Ask = request.param
    return asked


def test_a_webhook_is_created_with_its_secret(ask: Ask) -> None:
    with video_service(Call("CreateWebhook", created())) as service:
        types = ["operation.succeeded", "BUDGET.THRESHOLD"]
        made = ask(service.address, "create", "orders", "https://a.example/b", event_types=types)
        [request] = service.requests("CreateWebhook")

    assert request == api.CreateWebhookRequest(
        webhook_id="orders",
        webhook=Webhook(
            url="https://a.example/b",
            event_types=[Webhook.OPERATION_SUCCEEDED, Webhook.BUDGET_THRESHOLD],
        ),
    )
    assert (made.name, made.url, made.secret) == ("webhooks/orders", ORDERS.url, SECRET)
    assert made.event_types == ("operation.succeeded", "budget.threshold")
    assert (made.disabled, made.disable_reason, made.from_file) == (False, None, False)
    assert (made.principal, made.create_time, made.failing_since_time) == ("ann", NOW, None)
    assert SECRET not in repr(made)
    assert made.to_dict()["secret"] == SECRET


def test_only_what_is_given_is_changed(ask: Ask) -> None:
    with video_service(Call("UpdateWebhook", disabled()), Call("UpdateWebhook", ORDERS)) as service:
        changed = ask(service.address, "update", "orders", disabled=True, principal="ann")
        ask(service.address, "update", changed, url="https://c.example/", event_types=[])
        first, second = service.requests("UpdateWebhook")

    assert (changed.disabled, changed.disable_reason, changed.disable_time) == (True, "GONE", NOW)
    assert (first.webhook.name, first.webhook.disabled) == ("webhooks/orders", True)
    assert (first.update_mask.paths, first.principal) == (["disabled"], "ann")
    assert second.update_mask.paths == ["url", "event_types"]
    assert (second.webhook.url, list(second.webhook.event_types)) == ("https://c.example/", [])


@pytest.mark.parametrize(
    ("method", "rpc", "answer"),
    [
        ("get", "GetWebhook", ORDERS),
        ("rotate_secret", "RotateWebhookSecret", created()),
        ("test", "TestWebhook", delivery()),
        ("delete", "DeleteWebhook", Empty()),
    ],
)
def test_a_webhook_is_named_by_its_id_or_name(ask: Ask, method: str, rpc: str, answer: Any) -> None:
    with video_service(Call(rpc, answer), Call(rpc, answer)) as service:
        ask(service.address, method, "orders")
        ask(service.address, method, "webhooks/orders", principal="ann")
        requests = service.requests(rpc)
    assert [one.name for one in requests] == ["webhooks/orders"] * 2
    assert [one.principal for one in requests] == ["", "ann"]


def test_webhooks_and_deliveries_are_fetched_page_by_page(ask: Ask) -> None:
    with video_service(
        Call("ListWebhooks", api.ListWebhooksResponse(webhooks=[ORDERS], next_page_token="t")),
        Call("ListWebhooks", api.ListWebhooksResponse(webhooks=[disabled()])),
        Call(
            "ListWebhookDeliveries",
            api.ListWebhookDeliveriesResponse(deliveries=[delivery()], next_page_token="u"),
        ),
        Call("ListWebhookDeliveries", api.ListWebhookDeliveriesResponse(deliveries=[delivery()])),
    ) as service:
        assert len(ask(service.address, "list", 1, principal="ann")) == 2
        [one, _] = ask(service.address, "deliveries", "orders", state="dead", page_size=1)
        pages = service.requests("ListWebhooks")
        asked = service.requests("ListWebhookDeliveries")

    assert [(each.page_token, each.page_size) for each in pages] == [("", 1), ("t", 1)]
    assert [(each.parent, each.page_token) for each in asked] == [
        ("webhooks/orders", ""),
        ("webhooks/orders", "u"),
    ]
    assert {each.state for each in asked} == {WebhookDelivery.DEAD}
    assert (one.name, one.event_type, one.operation) == (
        DELIVERY,
        "operation.succeeded",
        "operations/1",
    )
    assert (one.state, one.attempts, one.last_attempt_seconds) == ("PENDING", 1, 0.25)
    assert (one.failure, one.http_status, one.next_attempt_time) == ("STATUS", 500, NOW)
    assert one.end_time is None


@pytest.mark.parametrize(
    ("method", "rpc"),
    [("redeliver", "RedeliverWebhookDelivery"), ("get_delivery", "GetWebhookDelivery")],
)
def test_a_delivery_is_named_by_itself_or_its_name(ask: Ask, method: str, rpc: str) -> None:
    with video_service(Call(rpc, delivery()), Call(rpc, delivery())) as service:
        ask(service.address, method, ask(service.address, method, DELIVERY))
        assert [one.name for one in service.requests(rpc)] == [DELIVERY] * 2


@pytest.mark.parametrize(
    ("method", "arguments", "named", "message"),
    [
        ("create", ("orders", 5), {}, "url: 5 is not accepted; it is a string"),
        ("create", ("o", "u"), {"event_types": "x"}, "event_types: str is not accepted"),
        ("create", ("o", "u"), {"event_types": ["webhook.test"]}, "event_types: 'webhook.test' is"),
        ("update", ("orders",), {}, "update: nothing is to change; give url, event_types or"),
        ("update", ("orders",), {"disabled": 1}, "disabled: 1 is not accepted"),
        ("get", ("",), {}, "name: it is empty; it is webhooks/{id}"),
        ("redeliver", ("orders",), {}, "delivery: it is not a name such as webhooks/"),
        ("deliveries", ("orders",), {"state": "lost"}, "state: 'lost' is not accepted; it is one"),
        ("list", (), {"principal": 5}, "principal: 5 is not accepted"),
    ],
)
def test_a_wrong_argument_is_named_before_the_call(
    ask: Ask, method: str, arguments: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    with video_service() as service, pytest.raises(ValueError) as caught:  # noqa: PT011 - see below
        ask(service.address, method, *arguments, **named)
    assert str(caught.value).startswith(message)


def test_a_generation_names_its_webhook() -> None:
    answer = operation()
    answer.metadata.webhook = "orders"
    answer.metadata.webhook_metadata["order"] = "17"
    with (
        video_service(Call("GenerateVideos", answer)) as service,
        Client(service.address) as client,
    ):
        made = client.models.generate_videos(
            model=MODEL, prompt="a dog", webhook="orders", webhook_metadata={"order": "17"}
        )
        [request] = service.requests("GenerateVideos")
        with pytest.raises(ValueError, match=r"^webhook_metadata\['order'\]: 17 is not accepted"):
            client.models.generate_videos(
                model=MODEL,
                prompt="a dog",
                webhook_metadata={"order": 17},  # type: ignore[dict-item]
            )
    assert (request.webhook, dict(request.webhook_metadata)) == ("orders", {"order": "17"})
    assert made.metadata["webhook"] == "orders"
    assert made.metadata["webhook_metadata"] == {"order": "17"}


def test_webhooks_of_a_closed_client_are_refused() -> None:
    with video_service() as service:
        client = Client(service.address)
        client.close()
        with pytest.raises(ClientClosed):
            client.webhooks.get("orders")
