# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The file of webhooks: what it accepts, and how its changes are followed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import StartFailure
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.webhooks.document import parse
from longtake_server.webhooks.model import (
    DEFAULT_EVENT_TYPES,
    DisableReason,
    Event,
    EventType,
    Secrets,
    Webhook,
    WebhookKey,
)
from longtake_server.webhooks_file import WebhooksFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FILE = Path("webhooks.toml")
SECRET = "whsec_" + "QUJDRA==".replace("=", "") * 8
OTHER = "whsec_" + "QUJDRQ==".replace("=", "") * 8
KEY = WebhookKey("ann", "orders")


def table(**fields: object) -> str:
    values = {"principal": "ann", "id": "orders", "url": "https://example.com", "secret": SECRET}
    lines = [f"{name} = {value!r}" for name, value in {**values, **fields}.items()]
    return "\n".join(("[[webhook]]", *lines, ""))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "longtake.db", clock)
    yield opened
    await opened.close()


async def stored(store: SqliteStore) -> Webhook:
    found = await store.webhooks.webhook(KEY)
    assert found is not None
    return found


def test_a_document_is_read() -> None:
    wanted, other = parse(
        table(event_types=["operation.running"]) + table(principal="", id="x"), FILE
    )
    assert wanted.key == KEY
    assert wanted.types == frozenset({EventType.OPERATION_RUNNING})
    assert len(wanted.secret_bytes) == 36
    assert (other.key, other.types) == (WebhookKey("", "x"), DEFAULT_EVENT_TYPES)
    assert SECRET not in repr(wanted)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (table(id="Orders"), "webhook 1, id: accepted are 1 to 63 lower-case letters"),
        (table() + table(id="x", url="example.com"), "webhook 2, url: "),
        (table(url="https://ann@example.com"), "webhook 1, url: it has a user"),
        (table(secret="whsec_x"), "webhook 1, secret: accepted is whsec_ and base64"),
        (table(secret=SECRET.removeprefix("whsec_")), "webhook 1, secret: accepted is whsec_"),
        (table(event_types=["webhook.test"]), "webhook 1, event_types, 0: accepted are budget."),
        (table(colour="red"), "webhook 1, colour: is not known"),
        (table() + table(), "orders of 'ann' is there twice"),
        ("[[webhook]]\n", "webhook 1, id: is missing"),
        ("[webhooks]\n", "webhooks: is not known"),
        ("[[webhook\n", "this is not TOML; an entry is written as url ="),
    ],
)
def test_a_fault_is_told_with_its_place_and_without_secrets(text: str, expected: str) -> None:
    with pytest.raises(StartFailure) as refused:
        parse(text, FILE)
    assert expected in str(refused.value)
    assert SECRET.removeprefix("whsec_") not in str(refused.value)


async def test_the_webhooks_of_the_file_are_stored_changed_and_deleted_with_it(
    tmp_path: Path, store: SqliteStore, clock: FakeClock
) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text(table())
    await WebhooksFile(file, store.webhooks, clock).load()
    first = await stored(store)
    assert (first.url, first.from_file, first.version) == ("https://example.com", True, 1)
    await WebhooksFile(file, store.webhooks, clock).load()
    assert await stored(store) == first
    file.write_text(table(url="https://new.example.com", secret=OTHER))
    clock.advance(60)
    await WebhooksFile(file, store.webhooks, clock).load()
    second = await stored(store)
    assert (second.url, second.create_time) == ("https://new.example.com", first.create_time)
    assert second.secrets.previous == first.secrets.current
    assert second.secrets.previous_expire_time == clock.now() + timedelta(hours=24)
    await WebhooksFile(None, store.webhooks, clock).load()
    assert await store.webhooks.webhook(KEY) is None


async def test_a_webhook_of_a_caller_becomes_the_files_and_keeps_its_deliveries(
    tmp_path: Path, store: SqliteStore, clock: FakeClock
) -> None:
    now = clock.now()
    callers = Webhook(KEY, "https://old.example.com", DEFAULT_EVENT_TYPES, Secrets(b"1"), now, now)
    other = WebhookKey("bob", "orders")
    await store.webhooks.add_webhook(callers, 1)
    await store.webhooks.add_webhook(
        Webhook(other, "https://bob.example.com", DEFAULT_EVENT_TYPES, Secrets(b"1"), now, now), 1
    )
    await store.webhooks.enqueue(KEY, Event("test.1", EventType.WEBHOOK_TEST, now))
    file = tmp_path / "webhooks.toml"
    file.write_text(table())
    await WebhooksFile(file, store.webhooks, clock).load()
    assert (await stored(store)).from_file
    assert await store.webhooks.delivery(KEY, "test.1") is not None
    await WebhooksFile(None, store.webhooks, clock).load()
    assert await store.webhooks.webhook(other) is not None


async def test_a_disabled_webhook_of_the_file_stays_disabled_at_the_next_start(
    tmp_path: Path, store: SqliteStore, clock: FakeClock
) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text(table())
    await WebhooksFile(file, store.webhooks, clock).load()
    led = await store.lead("one", 60)
    assert led is not None
    await store.webhooks.disable_webhook(KEY, DisableReason.GONE, clock.now(), led.epoch)
    file.write_text(table(url="https://new.example.com"))
    await WebhooksFile(file, store.webhooks, clock).load()
    found = await stored(store)
    assert (found.url, found.disable_reason) == ("https://new.example.com", DisableReason.GONE)


async def test_a_change_is_followed_once_the_file_stays_as_it_is(
    tmp_path: Path, store: SqliteStore, clock: FakeClock
) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text(table())
    following = WebhooksFile(file, store.webhooks, clock)
    await following.load()
    file.write_text(table(url="https://new.example.com"))
    await following.step()
    assert (await stored(store)).url == "https://example.com"
    await following.step()
    assert (await stored(store)).url == "https://new.example.com"
    file.write_text(table(url="wrong"))
    for _ in range(2):
        await following.step()
    assert (await stored(store)).url == "https://new.example.com"
