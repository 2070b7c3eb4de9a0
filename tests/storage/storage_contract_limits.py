# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for limits: which ones apply, from when, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import (
    BudgetExceeded,
    LongtakeError,
    RateLimited,
)
from longtake_server.operations.budgets.limits import Limits, Measure, Override, Source, Values
from longtake_server.operations.budgets.terms import Terms
from longtake_server.operations.model import State
from storage.storage_charged import (
    ANN,
    GENERATOR,
    MONTH,
    PRICE,
    RESERVED,
    SPENT,
    TERMS,
    TODAY,
    VIDEO,
    WEEK,
    created,
    limit,
    priced,
    race,
    spending,
)
from storage.storage_records import NOON, at, changed

if TYPE_CHECKING:
    from longtake_server.operations.store import OperationStore
    from storage.storage_contract_records import Reopen


class LimitsContract:
    """Tests documents, overrides, periods, rates, thresholds and allowances."""

    async def test_a_raise_counts_from_the_next_call(self, store: OperationStore) -> None:
        for number in range(1, 4):
            await limit(
                store, cost_per_day=number * PRICE, max_queued=number, requests_per_minute=number
            )
            await created(store)
            with pytest.raises(LongtakeError):
                await created(store)

    async def test_the_queue_is_counted_through_every_change(self, store: OperationStore) -> None:
        first, second = await created(store), await created(store)
        lengths = [await queued(store)]
        await store.update(submitting := changed(first, State.SUBMITTING), 1)
        lengths.append(await queued(store))
        await store.update(changed(submitting, State.QUEUED), 2)
        lengths.append(await queued(store))
        await store.delete(second.name)
        lengths.append(await queued(store))
        await store.delete(first.name)
        assert [*lengths, await queued(store)] == [2, 1, 2, 1, 0]

    async def test_a_limit_counts_what_was_spent_before_it(self, store: OperationStore) -> None:
        record = await created(store)
        await store.update(changed(record, State.FAILED), 1)
        await limit(store, cost_per_month=PRICE)
        with pytest.raises(BudgetExceeded):
            await created(store)

    async def test_the_nearest_document_with_a_limit_decides(self, store: OperationStore) -> None:
        file, zone = {ANN: Limits("Asia/Tokyo", Values(max_queued=4))}, "America/New_York"
        roles = {"role/generator": Limits(zone, Values(max_queued=9, max_concurrent=8))}
        await store.replace_limits(Source.FILE, {**file, **roles})
        allowed = await store.allowance(GENERATOR, NOON)
        assert allowed.time_zone == "Asia/Tokyo"
        assert allowed.values == Values(max_queued=4, max_concurrent=8)
        await limit(store, max_queued=2)
        assert (await store.allowance(GENERATOR, NOON)).values.max_queued == 2
        await store.set_limits(ANN, Source.COMMAND, None)
        await store.replace_limits(Source.FILE, roles)
        assert (await store.allowance(GENERATOR, NOON)).values.max_queued == 9
        assert (await store.allowance(TERMS, NOON)).values == Values()

    async def test_an_override_ends_with_its_day_where_the_principal_is(
        self, store: OperationStore
    ) -> None:
        override = Override(date(2026, 11, 24), Values(max_queued=7))
        limits = Limits("Asia/Tokyo", Values(max_queued=1, max_concurrent=2), (override,))
        await store.set_limits(ANN, Source.COMMAND, limits)
        midnight = datetime(2026, 11, 24, 15, tzinfo=UTC)
        before = await store.allowance(TERMS, midnight - timedelta(seconds=1))
        assert before.values == Values(max_queued=7, max_concurrent=2)
        after = await store.allowance(TERMS, midnight)
        assert after.values == Values(max_queued=1, max_concurrent=2)

    @pytest.mark.parametrize(
        ("zone", "midnight"),
        [
            # The days before, of and after both changes of clocks in New York.
            ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 3, 9, 4, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 11, 2, 5, tzinfo=UTC)),
            ("Asia/Tokyo", datetime(2026, 3, 7, 15, tzinfo=UTC)),
            ("Asia/Tokyo", datetime(2026, 11, 1, 15, tzinfo=UTC)),
        ],
    )
    async def test_a_day_begins_at_the_midnight_of_the_principal(
        self, store: OperationStore, zone: str, midnight: datetime
    ) -> None:
        limits = Limits(zone, Values(cost_per_day=PRICE))
        await store.set_limits(ANN, Source.FILE, limits)
        before = midnight - timedelta(microseconds=1)
        await created(store, priced(create_time=before - timedelta(hours=1)))
        with pytest.raises(BudgetExceeded) as refused:
            await created(store, priced(create_time=before))
        resets = midnight.isoformat().replace("+00:00", "Z")
        assert refused.value.metadata["resets_at"] == resets
        await created(store, priced(create_time=midnight))

    async def test_a_clock_that_steps_resets_nothing(self, store: OperationStore) -> None:
        await limit(store, cost_per_day=PRICE, requests_per_minute=100)
        tomorrow = NOON + timedelta(days=1)
        for now in (NOON, tomorrow):
            await created(store, priced(create_time=now))
        for now in (NOON - timedelta(hours=1), tomorrow, NOON, tomorrow - timedelta(hours=1)):
            with pytest.raises(BudgetExceeded):
                await created(store, priced(create_time=now))
        assert (await spending(store))[MONTH] == RESERVED + RESERVED

    async def test_the_rate_lets_the_next_one_in_at_the_time_it_says(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        await limit(store, requests_per_minute=7)
        assert await race(store, 9) == {"accepted": 7, "RateLimited": 2}
        store = await reopen()
        with pytest.raises(RateLimited) as refused:
            await created(store)
        micros = round(refused.value.retry_after * 1e6)
        assert micros == 8_571_429
        early = NOON + timedelta(microseconds=micros - 1)
        with pytest.raises(RateLimited):
            await created(store, priced(create_time=early))
        await created(store, priced(create_time=early + timedelta(microseconds=1)))

    async def test_each_threshold_is_one_event_in_a_period(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        assert await store.newest_budget_event() == 0
        await limit(store, cost_per_day=10 * PRICE, seconds_per_month=20 * VIDEO)
        records = [await created(store, priced(create_time=at(second))) for second in range(10)]
        for record in records:
            await store.delete(record.name)
        store = await reopen()
        for second in range(10, 20):
            await created(store, priced(create_time=at(second)))
        events = await store.budget_events(0, 100)
        assert [(one.period_key, one.measure, one.percent, one.time) for one in events] == [
            (TODAY, Measure.COST, 50, at(4)),
            (TODAY, Measure.COST, 80, at(7)),
            (TODAY, Measure.COST, 100, at(9)),
            (MONTH, Measure.SECONDS, 50, at(9)),
        ]
        assert {one.subject for one in events} == {ANN}
        assert await store.budget_events(events[1].number, 1) == events[2:3]
        assert await store.newest_budget_event() == events[-1].number

    async def test_the_allowance_shows_limits_sums_and_counts(self, store: OperationStore) -> None:
        await limit(store, cost_per_day=9 * PRICE, max_concurrent=3)
        await limit(store, "label/team=film", seconds_per_week=9 * VIDEO)
        terms = Terms("ann", labels={"team": "film"})
        records = [await created(store, terms=terms) for _ in range(4)]
        await store.update(changed(records[0], State.SUBMITTING), 1)
        await store.update(changed(records[1], State.RUNNING), 1)
        await store.update(changed(records[2], State.FAILED), 1)
        allowed = await store.allowance(terms, NOON)
        assert (allowed.queued, allowed.concurrent) == (1, 2)
        sums = RESERVED + RESERVED + RESERVED + SPENT
        shown = [(one.subject, one.key, one.amounts) for one in allowed.budgets]
        assert shown == [(ANN, TODAY, sums), ("label/team=film", WEEK, sums)]
        day, week = allowed.budgets
        assert (day.cost_limit, day.seconds_limit) == (9 * PRICE, None)
        assert (week.cost_limit, week.seconds_limit) == (None, 9 * VIDEO)
        assert week.reset_time == datetime(2026, 11, 30, tzinfo=UTC)

    async def test_limits_of_concurrency_are_told_for_the_roles_last_seen(
        self, store: OperationStore
    ) -> None:
        await limit(store, max_queued=100)
        assert await store.concurrency_limits(["ann"], NOON) is None
        await created(store, terms=GENERATOR)
        await limit(store, "role/generator", max_concurrent=3)
        found = await store.concurrency_limits(["ann", "bob"], NOON)
        assert found == {"ann": 3, "bob": None}

    async def test_limits_and_sums_survive(self, store: OperationStore, reopen: Reopen) -> None:
        override = Override(date(2026, 12, 24), Values(cost_per_week=9))
        limits = Limits("Asia/Tokyo", Values(cost_per_day=10**15, max_queued=1), (override,))
        await store.replace_limits(Source.FILE, {ANN: limits, "label/run=*": limits})
        await created(store, terms=Terms("bob"))
        before = await store.spending()
        store = await reopen()
        assert await store.limits() == {
            ("label/run=*", Source.FILE): limits,
            (ANN, Source.FILE): limits,
        }
        assert await store.spending() == before


async def queued(store: OperationStore) -> int:
    return (await store.allowance(TERMS, NOON)).queued
