# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A browser without a mouse does all that the console is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from console.console_browser import SCHEMES, SIZES, browser, console, visitor
from google.protobuf.field_mask_pb2 import FieldMask
from longtake.v1 import webhook_pb2
from longtake.v1 import webhook_service_pb2 as api
from longtake.v1.video_service_pb2 import WaitOperationRequest
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub
from playwright.async_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from console.console_browser import Console, Visitor

MARKUP = "<img src=x onerror=alert(1)> & <b>a fox</b>"
ENOUGH_SECONDS = 900


async def dead_delivery(running: Console) -> str:
    """Return the name of a delivery that was given up."""
    async with grpc.aio.insecure_channel(running.server.address) as channel:
        stub = WebhookServiceStub(channel)
        webhook = webhook_pb2.Webhook(url="https://127.0.0.1:9/hook")
        await stub.CreateWebhook(api.CreateWebhookRequest(webhook_id="orders", webhook=webhook))
        sent = await stub.TestWebhook(api.TestWebhookRequest(name="webhooks/orders"))
        for disabled in (True, False):
            webhook = webhook_pb2.Webhook(name="webhooks/orders", disabled=disabled)
            mask = FieldMask(paths=["disabled"])
            await stub.UpdateWebhook(api.UpdateWebhookRequest(webhook=webhook, update_mask=mask))
        name: str = sent.name
        return name


async def delivery_state(running: Console, name: str) -> int:
    async with grpc.aio.insecure_channel(running.server.address) as channel:
        request = api.GetWebhookDeliveryRequest(name=name)
        return int((await WebhookServiceStub(channel).GetWebhookDelivery(request)).state)


async def generate(person: Visitor, prompt: str) -> None:
    await person.enter("a[href='#/new']")
    page = person.page
    await expect(page.locator("output")).to_contain_text("At most $")
    await person.type_into("#field-prompt", prompt)
    await person.tab_to("#field-model")
    await page.keyboard.type("Veo 3.1 Lite")
    await person.tab_to("#field-durationSeconds")
    await page.keyboard.type("4")
    await expect(page.locator("output")).to_contain_text("At most $0.")
    await person.enter("form .primary")
    await expect(page.locator("lt-operation h1")).to_have_text(prompt)


async def played(person: Visitor) -> None:
    """Play and seek the video by keyboard."""
    await person.until("document.querySelector('video')?.readyState >= 1")
    await person.tab_to("video")
    await person.press("Space")
    await person.until("document.querySelector('video').currentTime > 0.2")
    await person.press("Space")
    await person.until("document.querySelector('video').paused")
    await person.press("Home")
    await person.until("document.querySelector('video').currentTime === 0")
    await person.press("ArrowRight")
    await person.until("document.querySelector('video').currentTime > 0")
    await person.press("End")
    await person.until("document.querySelector('video').currentTime === 4")


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_who_has_only_a_keyboard_generates_watches_plays_and_deletes(tmp_path: Path) -> None:
    async with (
        browser() as opened,
        console(tmp_path) as running,
        visitor(opened, running.url) as person,
    ):
        page = person.page
        await running.simulator.tell("hold")
        await expect(page.locator(".empty")).to_contain_text("No videos yet")
        await generate(person, MARKUP)
        await expect(page.locator(".badge")).to_have_text("Running")
        await running.simulator.tell("release")
        await expect(page.locator(".badge")).to_have_text("Succeeded")
        await expect(page.locator("ol.steps")).to_contain_text("Waited in the queue")
        await played(person)
        await person.enter("a[href^='#/new/']")
        await expect(page.locator("#field-prompt")).to_have_value(MARKUP)
        await page.go_back()
        await person.enter("button.danger")
        await expect(page.locator("dialog")).to_be_visible()
        await person.press("Escape")
        await person.enter("button.danger")
        await person.enter("dialog .danger")
        await expect(page.locator(".empty")).to_contain_text("No videos yet")
        assert "operations" not in await running.call("ListOperations", {})
        assert person.said == []


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_the_list_is_live_with_one_list_call_and_one_stream(tmp_path: Path) -> None:
    async with (
        browser() as opened,
        console(tmp_path) as running,
        visitor(opened, running.url) as person,
    ):
        page = person.page
        await running.simulator.tell("hold")
        await expect(page.locator(".live")).to_have_text("Live")
        first = await running.generated("a paper boat")
        await running.generated("a tin robot")
        rows = page.locator("lt-operations tbody tr")
        await expect(rows).to_have_count(2)
        await running.call("CancelOperation", {"name": first})
        await expect(rows.filter(has_text="a paper boat")).to_contain_text("Cancelled")
        await running.simulator.tell("release")
        await expect(rows.filter(has_text="a tin robot")).to_contain_text("Succeeded")
        assert sorted(person.calls) == ["GetCaller", "ListOperations", "WatchOperations"]

        await person.enter(".chip:nth-child(7)")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("a paper boat")
        await running.call("DeleteOperation", {"name": first})
        await expect(rows).to_have_count(0)
        await person.tab_to("input[name=text]")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        assert person.calls.count("WatchOperations") == 1
        assert person.calls.count("ListOperations") == 2
        assert person.said == []


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_the_list_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    async with (
        browser() as opened,
        console(tmp_path) as running,
        visitor(opened, running.url) as person,
    ):
        await expect(person.page.locator(".live")).to_have_text("Live")
        await running.server.process.kill()
        await expect(person.page.locator(".live")).to_have_text("Reconnecting")
        await running.server.start()
        await running.generated("a paper boat")
        rows = person.page.locator("lt-operations tbody tr")
        await expect(rows).to_contain_text(["a paper boat"])
        assert person.calls.count("ListOperations") == 1


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_a_running_generation_is_cancelled_and_a_list_is_filtered(tmp_path: Path) -> None:
    async with (
        browser() as opened,
        console(tmp_path) as running,
        visitor(opened, running.url) as person,
    ):
        page = person.page
        await running.simulator.tell("hold")
        await running.generated("a paper boat")
        await running.generated("a tin robot")
        rows = page.locator("lt-operations tbody tr")
        await expect(rows).to_have_count(2)
        await person.type_into("input[name=label]", "team=games")
        await person.press("Enter")
        await expect(rows).to_have_count(0)
        await page.keyboard.press("Control+A")
        await page.keyboard.type("team=film")
        await person.press("Enter")
        await expect(rows).to_have_count(2)
        await person.type_into("input[name=text]", "robot")
        await expect(rows).to_have_count(1)
        await person.enter("lt-operations td a")
        await person.enter(".actions button")
        await expect(page.locator(".badge")).to_have_text("Cancelled")
        await running.simulator.tell("release")
        assert person.said == []


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_who_is_not_signed_in_sees_no_data_and_signs_in_by_key_or_link(
    tmp_path: Path,
) -> None:
    async with (
        browser() as opened,
        console(tmp_path, authentication="keys") as running,
        visitor(opened, running.url) as person,
    ):
        page = person.page
        await expect(page.locator("h1")).to_have_text("Sign in")
        await expect(page.locator("nav")).to_be_hidden()
        assert person.calls == ["GetCaller"]
        await page.keyboard.type("nonsense")
        await person.press("Enter")
        await expect(page.locator(".fault")).to_contain_text("That did not work")
        await expect(page.locator("h1")).to_have_text("Sign in")

        link = await running.link("--principal", "ann")
        async with visitor(opened, link) as other:
            await expect(other.page.locator("#who")).to_contain_text("ann")
            await expect(other.page.locator(".live")).to_have_text("Live")
            assert "link" not in other.page.url
            key = await other.page.evaluate("sessionStorage.getItem('longtake.key')")
            await other.enter("#who button")
            await expect(other.page.locator("h1")).to_have_text("Sign in")
            assert await other.page.evaluate("sessionStorage.length") == 0
        async with visitor(opened, link) as late:
            await expect(late.page.locator(".fault")).to_contain_text("the link was used")

        await page.locator("#key").focus()
        await page.keyboard.type(key)
        await person.press("Enter")
        await expect(page.locator("#who")).to_contain_text("ann")
        assert person.said == []


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_a_delivery_that_was_given_up_is_sent_again(tmp_path: Path) -> None:
    async with (
        browser() as opened,
        console(tmp_path, webhook_allowed_networks="127.0.0.0/8") as running,
        visitor(opened, running.url) as person,
    ):
        name = await dead_delivery(running)
        page = person.page
        await person.enter("a[href='#/webhooks']")
        await expect(page.locator("lt-webhooks")).to_contain_text("Dead")
        await person.enter("button.small")
        await expect(page.locator("#status")).to_have_text("The event is sent again.")
        await expect(page.locator("lt-webhooks")).to_contain_text("Pending")
        assert await delivery_state(running, name) == webhook_pb2.WebhookDelivery.PENDING
        assert person.said == []


