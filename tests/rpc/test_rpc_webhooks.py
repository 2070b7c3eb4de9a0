# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""WebhookService over a real socket: what it returns, and what wrong input gets."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import MODEL, MOST_WEBHOOKS
from google.protobuf.field_mask_pb2 import FieldMask
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetOperationRequest
from longtake.v1.webhook_pb2 import Webhook, WebhookDelivery
from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted
from rpc.rpc_server import refused, serving
from rpc.rpc_webhooks import URL, created, creation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from rpc.rpc_server import Server

ORDERS = "webhooks/orders"
DEFAULT = [
    Webhook.EventType.OPERATION_SUCCEEDED,
    Webhook.EventType.OPERATION_FAILED,
    Webhook.EventType.OPERATION_CANCELLED,
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def update(server: Server, *paths: str, **fields: Any) -> Webhook:
    request = api.UpdateWebhookRequest(
        webhook=Webhook(name=ORDERS, **fields), update_mask=FieldMask(paths=paths)
    )
    updated: Webhook = await server.webhooks.UpdateWebhook(request)
    return updated


async def deliveries(server: Server, **fields: Any) -> list[WebhookDelivery]:
    request = api.ListWebhookDeliveriesRequest(parent=ORDERS, **fields)
    return list((await server.webhooks.ListWebhookDeliveries(request)).deliveries)


def secret_of(webhook: Webhook) -> bytes:
    assert webhook.secret.startswith("whsec_")
    return base64.b64decode(webhook.secret.removeprefix("whsec_"), validate=True)


async def test_only_the_creation_returns_the_secret(server: Server) -> None:
    made = await created(server)
    assert len(secret_of(made)) == 32
    assert (made.name, made.url, set(made.event_types)) == (ORDERS, URL, set(DEFAULT))
    assert not made.disabled
    got = await server.webhooks.GetWebhook(api.GetWebhookRequest(name=ORDERS))
    [listed] = (await server.webhooks.ListWebhooks(api.ListWebhooksRequest())).webhooks
    assert got.secret == listed.secret == ""
    made.secret = ""
    assert got == listed == made


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"webhook_id": ""}, ["webhook_id"]),
        ({"webhook_id": "Orders"}, ["webhook_id"]),
        ({"webhook_id": "a" * 64}, ["webhook_id"]),
        ({"url": ""}, ["webhook.url"]),
        ({"url": "https://example.com/" + "a" * 2048}, ["webhook.url"]),
        ({"url": "https://private.example.com/"}, ["webhook.url"]),
        ({"event_types": [0]}, ["webhook.event_types[0]"]),
        (
            {"event_types": [1, Webhook.EventType.WEBHOOK_TEST, 99]},
            ["webhook.event_types[1]", "webhook.event_types[2]"],
        ),
        ({"event_types": [1] * 17}, ["webhook.event_types"]),
        ({"webhook_id": "-", "url": ""}, ["webhook_id", "webhook.url"]),
    ],
)
async def test_wrong_fields_of_a_creation_are_named(
    server: Server, fields: dict[str, Any], expected: list[str]
) -> None:
    fault = await refused(server.webhooks.CreateWebhook(creation(**fields)))
    assert (fault.code.name, fault.fields) == ("INVALID_ARGUMENT", expected)
    assert not (await server.webhooks.ListWebhooks(api.ListWebhooksRequest())).webhooks


