# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""No principal sees, changes or infers another's webhook, by any method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import MODEL
from longtake.v1 import video_service_pb2 as videos
from longtake.v1 import webhook_service_pb2 as api
from longtake_server.identity.authentication import Proofs
from rpc.rpc_isolation import ADA, ADMIN, BOB, READER, bearing, known_keys, outcome, reads_of
from rpc.rpc_server import refused, serving
from rpc.rpc_webhooks import HOOKED, created, creation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

READING = {"GetWebhook", "ListWebhooks", "GetWebhookDelivery", "ListWebhookDeliveries"}
# What an administrator does last, since it ends the webhook or fills its place.
_ENDING = ("DeleteWebhook",)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, proofs=Proofs(keys=known_keys())) as running:
        yield running


async def bobs_delivery(server: Server) -> str:
    """Create a webhook `orders` of bob with a delivery, and return the delivery's id."""
    await created(server, BOB)
    request = api.TestWebhookRequest(name="webhooks/orders")
    delivery: Any = await server.webhooks.TestWebhook(request, **bearing(BOB))
    return str(delivery.name.rpartition("/")[2])


@pytest.mark.parametrize("owner", ["", "bob"])
@pytest.mark.parametrize("method", HOOKED)
async def test_anothers_webhook_is_one_that_never_was(
    server: Server, method: str, owner: str
) -> None:
    delivery = await bobs_delivery(server)
    short = method.rpartition("/")[2]
    if short == "CreateWebhook" and not owner:
        # An id is its owner's own.
        assert (await created(server, ADA)).principal == "ada"
        return
    with reads_of(server) as reads_of_bobs:
        of_bobs = await outcome(HOOKED[method](server, owner, "orders", delivery, ADA))
    with reads_of(server) as reads_of_none:
        of_none = await outcome(HOOKED[method](server, owner, "orderz", delivery, ADA))
    assert of_bobs.without("orders") == of_none.without("orderz")
    assert reads_of_bobs == reads_of_none
    if short == "ListWebhooks" and not owner:
        assert (of_bobs.code, of_bobs.messages) == ("OK", ("",))
    else:
        assert of_bobs.code in ("NOT_FOUND", "PERMISSION_DENIED")
    [still] = (
        await server.webhooks.ListWebhooks(api.ListWebhooksRequest(), **bearing(BOB))
    ).webhooks
    assert not still.disabled


async def test_an_operation_cannot_name_anothers_webhook(server: Server) -> None:
    await created(server, BOB)

    def naming(webhook: str) -> Any:
        request = videos.GenerateVideosRequest(model=MODEL, prompt="a dog", webhook=webhook)
        return server.videos.GenerateVideos(request, **bearing(ADA))

    of_bobs, of_none = await outcome(naming("orders")), await outcome(naming("orderz"))
    assert of_bobs.code == "INVALID_ARGUMENT"
    assert of_bobs.without("orders") == of_none.without("orderz")


@pytest.mark.parametrize("method", HOOKED)
async def test_a_reader_sees_all_webhooks_and_changes_none(server: Server, method: str) -> None:
    delivery = await bobs_delivery(server)
    got = await outcome(HOOKED[method](server, "bob", "orders", delivery, READER))
    expected = "OK" if method.rpartition("/")[2] in READING else "PERMISSION_DENIED"
    assert got.code == expected


async def test_an_administrator_changes_anothers_webhook(server: Server) -> None:
    delivery = await bobs_delivery(server)
    methods = sorted(HOOKED, key=lambda method: method.endswith(_ENDING))
    for method in methods:
        short = method.rpartition("/")[2]
        webhook = "second" if short == "CreateWebhook" else "orders"
        if short in ("TestWebhook", "RedeliverWebhookDelivery"):
            enabling = api.UpdateWebhookRequest(principal="bob")
            enabling.webhook.name = "webhooks/orders"
            enabling.update_mask.paths.append("disabled")
            await server.webhooks.UpdateWebhook(enabling, **bearing(ADMIN))
        got = await outcome(HOOKED[method](server, "bob", webhook, delivery, ADMIN))
        assert got.code == "OK", method
    [left] = (
        await server.webhooks.ListWebhooks(api.ListWebhooksRequest(), **bearing(BOB))
    ).webhooks
    assert (left.name, left.principal) == ("webhooks/second", "bob")


async def test_readers_and_administrators_list_the_webhooks_of_all(server: Server) -> None:
    for key in (ADA, BOB):
        await created(server, key)
    for key in (READER, ADMIN):
        listed = await server.webhooks.ListWebhooks(api.ListWebhooksRequest(), **bearing(key))
        assert [one.principal for one in listed.webhooks] == ["ada", "bob"]
        of_bob = api.ListWebhooksRequest(principal="bob")
        listed = await server.webhooks.ListWebhooks(of_bob, **bearing(key))
        assert [one.principal for one in listed.webhooks] == ["bob"]


async def test_a_generator_cannot_create_a_webhook_for_another(server: Server) -> None:
    fault = await refused(server.webhooks.CreateWebhook(creation(principal="bob"), **bearing(ADA)))
    assert (fault.code.name, fault.reason) == ("PERMISSION_DENIED", "ROLE_MISSING")


async def test_a_page_token_of_another_is_refused(server: Server) -> None:
    for key in (ADA, BOB):
        for name in ("first", "second"):
            await created(server, key, webhook_id=name)
    page = await server.webhooks.ListWebhooks(api.ListWebhooksRequest(page_size=1), **bearing(BOB))
    assert page.next_page_token
    request = api.ListWebhooksRequest(page_size=1, page_token=page.next_page_token)
    fault = await refused(server.webhooks.ListWebhooks(request, **bearing(ADA)))
    assert fault.fields == ["page_token"]
