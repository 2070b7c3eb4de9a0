# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for webhooks, and for the events that become deliveries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import TooManyWebhooks, WebhookExists
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.model import State
from longtake_server.operations.store import RevisionConflict
from longtake_server.webhooks.model import (
    CHOSEN_EVENT_TYPES,
    DeliveryFailure,
    DeliveryState,
    DisableReason,
    Event,
    EventType,
    Threshold,
    WebhookKey,
)
from storage.storage_charged import ANN, PRICE, TERMS, limit, priced
from storage.storage_hooked import ORDERS, all_of, ended, failed, moved, started, webhook
from storage.storage_records import REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from storage.storage_hooked import HookedStore


class WebhookContract:
    """Tests what a store keeps of webhooks."""

    async def test_a_webhook_is_read_back(self, store: HookedStore) -> None:
        added = webhook()
        await store.webhooks.add_webhook(added, 10)
        assert await store.webhooks.webhook(ORDERS) == added
        assert await store.webhooks.webhook(WebhookKey("bob", "orders")) is None

    def test_a_webhook_does_not_show_its_secret_and_its_url(self) -> None:
        shown = repr(webhook())
        assert "x01" not in shown
        assert "token" not in shown

    async def test_the_id_of_a_webhook_is_unique_for_its_owner(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await store.webhooks.add_webhook(webhook(WebhookKey("bob", "orders")), 10)
        with pytest.raises(WebhookExists, match="webhooks/orders exists"):
            await store.webhooks.add_webhook(webhook(), 10)

    async def test_an_owner_has_no_more_webhooks_than_it_may(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 2)
        await store.webhooks.add_webhook(
            replace(webhook(WebhookKey("ann", "file")), from_file=True), None
        )
        both = [webhook(WebhookKey("ann", name)) for name in ("first", "second")]
        results = await asyncio.gather(
            *(store.webhooks.add_webhook(one, 2) for one in both), return_exceptions=True
        )
        assert [type(one) for one in results if one is not None] == [TooManyWebhooks]

    async def test_webhooks_are_listed_by_owner_and_id(self, store: HookedStore) -> None:
        keys = [WebhookKey(owner, name) for owner in ("ann", "bob") for name in ("a", "b", "c")]
        for key in reversed(keys):
            await store.webhooks.add_webhook(webhook(key), 10)
        first = await store.webhooks.list_webhooks(None, 4)
        rest = await store.webhooks.list_webhooks(None, 4, first.next_cursor)
        assert [one.key for one in (*first.webhooks, *rest.webhooks)] == keys
        assert rest.next_cursor is None
        of_bob = await store.webhooks.list_webhooks("bob", 3)
        assert [one.key for one in of_bob.webhooks] == keys[3:]
        assert of_bob.next_cursor is None

    async def test_a_cursor_of_webhooks_that_is_not_the_stores_is_refused(
        self, store: HookedStore
    ) -> None:
        with pytest.raises(ValueError, match="cursor"):
            await store.webhooks.list_webhooks(None, 4, "W10=")

    async def test_a_webhook_is_changed_only_by_who_has_seen_its_version(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        new = replace(
            webhook(),
            url="https://new.example.com",
            event_types=frozenset({EventType.OPERATION_RUNNING}),
            secrets=webhook().secrets.rotated(b"new", at(60)),
            update_time=at(1),
        )
        assert await store.webhooks.change_webhook(new, 1)
        assert await store.webhooks.webhook(ORDERS) == replace(new, version=2)
        assert not await store.webhooks.change_webhook(webhook(), 1)
        assert not await store.webhooks.change_webhook(webhook(WebhookKey("bob", "orders")), 1)

    async def test_deleting_a_webhook_deletes_its_deliveries_and_no_others(
        self, store: HookedStore
    ) -> None:
        other = WebhookKey("bob", "orders")
        for key in (ORDERS, other):
            await store.webhooks.add_webhook(webhook(key), 10)
            await ended(store, key)
        assert await store.webhooks.delete_webhook(ORDERS)
        assert not await store.webhooks.delete_webhook(ORDERS)
        await store.webhooks.add_webhook(webhook(), 10)
        assert await all_of(store) == ()
        assert len(await all_of(store, other)) == 1


class EventContract:
    """Tests which changes make deliveries, in their transaction."""

    @pytest.mark.parametrize(
        ("state", "kind"),
        [
            (State.SUCCEEDED, EventType.OPERATION_SUCCEEDED),
            (State.FAILED, EventType.OPERATION_FAILED),
            (State.CANCELLED, EventType.OPERATION_CANCELLED),
        ],
    )
    async def test_an_end_makes_a_delivery_with_the_operation_as_it_was(
        self, store: HookedStore, state: State, kind: EventType
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        record = await ended(store, state=state)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        number = record.name.removeprefix("operations/")
        assert due.event == Event(f"{number}.{record.revision}", kind, at(1), record)
        assert due.event.about == record
        assert due.webhook == webhook()
        [delivery] = await all_of(store)
        assert (delivery.operation, delivery.due) == (record.name, at(1))
        assert delivery.name == f"webhooks/orders/deliveries/{due.event.id}"

    async def test_a_delivery_keeps_nothing_of_the_prompt(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        record = replace(new_record(caller="ann"), webhook="orders", prompt_excerpt="a plan")
        record = await store.create(record, REQUEST)
        await moved(store, record, State.CANCELLED, 1)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        assert due.event.operation == record.name
        assert "a plan" not in repr(due)

    async def test_an_operation_that_names_no_webhook_makes_no_delivery(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        record = replace(priced(), caller="ann")
        record = await store.create(record, REQUEST)
        await store.update(changed(record, State.SUCCEEDED), record.revision)
        assert await all_of(store) == ()

    async def test_only_chosen_types_make_deliveries(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(
            webhook(types=frozenset({EventType.OPERATION_RUNNING})), 10
        )
        await ended(store)
        assert [one.type for one in await all_of(store)] == [EventType.OPERATION_RUNNING]

    async def test_a_webhook_of_this_id_of_another_owner_gets_nothing(
        self, store: HookedStore
    ) -> None:
        other = WebhookKey("bob", "orders")
        await store.webhooks.add_webhook(webhook(other), 10)
        await ended(store)
        assert await all_of(store, other) == ()

    async def test_a_change_that_is_refused_makes_no_delivery(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        running = await started(store)
        with pytest.raises(RevisionConflict):
            await store.update(changed(running, State.SUCCEEDED), running.revision - 1)
        assert await all_of(store) == ()

    async def test_a_change_within_a_state_makes_no_second_delivery(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(types=CHOSEN_EVENT_TYPES), 10)
        record = await ended(store, state=State.FAILED)
        await moved(store, record, State.FAILED, 2)
        kinds = [one.type for one in await all_of(store)]
        assert kinds == [EventType.OPERATION_FAILED, EventType.OPERATION_RUNNING]

    async def test_deliveries_outlive_their_operation(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        record = await ended(store)
        await store.delete(record.name, expired=True)
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        assert due.event.about == record

    async def test_an_event_for_a_disabled_webhook_is_dead_from_the_start(
        self, store: HookedStore
    ) -> None:
        gone = replace(webhook(), disable_reason=DisableReason.GONE, disable_time=at(0))
        await store.webhooks.add_webhook(gone, 10)
        await ended(store)
        [delivery] = await all_of(store)
        assert delivery.state is DeliveryState.DEAD
        assert delivery.failure is DeliveryFailure.WEBHOOK_DISABLED
        assert (delivery.due, delivery.end_time) == (None, at(1))
        assert await store.webhooks.due_deliveries(at(9), 10, for_each=8) == ()

    async def test_a_disabled_webhooks_deliveries_die_and_can_be_redelivered(
        self, store: HookedStore
    ) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        await ended(store)
        off = replace(webhook(), disable_reason=DisableReason.REQUESTED, disable_time=at(2))
        assert await store.webhooks.change_webhook(off, 1)
        [dead] = await all_of(store)
        assert (dead.state, dead.end_time) == (DeliveryState.DEAD, at(2))
        assert await store.webhooks.change_webhook(webhook(), 2)
        again = await store.webhooks.redeliver(ORDERS, dead.event_id, at(3))
        assert again is not None
        assert (again.number, again.event_id) == (dead.number, dead.event_id)
        assert (again.state, again.due, again.end_time) == (DeliveryState.PENDING, at(3), None)

    async def test_a_threshold_is_an_event_for_the_owner_of_the_operation_once(
        self, store: HookedStore
    ) -> None:
        wanted = frozenset({EventType.BUDGET_THRESHOLD})
        keys = [WebhookKey(TERMS.principal, "first"), WebhookKey(TERMS.principal, "second")]
        for key in (*keys, WebhookKey("bob", "orders")):
            await store.webhooks.add_webhook(webhook(key, types=wanted), 10)
        await limit(store, cost_per_month=4 * PRICE)
        for _ in range(3):
            await store.create(priced(), REQUEST, None, TERMS)
        found = [one for key in keys for one in await all_of(store, key)]
        assert [one.type for one in found] == [EventType.BUDGET_THRESHOLD] * 2
        assert found[0].event_id == found[1].event_id
        [due, _] = await store.webhooks.due_deliveries(at(0), 10, for_each=8)
        assert isinstance(due.event.about, Threshold)
        assert due.event.about.subject == ANN
        assert due.event.about.measure is Measure.COST
        assert await all_of(store, WebhookKey("bob", "orders")) == ()

    async def test_a_test_is_for_every_webhook(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(types=frozenset()), 10)
        test = Event("test.1", EventType.WEBHOOK_TEST, at(1))
        delivery = await store.webhooks.enqueue(ORDERS, test)
        assert delivery is not None
        assert delivery == await store.webhooks.delivery(ORDERS, "test.1")
        [due] = await store.webhooks.due_deliveries(at(1), 10, for_each=8)
        assert due.event == test
        assert await store.webhooks.enqueue(WebhookKey("bob", "orders"), test) is None

    async def test_deliveries_are_listed_newest_first_by_state(self, store: HookedStore) -> None:
        await store.webhooks.add_webhook(webhook(), 10)
        for seconds in (3, 1, 2):
            await ended(store, seconds=seconds)
        oldest = (await all_of(store))[-1]
        await self._give_up(store, oldest.number)
        first = await store.webhooks.list_deliveries(ORDERS, None, 2)
        rest = await store.webhooks.list_deliveries(ORDERS, None, 2, first.next_cursor)
        assert [one.time for one in (*first.deliveries, *rest.deliveries)] == [at(3), at(2), at(1)]
        assert rest.next_cursor is None
        dead = await store.webhooks.list_deliveries(ORDERS, DeliveryState.DEAD, 2)
        assert [one.number for one in dead.deliveries] == [oldest.number]
        waiting = await store.webhooks.list_deliveries(ORDERS, DeliveryState.PENDING, 2)
        assert [one.time for one in waiting.deliveries] == [at(3), at(2)]

    async def _give_up(self, store: HookedStore, number: int) -> None:
        led = await store.lead("one", 60)
        assert led is not None
        assert await store.webhooks.record_attempt(failed(number), led.epoch)

    async def test_a_cursor_of_deliveries_that_is_not_the_stores_is_refused(
        self, store: HookedStore
    ) -> None:
        with pytest.raises(ValueError, match="cursor"):
            await store.webhooks.list_deliveries(ORDERS, None, 4, "x")
