# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What receivers get, and what a bad receiver can do: nothing beyond its own deliveries."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import standardwebhooks
from longtake_server.webhooks.model import DeliveryFailure, DeliveryState, DisableReason
from longtake_server.webhooks.schedule import MOST_ATTEMPTS
from webhooks.webhooks_receiver import NameServer, Received, Receiver, Trust, answer, receiver
from webhooks.webhooks_sending import SECRET, sending

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = NameServer({"localhost": [["127.0.0.1"]]})


def _url(listener: Receiver) -> str:
    return f"http://127.0.0.1:{listener.port}/hook?token=planted"


async def test_an_event_arrives_signed_over_tls(tmp_path: Path) -> None:
    trust = Trust(tmp_path)
    async with (
        receiver(tls=trust.server) as listener,
        sending(tmp_path, names=LOCAL, tls=trust.client) as sender,
    ):
        key = await sender.webhook("orders", f"https://localhost:{listener.port}/hook")
        event = await sender.event(key)
        done = await sender.attempted(key, event)
        assert (done.state, done.http_status) == (DeliveryState.DELIVERED, 204)
        [got] = listener.requests
        body = standardwebhooks.Webhook(SECRET).verify(got.body, dict(got.headers))
        assert body["type"] == "webhook.test"
        assert got.headers["webhook-id"] == event
        assert got.headers["content-type"] == "application/json"


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    trust = Trust(tmp_path)
    names = NameServer({"other.example.com": [["127.0.0.1"]]})
    async with (
        receiver(tls=trust.server) as listener,
        sending(tmp_path, names=names, tls=trust.client) as sender,
    ):
        key = await sender.webhook("orders", f"https://other.example.com:{listener.port}/")
        done = await sender.attempted(key, await sender.event(key))
        assert done.failure is DeliveryFailure.TLS
        assert listener.requests == []


@pytest.mark.parametrize(
    ("said", "failure", "status"),
    [
        (answer(500, b"planted-body"), DeliveryFailure.STATUS, 500),
        (answer(404), DeliveryFailure.STATUS, 404),
        (answer(302, location="http://127.0.0.1/"), DeliveryFailure.REDIRECT, 302),
        (b"planted-body\r\n\r\n", DeliveryFailure.BROKEN_ANSWER, None),
        (b"", DeliveryFailure.BROKEN_ANSWER, None),
        (b"HTTP/1.1 200 " + b"a" * 200_000, DeliveryFailure.BROKEN_ANSWER, None),
        (b"HTTP/1.1 9" + b"9" * 4000 + b" OK\r\n\r\n", DeliveryFailure.BROKEN_ANSWER, None),
    ],
    ids=["500", "404", "302", "garbage", "nothing", "endless-line", "wrong-status"],
)
async def test_a_failed_attempt_is_repeated_and_logged_without_the_answer(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
    failure: DeliveryFailure,
    status: int | None,
) -> None:
    caplog.set_level(logging.INFO, "longtake_server")
    async with receiver() as listener, sending(tmp_path) as sender:
        listener.reply = lambda _: said
        key = await sender.webhook("orders", _url(listener))
        event = await sender.event(key)
        failed = await sender.attempted(key, event)
        assert (failed.failure, failed.http_status) == (failure, status)
        assert failed.state is DeliveryState.PENDING
        assert failed.due == sender.clock.now() + timedelta(seconds=5)
        listener.reply = lambda _: answer(200, b"thanks")
        sender.clock.advance(6)
        done = await sender.attempted(key, event, 2)
        assert done.state is DeliveryState.DELIVERED
        assert len({one.headers["webhook-id"] for one in listener.requests}) == 1
    told = [one for one in caplog.records if getattr(one, "event", "") == event]
    assert [getattr(one, "cause", None) for one in told] == [failure.value]
    assert "planted" not in str([vars(one) for one in caplog.records])


async def test_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    async with receiver(floods=True) as listener, sending(tmp_path) as sender:
        key = await sender.webhook("orders", _url(listener))
        done = await sender.attempted(key, await sender.event(key))
        assert (done.state, done.http_status) == (DeliveryState.DELIVERED, 200)
        assert listener.sent < 64 << 20


