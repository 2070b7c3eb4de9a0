# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for reserving and spending."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import (
    BudgetExceeded,
    CostOverMaximum,
    LongtakeError,
    OperationNotFound,
    PriceUnknown,
    RequestOverBudget,
)
from longtake_server.operations.budgets.accounting import (
    Amounts,
    amounts_after_deletion,
    amounts_of,
)
from longtake_server.operations.budgets.terms import Terms
from longtake_server.operations.model import Charge, OperationRecord, State
from longtake_server.operations.results.usage import account_of
from storage.storage_charged import (
    ANN,
    GENERATOR,
    KEYS,
    PRICE,
    RESERVED,
    SPENT,
    TERMS,
    TODAY,
    VIDEO,
    created,
    limit,
    priced,
    race,
    spending,
)
from storage.storage_records import NOON, REQUEST, at, changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.store import OperationStore


class BudgetContract:
    """Tests that no budget is exceeded, and that all is settled exactly once."""

    async def test_a_principal_without_limits_is_charged_in_each_period(
        self, store: OperationStore
    ) -> None:
        record = await created(store)
        assert record.charges == tuple(Charge(ANN, key) for key in KEYS)
        assert await store.get(record.name) == record
        assert await spending(store) == dict.fromkeys(KEYS, RESERVED)

    async def test_without_terms_nothing_is_charged(self, store: OperationStore) -> None:
        assert (await store.create(priced(), REQUEST)).charges == ()
        assert await store.spending() == {}

    async def test_a_success_spends_what_was_delivered(self, store: OperationStore) -> None:
        record = await created(store)
        ended = replace(changed(record, State.SUCCEEDED), cost_micros=7, billed_seconds=1.5)
        await store.update(ended, 1)
        spent = Amounts(spent_micros=7, spent_milliseconds=1500)
        assert await spending(store) == dict.fromkeys(KEYS, spent)

    async def test_a_success_without_a_price_spends_what_was_reserved(
        self, store: OperationStore
    ) -> None:
        record = await created(store)
        await store.update(replace(changed(record, State.SUCCEEDED), cost_micros=None), 1)
        assert await spending(store) == dict.fromkeys(KEYS, SPENT)

    async def test_a_failure_with_an_unknown_outcome_spends_what_was_reserved(
        self, store: OperationStore
    ) -> None:
        record = await created(store)
        await store.update(changed(record, State.FAILED), 1)
        assert await spending(store) == dict.fromkeys(KEYS, SPENT)

    async def test_a_failure_that_certainly_started_nothing_is_released(
        self, store: OperationStore
    ) -> None:
        record = await created(store)
        released = replace(
            changed(record, State.FAILED), cost_micros=0, reserved_micros=0, reserved_milliseconds=0
        )
        await store.update(released, 1)
        assert await spending(store) == dict.fromkeys(KEYS, Amounts())

    @pytest.mark.parametrize(("state", "left"), [(State.QUEUED, Amounts()), (State.RUNNING, SPENT)])
    async def test_a_deletion_releases_only_what_certainly_did_not_start(
        self, store: OperationStore, state: State, left: Amounts
    ) -> None:
        record = await created(store)
        await store.update(changed(record, state), 1)
        await store.delete(record.name)
        assert await spending(store) == dict.fromkeys(KEYS, left)

    async def test_what_has_ended_stays_spent_when_it_is_deleted(
        self, store: OperationStore
    ) -> None:
        record = await created(store)
        await store.update(changed(record, State.FAILED), 1)
        await store.delete(record.name, expired=True)
        assert await spending(store) == dict.fromkeys(KEYS, SPENT)

    async def test_it_is_settled_in_the_period_of_its_acceptance(
        self, store: OperationStore
    ) -> None:
        await limit(store, cost_per_day=PRICE)
        record = await created(store)
        tomorrow = replace(priced(), create_time=NOON + timedelta(days=1))
        await created(store, tomorrow)
        await store.update(changed(record, State.FAILED), 1)
        sums = await spending(store)
        assert (sums[TODAY], sums["2026-11-25"]) == (SPENT, RESERVED)

    @pytest.mark.parametrize(
        ("limits", "refusal"),
        [
            ({"cost_per_day": 10 * PRICE + 1}, "BudgetExceeded"),
            ({"cost_per_week": 10 * PRICE}, "BudgetExceeded"),
            ({"cost_per_month": 11 * PRICE - 1}, "BudgetExceeded"),
            ({"seconds_per_day": 10 * VIDEO}, "BudgetExceeded"),
            ({"seconds_per_month": 10 * VIDEO}, "BudgetExceeded"),
            ({"max_queued": 10}, "TooManyQueued"),
            ({"requests_per_minute": 10}, "RateLimited"),
        ],
    )
    @pytest.mark.parametrize("subject", [ANN, "role/generator"])
    async def test_of_many_at_once_exactly_as_many_as_fit_are_admitted(
        self, store: OperationStore, subject: str, limits: Mapping[str, int], refusal: str
    ) -> None:
        await limit(store, subject, **limits)
        assert await race(store, 200, GENERATOR) == {"accepted": 10, refusal: 190}
        assert await store.position() == 10
        assert (await spending(store))[TODAY].reserved_micros == 10 * PRICE

    async def test_of_many_with_a_label_exactly_as_many_as_fit_are_admitted(
        self, store: OperationStore
    ) -> None:
        await limit(store, "label/run=*", cost_per_day=10 * PRICE)
        terms = Terms("ann", labels={"run": "7", "other": "x"})
        assert await race(store, 100, terms) == {"accepted": 10, "BudgetExceeded": 90}
        assert (await spending(store, "label/run=7"))[TODAY].reserved_micros == 10 * PRICE
        assert await spending(store, "label/other=x") == {}
        assert await race(store, 1, Terms("bob", labels={"run": "8"})) == {"accepted": 1}

    async def test_of_several_principals_with_a_label_exactly_as_many_as_fit_are_admitted(
        self, store: OperationStore
    ) -> None:
        await limit(store, "label/run=7", cost_per_day=10 * PRICE)
        tried = [
            created(store, priced(caller=name), Terms(name, labels={"run": "7"}))
            for _ in range(20)
            for name in ("ann", "bob", "bob", "eve")
        ]
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
        accepted = [one for one in outcomes if isinstance(one, OperationRecord)]
        assert len(accepted) == 10
        assert {type(one) for one in outcomes} == {OperationRecord, BudgetExceeded}
        assert (await spending(store, "label/run=7"))[TODAY].reserved_micros == 10 * PRICE
        for name, count in Counter(one.caller for one in accepted).items():
            own = (await spending(store, f"principal/{name}"))[TODAY]
            assert own.reserved_micros == count * PRICE
        events = await store.budget_events(0, 100)
        assert [(one.subject, one.percent) for one in events] == [
            ("label/run=7", percent) for percent in (50, 80, 100)
        ]

    async def test_writes_of_all_kinds_at_once_leave_the_sums_of_the_records(
        self, store: OperationStore
    ) -> None:
        await limit(store, cost_per_day=1000 * PRICE, max_queued=1000, requests_per_minute=1000)
        terms = Terms("ann", labels={"run": "7"})
        records = [await created(store, priced(labels={"run": "7"}), terms) for _ in range(30)]
        running = [changed(record, State.RUNNING) for record in records[:10]]
        failed = [changed(record, State.FAILED) for record in records[10:20]]
        new = [priced(labels={"run": "7"}) for _ in range(10)]
        writes = zip(
            (store.update(record, 1) for record in running),
            (store.update(record, 1) for record in failed),
            (store.delete(record.name) for record in records[20:]),
            (created(store, record, terms) for record in new),
            strict=True,
        )
        await asyncio.gather(
            *(write for four in writes for write in four), limit(store, max_queued=30)
        )
        sums = Amounts()
        for record in [*running, *failed, *new]:
            sums += amounts_of(record)
        assert (await spending(store))[TODAY] == sums
        assert await store.position() == 70
        assert (await store.allowance(terms, NOON)).queued == 10
        usage = (await store.usage(NOON.date(), NOON.date()))[account_of(records[0])]
        assert (usage.accepted, usage.failed, usage.deleted) == (40, 10, 10)
        assert await race(store, 30, terms) == {"accepted": 20, "TooManyQueued": 10}

    async def test_what_is_refused_leaves_nothing(self, store: OperationStore) -> None:
        await limit(store, cost_per_day=PRICE, requests_per_minute=5)
        await created(store)
        refused = priced(request_id="one")
        for _ in range(20):
            with pytest.raises(BudgetExceeded):
                await created(store, refused)
        with pytest.raises(OperationNotFound):
            await store.get(refused.name)
        await limit(store, cost_per_day=2 * PRICE, requests_per_minute=5)
        assert (await created(store, refused)).name == refused.name

    async def test_a_repeat_costs_nothing_and_is_answered_when_all_is_spent(
        self, store: OperationStore
    ) -> None:
        await limit(store, cost_per_day=PRICE, requests_per_minute=1, max_queued=1)
        first = await created(store, priced(request_id="one"))
        for _ in range(5):
            assert await created(store, priced(request_id="one")) == first
        assert (await spending(store))[TODAY] == RESERVED
        with pytest.raises(LongtakeError):
            await created(store)

    async def test_a_refusal_says_what_is_left_and_until_when(self, store: OperationStore) -> None:
        await limit(store, cost_per_day=2 * PRICE - 1, cost_per_month=2 * PRICE - 2)
        await created(store)
        with pytest.raises(BudgetExceeded) as refused:
            await created(store)
        assert refused.value.metadata == {
            "budget": ANN,
            "period": "MONTH",
            "limit_micros": str(2 * PRICE - 2),
            "spent_micros": "0",
            "reserved_micros": str(PRICE),
            "requested_micros": str(PRICE),
            "resets_at": "2026-12-01T00:00:00Z",
        }

    async def test_what_never_fits_is_told_apart(self, store: OperationStore) -> None:
        await limit(store, seconds_per_week=VIDEO - 1)
        with pytest.raises(RequestOverBudget) as refused:
            await created(store)
        assert refused.value.metadata["limit_milliseconds"] == str(VIDEO - 1)
        assert "resets_at" not in refused.value.metadata

    @pytest.mark.parametrize("terms", [TERMS, Terms("ann", max_micros=10)])
    async def test_an_unknown_price_passes_only_without_a_limit_of_cost(
        self, store: OperationStore, terms: Terms
    ) -> None:
        await limit(store, seconds_per_day=VIDEO * 9)
        unpriced = priced(cost_micros=None, reserved_micros=None)
        if terms.max_micros is None:
            await created(store, unpriced)
            await limit(store, cost_per_month=9 * PRICE)
        with pytest.raises(PriceUnknown):
            await created(store, replace(unpriced, name="operations/other"), terms)

    async def test_the_maximum_of_a_request_counts_only_at_its_creation(
        self, store: OperationStore
    ) -> None:
        terms = Terms("ann", max_micros=PRICE)
        record = await created(store, priced(request_id="one"), terms)
        dearer = priced(request_id="one", reserved_micros=PRICE + 1)
        assert await created(store, dearer, terms) == record
        with pytest.raises(CostOverMaximum):
            await created(store, priced(reserved_micros=PRICE + 1), terms)

    async def test_a_check_says_the_same_and_stores_nothing(self, store: OperationStore) -> None:
        await limit(store, cost_per_day=PRICE)
        await store.check(priced(), TERMS)
        assert await store.spending() == {}
        await created(store)
        with pytest.raises(BudgetExceeded):
            await store.check(priced(), TERMS)

    async def test_after_any_history_the_sums_are_those_of_the_records(
        self, store: OperationStore
    ) -> None:
        chance = random.Random(7)  # noqa: S311 - reproducible, not secret
        await limit(store, "label/run=*", cost_per_day=1000 * PRICE)
        left: Counter[Charge] = Counter()
        sums: dict[Charge, Amounts] = {}
        for number in range(150):
            terms = Terms("ann", labels={"run": str(number % 3)})
            created_at = at(3600 * chance.randrange(-300, 300))
            record = await created(store, priced(create_time=created_at), terms)
            for _ in range(chance.randrange(4)):
                if record.done:
                    break
                record = changed(record, chance.choice(list(State)))
                if chance.random() < 0.3:
                    record = replace(record, reserved_micros=0, reserved_milliseconds=0)
                await store.update(record, record.revision - 1)
            part = amounts_of(record)
            if chance.random() < 0.3:
                part = amounts_after_deletion(record)
                await store.delete(record.name)
            for charge in record.charges:
                left[charge] += 1
                sums[charge] = sums.get(charge, Amounts()) + part
        assert await store.spending() == sums
        assert left.total() == 150 * 6