@pytest.mark.timeout(ENOUGH_SECONDS)
async def test_axe_finds_nothing_in_any_view_and_nothing_overflows(tmp_path: Path) -> None:
    pictures = tmp_path / "screenshots"
    async with (
        browser() as opened,
        console(tmp_path, webhook_allowed_networks="127.0.0.0/8") as running,
    ):
        await dead_delivery(running)
        name = await running.generated(MARKUP)
        await running.server.connect().WaitOperation(WaitOperationRequest(name=name))
        await running.simulator.tell("hold")
        await running.generated("Aerial shot of terraced rice fields at sunrise")
        views = {
            "list": ("", "lt-operations tbody tr"),
            "operation": (f"#/{name}", "lt-operation .succeeded"),
            "generate": ("#/new", "output strong"),
            "usage": ("#/usage", "lt-usage tbody tr"),
            "webhooks": ("#/webhooks", "lt-webhooks button.small"),
        }
        for scheme in SCHEMES:
            for width in SIZES:
                async with visitor(opened, running.url, scheme=scheme, width=width) as person:
                    for view, (path, ready) in views.items():
                        await person.page.goto(running.url + path)
                        await person.page.locator(ready).first.wait_for()
                        if view == "operation":
                            await person.until("document.querySelector('video')?.readyState >= 2")
                        await person.page.screenshot(
                            path=pictures / f"{view}-{scheme}-{width}.png", full_page=True
                        )
                        assert await person.violations() == [], (view, scheme, width)
                        scroll = await person.page.evaluate("document.body.scrollWidth")
                        assert scroll <= width, (view, scheme, width)
                    assert person.said == []
        await running.simulator.tell("release")
    assert len(list(pictures.iterdir())) == len(views) * len(SCHEMES) * len(SIZES)


@pytest.mark.timeout(ENOUGH_SECONDS)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_axe_finds_nothing_in_the_sign_in_page(tmp_path: Path, scheme: str) -> None:
    async with browser() as opened, console(tmp_path, authentication="keys") as running:
        for width in SIZES:
            async with visitor(opened, running.url, scheme=scheme, width=width) as person:
                await expect(person.page.locator("h1")).to_have_text("Sign in")
                picture = tmp_path / "screenshots" / f"sign-in-{scheme}-{width}.png"
                await person.page.screenshot(path=picture)
                assert await person.violations() == []
