# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Processes whose clocks differ by two minutes agree on leases, rates, budgets and retention."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import RateLimited
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.database_clock import DatabaseClock
from longtake_server.storage.postgres.store import PostgresStore
from storage.storage_charged import created, limit, priced
from storage.storage_postgres import execute
from storage.storage_records import REQUEST, new_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_MINUTE = timedelta(minutes=1)
_NOON = FakeClock().now()


@asynccontextmanager
async def fast_and_slow(url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Open two stores. The clock of the first is a minute fast, that of the second slow."""
    async with AsyncExitStack() as closing:
        stores = []
        for error in (_MINUTE, -_MINUTE):
            clock = FakeClock(await _database_time(url) + error)
            store = await PostgresStore.open(DatabaseAddress(url), clock)
            closing.push_async_callback(store.close)
            await store.lead(str(error), 60.0)
            stores.append(store)
        fast, slow = stores
        yield fast, slow


async def _database_time(url: str) -> datetime:
    [(time,)] = await execute(url, "SELECT clock_timestamp()")
    assert isinstance(time, datetime)
    return time.astimezone(UTC)


async def test_both_clocks_tell_the_time_of_the_database(database_url: str) -> None:
    before = await _database_time(database_url)
    async with fast_and_slow(database_url) as (fast, slow):
        after = await _database_time(database_url)
        for store in (fast, slow):
            assert before <= store.clock.now() <= after


async def test_a_lease_of_one_is_not_over_for_the_other(database_url: str) -> None:
    async with fast_and_slow(database_url) as stores:
        for taker, other in (stores, stores[::-1]):
            now = taker.clock.now()
            await taker.create(replace(new_record(), create_time=now), REQUEST)
            (work,) = await taker.take("taker", now, now + _MINUTE, 1)
            assert await other.take("other", other.clock.now(), now + _MINUTE, 1) == ()
            await taker.again(work, now + timedelta(days=1))


async def test_a_rate_is_the_same_at_both(database_url: str) -> None:
    async with fast_and_slow(database_url) as (fast, slow):
        await limit(fast, requests_per_minute=1)
        first = fast.clock.now()
        await created(fast, priced(create_time=first))
        with pytest.raises(RateLimited) as refused:
            await created(slow, priced(create_time=slow.clock.now()))
        # With its own clock, the slow one would refuse for two minutes more.
        assert refused.value.retry_after <= 60.0
        await created(slow, priced(create_time=first + _MINUTE))
        with pytest.raises(RateLimited):
            # With its own clock, the fast one would be two minutes ahead.
            await created(fast, priced(create_time=fast.clock.now()))


async def test_retention_and_deletion_use_the_time_of_the_database(database_url: str) -> None:
    async with fast_and_slow(database_url) as (fast, slow):
        record = replace(new_record(), expire_time=fast.clock.now() + _MINUTE)
        await fast.create(record, REQUEST)
        assert await slow.expired(slow.clock.now(), 1) == ()
        await slow.delete(record.name)
        await fast.compact(fast.clock.now() - _MINUTE)
        assert (await slow.changes(1, 10))[0].record is None


def test_a_slow_answer_does_not_change_a_correction_that_it_allows() -> None:
    clock = FakeClock()
    database = DatabaseClock(clock)
    asked = database.uncorrected()
    clock.advance(30.0)
    database.told(asked + timedelta(seconds=20), asked)
    assert database.now() == clock.now()


def test_a_correction_changes_no_more_than_it_must(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    database = DatabaseClock(clock)
    asked = database.uncorrected()
    clock.advance(2.0)
    database.told(asked + _MINUTE, asked)
    assert database.now() == _NOON + _MINUTE
    (logged,) = caplog.records
    assert vars(logged)["seconds"] == -58.0
    database.told(clock.now() + _MINUTE, clock.now())
    assert database.now() == clock.now() + _MINUTE
    database.told(clock.now(), clock.now())
    assert database.now() == clock.now()
    assert database.monotonic() == clock.monotonic()