async def test_an_event_is_given_up_after_the_last_attempt(tmp_path: Path) -> None:
    async with receiver() as listener, sending(tmp_path) as sender:
        listener.reply = lambda _: answer(503)
        key = await sender.webhook("orders", _url(listener))
        event = await sender.event(key)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            failed = await sender.attempted(key, event, attempt)
            sender.clock.advance(11 * 3600)
        assert failed.state is DeliveryState.DEAD
        assert len(listener.requests) == MOST_ATTEMPTS == 11
        again = await sender.store.webhooks.redeliver(key, event, sender.clock.now())
        assert again is not None
        listener.reply = lambda _: answer(200)
        done = await sender.attempted(key, event)
        assert done.state is DeliveryState.DELIVERED
        assert {one.headers["webhook-id"] for one in listener.requests} == {event}


async def test_gone_disables_the_webhook(tmp_path: Path) -> None:
    async with receiver() as listener, sending(tmp_path) as sender:
        listener.reply = lambda _: answer(410)
        key = await sender.webhook("orders", _url(listener))
        event = await sender.event(key)
        ended = await sender.attempted(key, event)
        assert (ended.state, ended.failure) == (DeliveryState.DEAD, DeliveryFailure.ANSWERED_GONE)
        assert await sender.disabled(key) is DisableReason.GONE


async def test_five_days_of_nothing_but_failures_disable_the_webhook(tmp_path: Path) -> None:
    async with receiver() as listener, sending(tmp_path) as sender:
        listener.reply = lambda _: answer(500)
        key = await sender.webhook("orders", _url(listener))
        await sender.attempted(key, await sender.event(key))
        sender.clock.advance(timedelta(days=4, hours=23).total_seconds())
        second = await sender.event(key)
        await sender.attempted(key, second)
        found = await sender.store.webhooks.webhook(key)
        assert found is not None
        assert found.disable_reason is None
        sender.clock.advance(timedelta(hours=2).total_seconds())
        await sender.attempted(key, second, 2)
        assert await sender.disabled(key) is DisableReason.FAILING


async def test_a_private_address_is_refused_at_each_delivery(tmp_path: Path) -> None:
    async with receiver("::") as listener, sending(tmp_path, allowed=False, names=LOCAL) as sender:
        key = await sender.webhook("orders", f"https://localhost:{listener.port}/")
        done = await sender.attempted(key, await sender.event(key))
        assert done.failure is DeliveryFailure.FORBIDDEN_ADDRESS
        assert listener.connections == 0


async def test_a_dead_webhook_delays_no_other(tmp_path: Path) -> None:
    async with receiver() as dead, receiver() as healthy, sending(tmp_path) as sender:
        dead.reply = lambda _: None
        hanging = await sender.webhook("dead", _url(dead))
        working = await sender.webhook("orders", _url(healthy))
        for _ in range(50):
            await sender.event(hanging)
        await dead.until(lambda one: one.connections == 8)
        events = [await sender.event(working) for _ in range(50)]
        for event in events:
            done = await sender.attempted(working, event)
            assert done.state is DeliveryState.DELIVERED
        # All of it happened within the first deliveries to the dead one, which hang still.
        assert dead.connections == 8
        assert len(healthy.requests) == 50


async def test_secrets_rotate_under_load_without_a_failed_verification(tmp_path: Path) -> None:
    new = bytes(reversed(range(32)))
    async with receiver() as listener, sending(tmp_path) as sender:
        key = await sender.webhook("orders", _url(listener))
        sent = 0
        for hour in range(30):
            if hour == 3:
                await sender.rotate(key, new, timedelta(hours=24))
            for event in [await sender.event(key) for _ in range(10)]:
                await sender.attempted(key, event)
            sent += 10
            sender.clock.advance(3600)
        assert len(listener.requests) == sent
        for number, got in enumerate(listener.requests):
            hour = number // 10
            assert _verifies(SECRET, got) is (hour < 27)
            assert _verifies(new, got) is (hour >= 3)


def _verifies(secret: bytes, got: Received) -> bool:
    """Return whether a request verifies at the time of its own clock."""
    time = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    said = got.headers["webhook-id"], time, got.body.decode()
    return standardwebhooks.Webhook(secret).sign(*said) in got.headers["webhook-signature"].split()