async def test_a_taken_id_and_one_webhook_too_many_are_refused(server: Server) -> None:
    for number in range(MOST_WEBHOOKS):
        await created(server, webhook_id=f"hook-{number}")
    fault = await refused(server.webhooks.CreateWebhook(creation("hook-0")))
    assert (fault.code.name, fault.reason) == ("ALREADY_EXISTS", "WEBHOOK_ALREADY_EXISTS")
    fault = await refused(server.webhooks.CreateWebhook(creation("another")))
    assert (fault.code.name, fault.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_WEBHOOKS")
    assert fault.metadata == {"max_webhooks": str(MOST_WEBHOOKS)}


async def test_webhooks_are_listed_in_pages(server: Server) -> None:
    names = [f"webhooks/hook-{number}" for number in range(MOST_WEBHOOKS)]
    for name in names:
        await created(server, webhook_id=name.removeprefix("webhooks/"))
    found, token = [], ""
    while True:
        request = api.ListWebhooksRequest(page_size=2, page_token=token)
        page = await server.webhooks.ListWebhooks(request)
        found += [one.name for one in page.webhooks]
        if not (token := page.next_page_token):
            break
    assert found == names


async def test_an_update_changes_the_fields_of_its_mask_only(server: Server) -> None:
    await created(server)
    new = "https://new.example.com"
    changed = await update(server, "url", url=new, disabled=True)
    assert (changed.url, changed.disabled, set(changed.event_types)) == (new, False, set(DEFAULT))
    changed = await update(server, "*", url=URL, disabled=True, event_types=[4])
    assert (changed.url, changed.disabled, list(changed.event_types)) == (URL, True, [4])
    assert changed.disable_reason == Webhook.DisableReason.REQUESTED
    assert changed.HasField("disable_time")
    changed = await update(server, "disabled")
    assert not changed.disabled
    assert not changed.HasField("disable_time")
    changed = await update(server, url=new)
    assert (changed.url, list(changed.event_types)) == (new, [4])


@pytest.mark.parametrize(
    ("paths", "fields", "expected"),
    [
        ((), {}, "update_mask"),
        (("secret",), {"url": URL}, "update_mask"),
        (("url",), {}, "webhook.url"),
        (("url",), {"url": "https://private.example.com"}, "webhook.url"),
        (("event_types",), {"event_types": [6]}, "webhook.event_types[0]"),
    ],
)
async def test_wrong_fields_of_an_update_are_named(
    server: Server, paths: tuple[str, ...], fields: dict[str, Any], expected: str
) -> None:
    await created(server)
    fault = await refused(update(server, *paths, **fields))
    assert fault.fields == [expected]


async def test_a_rotation_returns_a_new_secret_and_when_the_old_one_ends(server: Server) -> None:
    made = await created(server)
    rotated = await server.webhooks.RotateWebhookSecret(api.RotateWebhookSecretRequest(name=ORDERS))
    assert secret_of(rotated) != secret_of(made)
    ends = rotated.previous_secret_expire_time.ToDatetime() - rotated.update_time.ToDatetime()
    assert ends == timedelta(hours=24)


async def test_a_deleted_webhook_is_gone(server: Server) -> None:
    await created(server)
    await server.webhooks.DeleteWebhook(api.DeleteWebhookRequest(name=ORDERS))
    fault = await refused(server.webhooks.GetWebhook(api.GetWebhookRequest(name=ORDERS)))
    assert (fault.code.name, fault.reason) == ("NOT_FOUND", "WEBHOOK_NOT_FOUND")
    await created(server)


async def test_a_test_is_a_delivery_that_can_be_read_and_sent_again(server: Server) -> None:
    await created(server)
    sent = await server.webhooks.TestWebhook(api.TestWebhookRequest(name=ORDERS))
    assert sent.event_type == Webhook.EventType.WEBHOOK_TEST
    assert sent.state == WebhookDelivery.State.PENDING
    assert await deliveries(server) == [sent]
    got = await server.webhooks.GetWebhookDelivery(api.GetWebhookDeliveryRequest(name=sent.name))
    assert got == sent
    server.parts.clock.advance(1)
    again = await server.webhooks.RedeliverWebhookDelivery(
        api.RedeliverWebhookDeliveryRequest(name=sent.name)
    )
    later = again.next_attempt_time.ToDatetime() - sent.next_attempt_time.ToDatetime()
    assert (again.name, later) == (sent.name, timedelta(seconds=1))


async def test_a_disabled_webhook_is_not_tested_and_its_dead_delivery_not_sent_again(
    server: Server,
) -> None:
    await created(server)
    sent = await server.webhooks.TestWebhook(api.TestWebhookRequest(name=ORDERS))
    await update(server, disabled=True)
    [dead] = await deliveries(server, state=WebhookDelivery.State.DEAD)
    assert (dead.name, dead.failure) == (sent.name, WebhookDelivery.Failure.WEBHOOK_DISABLED)
    assert await deliveries(server, state=WebhookDelivery.State.PENDING) == []
    again = api.RedeliverWebhookDeliveryRequest(name=sent.name)
    for call in (
        server.webhooks.TestWebhook(api.TestWebhookRequest(name=ORDERS)),
        server.webhooks.RedeliverWebhookDelivery(again),
    ):
        fault = await refused(call)
        assert (fault.code.name, fault.reason) == ("FAILED_PRECONDITION", "WEBHOOK_DISABLED")
        assert fault.metadata["disable_reason"] == "REQUESTED"


async def test_deliveries_are_listed_in_pages(server: Server) -> None:
    await created(server)
    for _ in range(3):
        await server.webhooks.TestWebhook(api.TestWebhookRequest(name=ORDERS))
        server.parts.clock.advance(1)
    request = api.ListWebhookDeliveriesRequest(parent=ORDERS, page_size=2)
    first = await server.webhooks.ListWebhookDeliveries(request)
    request.page_token = first.next_page_token
    second = await server.webhooks.ListWebhookDeliveries(request)
    times = [one.create_time.ToDatetime() for one in (*first.deliveries, *second.deliveries)]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    assert not second.next_page_token
    request.state = WebhookDelivery.State.DEAD
    assert (await refused(server.webhooks.ListWebhookDeliveries(request))).fields == ["page_token"]


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("GetWebhook", api.GetWebhookRequest(name="orders"), "name"),
        ("DeleteWebhook", api.DeleteWebhookRequest(name="webhooks/A"), "name"),
        ("TestWebhook", api.TestWebhookRequest(), "name"),
        ("RotateWebhookSecret", api.RotateWebhookSecretRequest(name="webhooks/"), "name"),
        ("UpdateWebhook", api.UpdateWebhookRequest(), "webhook.name"),
        ("GetWebhookDelivery", api.GetWebhookDeliveryRequest(name=ORDERS), "name"),
        (
            "RedeliverWebhookDelivery",
            api.RedeliverWebhookDeliveryRequest(name=f"{ORDERS}/deliveries/a b"),
            "name",
        ),
        ("ListWebhookDeliveries", api.ListWebhookDeliveriesRequest(parent="x"), "parent"),
        (
            "ListWebhookDeliveries",
            api.ListWebhookDeliveriesRequest(parent=ORDERS, state=9),  # type: ignore[arg-type]  # unknown
            "state",
        ),
        (
            "ListWebhookDeliveries",
            api.ListWebhookDeliveriesRequest(parent=ORDERS, page_size=-1),
            "page_size",
        ),
        ("GetWebhook", api.GetWebhookRequest(name=ORDERS, principal="a\x00"), "principal"),
        ("ListWebhooks", api.ListWebhooksRequest(principal="a" * 513), "principal"),
        ("ListWebhooks", api.ListWebhooksRequest(page_size=-1), "page_size"),
        ("ListWebhooks", api.ListWebhooksRequest(page_token="x"), "page_token"),
    ],
)
async def test_a_malformed_request_is_named(
    server: Server, method: str, request_: Any, field: str
) -> None:
    fault = await refused(getattr(server.webhooks, method)(request_))
    assert (fault.code.name, fault.fields) == ("INVALID_ARGUMENT", [field])


