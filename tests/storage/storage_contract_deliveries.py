# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for what the sender of webhooks does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from longtake_server.operations.store import EngineReplaced
from longtake_server.webhooks.model import (
    DeliveryFailure,
    DeliveryState,
    DisableReason,
    Event,
    EventType,
    WebhookKey,
)
from storage.storage_hooked import (
    ORDERS,
    SECOND,
    all_of,
    delivered,
    ended,
    failed,
    started,
    webhook,
)
from storage.storage_records import at

if TYPE_CHECKING:
    from storage.storage_hooked import HookedStore

DEAD_ENDPOINT = WebhookKey("ann", "dead")


async def _epoch(store: HookedStore, replica: str = "one") -> int:
    led = await store.lead(replica, 60)
    assert led is not None
    return led.epoch


async def _enqueue(store: HookedStore, key: WebhookKey, *seconds: float) -> None:
    for number, when in enumerate(seconds):
        test = Event(f"test.{number}", EventType.WEBHOOK_TEST, at(when))
        assert await store.webhooks.enqueue(key, test) is not None


class DeliveryContract:
    """Tests which deliveries are due, and what an attempt changes."""

    async def test_deliveries_are_due_in_the_order_of_their_times(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await _enqueue(store, ORDERS, 3, 1, 2, 9)
        found = await store.webhooks.due_deliveries(at(5), 10, for_each=8)
        assert [one.event.time for one in found] == [at(1), at(2), at(3)]
        assert await store.webhooks.next_delivery_due(at(5)) == at(9)
        assert await store.webhooks.next_delivery_due(at(9)) is None

    async def test_a_webhook_with_many_due_deliveries_leaves_room_for_others(
        self, store: HookedStore
    ) -> None:
        for key in (DEAD_ENDPOINT, ORDERS):
            await store.webhooks.add_webhook(webhook(key), 10)
        await _enqueue(store, DEAD_ENDPOINT, *range(20))
        await _enqueue(store, ORDERS, 30, 31)
        found = await store.webhooks.due_deliveries(at(60), 4, for_each=3)
        assert [(one.webhook.key.id, one.event.time) for one in found] == [
            ("dead", at(0)),
            ("orders", at(30)),
            ("dead", at(1)),
            ("orders", at(31)),
        ]

    async def test_running_deliveries_take_places_and_are_not_due(self, store: HookedStore) -> None:
        for key in (DEAD_ENDPOINT, ORDERS):
            await store.webhooks.add_webhook(webhook(key), 10)
        await _enqueue(store, DEAD_ENDPOINT, *range(5))
        await _enqueue(store, ORDERS, 30)
        first = await store.webhooks.due_deliveries(at(60), 10, for_each=2)
        of_dead = [one.number for one in first if one.webhook.key == DEAD_ENDPOINT]
        assert len(of_dead) == 2
        full = await store.webhooks.due_deliveries(at(60), 10, for_each=2, running=of_dead)
        assert [one.webhook.key for one in full] == [ORDERS]
        half = await store.webhooks.due_deliveries(at(60), 10, for_each=2, running=of_dead[:1])
        assert [one.event.time for one in half if one.webhook.key == DEAD_ENDPOINT] == [at(1)]

    async def test_a_delivered_event_is_not_due_any_more(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        attempt = delivered(due.number)
        assert await store.webhooks.record_attempt(attempt, await _epoch(store))
        [delivery] = await all_of(store)
        assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)
        assert (delivery.due, delivery.end_time) == (None, attempt.end_time)
        assert (delivery.attempt_time, delivery.attempt_duration) == (at(10), SECOND)
        assert (delivery.failure, delivery.http_status) == (None, 204)
        assert await store.webhooks.due_deliveries(at(60), 10, for_each=8) == ()

    async def test_a_failed_attempt_is_due_again_and_then_given_up(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        epoch = await _epoch(store)
        assert await store.webhooks.record_attempt(failed(due.number, until=at(20)), epoch)
        assert await store.webhooks.due_deliveries(at(19), 10, for_each=8) == ()
        [again] = await store.webhooks.due_deliveries(at(20), 10, for_each=8)
        assert (again.number, again.attempts, again.event) == (due.number, 1, due.event)
        assert again.webhook.failing_since == at(10)
        assert await store.webhooks.record_attempt(failed(due.number, seconds=30), epoch)
        [dead] = await all_of(store)
        assert (dead.state, dead.attempts, dead.end_time) == (DeliveryState.DEAD, 2, at(31))
        assert (dead.failure, dead.http_status) == (DeliveryFailure.STATUS, 500)
        assert await store.webhooks.count_deliveries() == {
            DeliveryState.PENDING: 0,
            DeliveryState.DEAD: 1,
        }

    async def test_a_webhook_fails_since_the_first_failure_after_the_last_success(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await _enqueue(store, ORDERS, 1, 1)
        epoch = await _epoch(store)
        one, two = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        since = []
        for attempt in (
            failed(one.number, until=at(20), seconds=10),
            failed(one.number, until=at(30), seconds=20),
            delivered(two.number, seconds=25),
            failed(one.number, until=at(40), seconds=30),
        ):
            assert await store.webhooks.record_attempt(attempt, epoch)
            found = await store.webhooks.webhook(ORDERS)
            assert found is not None
            since.append(found.failing_since)
        assert since == [at(10), at(10), None, at(30)]

    async def test_an_attempt_at_a_deleted_webhook_is_not_recorded(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        assert await store.webhooks.delete_webhook(ORDERS)
        assert not await store.webhooks.record_attempt(delivered(due.number), await _epoch(store))

    async def test_an_engine_that_was_replaced_records_nothing(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        before = await _epoch(store)
        await store.resign("one")
        await _epoch(store, "two")
        with pytest.raises(EngineReplaced):
            await store.webhooks.record_attempt(delivered(due.number), before)
        with pytest.raises(EngineReplaced):
            await store.webhooks.disable_webhook(ORDERS, DisableReason.GONE, at(2), before)
        [delivery] = await all_of(store)
        assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
        assert await store.webhooks.webhook(ORDERS) == webhook()

    async def test_the_engine_disables_a_webhook_and_its_deliveries_die(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        epoch = await _epoch(store)
        assert await store.webhooks.disable_webhook(ORDERS, DisableReason.FAILING, at(2), epoch)
        assert not await store.webhooks.disable_webhook(ORDERS, DisableReason.GONE, at(3), epoch)
        found = await store.webhooks.webhook(ORDERS)
        assert found is not None
        assert (found.disable_reason, found.disable_time) == (DisableReason.FAILING, at(2))
        assert found.version == 2
        [dead] = await all_of(store)
        assert (dead.state, dead.end_time) == (DeliveryState.DEAD, at(2))
        assert await store.webhooks.record_attempt(failed(due.number, until=at(9)), epoch)
        assert await all_of(store) == (dead,)
        assert await store.webhooks.record_attempt(delivered(due.number), epoch)
        [delivery] = await all_of(store)
        assert delivery.state is DeliveryState.DELIVERED

    async def test_a_redelivery_begins_anew_with_the_same_id(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        assert await store.webhooks.record_attempt(failed(due.number), await _epoch(store))
        again = await store.webhooks.redeliver(ORDERS, due.event.id, at(50))
        assert again is not None
        assert (again.attempts, again.due, again.event_id) == (0, at(50), due.event.id)
        assert await store.webhooks.due_deliveries(at(49), 10, for_each=8) == ()
        [found] = await store.webhooks.due_deliveries(at(50), 10, for_each=8)
        assert (found.number, found.event) == (due.number, due.event)
        assert await store.webhooks.redeliver(ORDERS, "none", at(50)) is None

    async def test_ended_deliveries_expire_by_their_state(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await _enqueue(store, ORDERS, 1, 2, 3)
        epoch = await _epoch(store)
        first, second, third = await store.webhooks.due_deliveries(at(9), 10, for_each=8)
        assert await store.webhooks.record_attempt(delivered(first.number), epoch)
        assert await store.webhooks.record_attempt(failed(second.number), epoch)
        assert await store.webhooks.expire_deliveries(at(11), at(11), 10) == 0
        assert await store.webhooks.expire_deliveries(at(12), at(11), 10) == 1
        assert {one.number for one in await all_of(store)} == {second.number, third.number}
        assert await store.webhooks.expire_deliveries(at(99), at(99), 10) == 1
        assert [one.number for one in await all_of(store)] == [third.number]

    async def test_the_sender_hears_of_what_is_made_due(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        running = await started(store)
        # The listening connection of a shared store may still be on its way.
        await asyncio.wait_for(self._heard_a_test(store), 30)
        heard = asyncio.Event()
        store.webhooks.on_enqueued(heard.set)
        await store.delete(running.name)
        await ended(store)
        await asyncio.wait_for(heard.wait(), 30)

    async def _heard_a_test(self, store: HookedStore) -> None:
        heard = asyncio.Event()
        store.webhooks.on_enqueued(heard.set)
        number = 0
        while not heard.is_set():
            number += 1
            test = Event(f"heard.{number}", EventType.WEBHOOK_TEST, at(1))
            assert await store.webhooks.enqueue(ORDERS, test) is not None