async def test_a_delivery_that_never_was_is_not_found(server: Server) -> None:
    await created(server)
    name = f"{ORDERS}/deliveries/none.1"
    for call in (
        server.webhooks.GetWebhookDelivery(api.GetWebhookDeliveryRequest(name=name)),
        server.webhooks.RedeliverWebhookDelivery(api.RedeliverWebhookDeliveryRequest(name=name)),
    ):
        fault = await refused(call)
        assert fault.reason == "WEBHOOK_DELIVERY_NOT_FOUND"
        assert fault.metadata == {"resource": name}


async def test_an_operation_shows_its_webhook_and_its_end_makes_a_delivery(
    server: Server,
) -> None:
    await created(server)
    name = await server.accepted(webhook=ORDERS, webhook_metadata={"order": "17"})
    await server.parts.ledger.commit(name, SubmissionStarted())
    await server.parts.ledger.commit(name, SubmissionAccepted("up/1"))
    assert await deliveries(server) == []
    await server.succeed(name, b"video")
    operation: GenerateVideosOperation = await server.videos.GetOperation(
        GetOperationRequest(name=name)
    )
    assert operation.metadata.webhook == "orders"
    assert dict(operation.metadata.webhook_metadata) == {"order": "17"}
    [delivery] = await deliveries(server)
    number = name.removeprefix("operations/")
    assert delivery.name == f"{ORDERS}/deliveries/{number}.{operation.revision}"
    assert delivery.operation == name
    assert delivery.event_type == Webhook.EventType.OPERATION_SUCCEEDED


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"webhook": "none"}, ["webhook"]),
        ({"webhook": "https://example.com"}, ["webhook"]),
        ({"webhook_metadata": {"a": "b"}}, ["webhook_metadata"]),
        ({"webhook": "orders", "webhook_metadata": {"": "b"}}, ["webhook_metadata"]),
        ({"webhook": "orders", "webhook_metadata": {"a": "b" * 257}}, ["webhook_metadata"]),
        ({"webhook": "orders", "webhook_metadata": {"a" * 65: "b"}}, ["webhook_metadata"]),
        ({"webhook": "orders", "webhook_metadata": {"a": "b\n"}}, ["webhook_metadata"]),
        (
            {"webhook": "orders", "webhook_metadata": {str(n): "" for n in range(17)}},
            ["webhook_metadata"],
        ),
        (
            {"webhook": "orders", "webhook_metadata": {str(n): "é" * 200 for n in range(12)}},
            ["webhook_metadata"],
        ),
    ],
)
async def test_a_wrong_webhook_of_a_generation_is_named_before_anything_starts(
    server: Server, fields: dict[str, Any], expected: list[str]
) -> None:
    await created(server)
    before = await server.parts.store.position()
    fault = await refused(server.accepted(**fields))
    assert (fault.code.name, fault.fields) == ("INVALID_ARGUMENT", expected)
    assert await server.parts.store.position() == before


async def test_the_error_for_an_unknown_webhook_lists_ones_own(server: Server) -> None:
    await created(server)
    fault = await refused(server.accepted(webhook="order"))
    assert "accepted are orders" in fault.message


async def test_a_disabled_webhook_of_a_generation_is_refused(server: Server) -> None:
    await created(server, disabled=True)
    fault = await refused(server.accepted(webhook="orders"))
    assert (fault.code.name, fault.reason) == ("FAILED_PRECONDITION", "WEBHOOK_DISABLED")


async def test_the_webhook_is_a_part_of_the_content_of_a_request_id(server: Server) -> None:
    await created(server)
    request_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    first = await server.accepted(request_id=request_id, webhook="orders")
    assert await server.accepted(request_id=request_id, webhook="orders") == first
    for fields in ({}, {"webhook": "orders", "webhook_metadata": {"a": "b"}}):
        fault = await refused(server.accepted(request_id=request_id, **fields))
        assert fault.reason == "REQUEST_ID_REUSED"


async def test_a_request_that_is_only_checked_checks_its_webhook(server: Server) -> None:
    request = GenerateVideosRequest(model=MODEL, prompt="a dog", webhook="none", validate_only=True)
    assert (await refused(server.videos.GenerateVideos(request))).fields == ["webhook"]
