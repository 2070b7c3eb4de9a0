# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes share a database in PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import (
    BudgetExceeded,
    OperationNotFound,
    OutcomeUnknown,
    StorageUnavailable,
)
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.budgets.terms import Terms
from longtake_server.operations.replica_store import Leadership
from longtake_server.operations.store import EngineReplaced, Fence, Filter
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.store import PostgresStore
from longtake_server.storage.postgres.writer import Decision
from longtake_server.webhooks.model import Event, EventType
from processes.postgres import schema
from storage.storage_charged import PRICE, limit, priced, race, spending
from storage.storage_hooked import ORDERS, ended, webhook
from storage.storage_postgres import execute, opened
from storage.storage_records import LEASE, NOON, REQUEST, changed, new_record

if TYPE_CHECKING:
    from longtake_server.storage.postgres.group import Group

_LARGE = GenerateVideosRequest(prompt="x" * 100_000)


async def test_positions_have_no_gaps_whoever_writes(database_url: str) -> None:
    async def write(store: PostgresStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        await store.update(changed(record), 1)

    async with opened(database_url, 3) as stores:
        await asyncio.gather(*(write(store) for store in stores for _ in range(40)))
        for store in stores:
            assert await store.position() == 240
        assert len(await stores[0].changes(0, 1000)) == 120


async def test_a_read_sees_what_another_process_was_told_before(database_url: str) -> None:
    async with opened(database_url, 2) as (one, other):
        for _ in range(20):
            record = await one.create(new_record(), REQUEST)
            assert await other.get(record.name) == record


async def test_a_commit_of_one_process_is_news_to_another(database_url: str) -> None:
    async with opened(database_url, 2) as (one, other):
        for _ in range(5):
            waiting = asyncio.ensure_future(other.news(await other.position()))
            await one.create(new_record(), REQUEST)
            await waiting


async def test_the_sender_of_another_process_hears_of_what_is_made_due(database_url: str) -> None:
    async with opened(database_url, 2) as (one, other):
        await one.webhooks.add_webhook(webhook(), 10)
        heard = asyncio.Event()
        other.webhooks.on_enqueued(heard.set)
        number = 0
        async with asyncio.timeout(30):
            # The listening connection may still be on its way.
            while not heard.is_set():
                number += 1
                test = Event(f"test.{number}", EventType.WEBHOOK_TEST, NOON)
                assert await one.webhooks.enqueue(ORDERS, test) is not None
        heard.clear()
        await ended(one)
        async with asyncio.timeout(30):
            await heard.wait()


async def test_a_text_reaches_the_other_processes_of_the_store_only(
    database_url: str, postgres_url: str
) -> None:
    with schema(postgres_url) as other_url:
        async with opened(database_url, 2) as (one, other), opened(other_url) as (stranger,):
            heard = await _listening(one, other)
            strange = await _listening(stranger, stranger)
            for text in ("x" * 7900, "\N{SNOWMAN}", "'; --"):
                await one.tell(text)
                assert await heard.get() == text
            await stranger.tell("end")
            assert await strange.get() == "end"
            assert heard.empty()


async def _listening(teller: PostgresStore, hearer: PostgresStore) -> asyncio.Queue[str]:
    """Return where the texts arrive that a store hears, which may miss some at its start."""
    texts: asyncio.Queue[str] = asyncio.Queue()
    hearer.on_told(texts.put_nowait)
    while texts.empty():
        await teller.tell("are you there?")
    await teller.tell("good")
    while await texts.get() != "good":
        pass
    return texts


async def test_stores_in_other_schemas_of_a_database_are_no_news(
    database_url: str, postgres_url: str
) -> None:
    async with opened(database_url) as (store,):
        channels = await execute(database_url, "SELECT current_schema()::regnamespace::oid::text")
        assert store._listener._channel == f"longtake_{channels[0][0]}"


async def test_a_store_in_another_schema_is_another_store(
    database_url: str, postgres_url: str
) -> None:
    with schema(postgres_url) as other_url:
        async with opened(database_url) as (one,), opened(other_url) as (other,):
            waiting = asyncio.ensure_future(other.news(0))
            record = await one.create(new_record(), REQUEST)
            with pytest.raises(OperationNotFound):
                await other.get(record.name)
            assert not waiting.done()
            await other.create(record, REQUEST)
            await waiting
            assert await other.position() == 1


async def test_a_budget_is_not_exceeded_by_several_processes(database_url: str) -> None:
    async with opened(database_url, 3) as stores:
        await limit(stores[0], cost_per_day=5 * PRICE)
        counts = await asyncio.gather(*(race(store, 4) for store in stores))
        assert sum(count["accepted"] for count in counts) == 5
        assert max(sums.reserved_micros for sums in (await spending(stores[0])).values()) == (
            5 * PRICE
        )


async def test_one_request_id_makes_one_operation_whoever_is_asked(database_url: str) -> None:
    async with opened(database_url, 3) as stores:
        made = await asyncio.gather(
            *(store.create(new_record(request_id="one"), REQUEST) for store in stores * 10)
        )
        assert len({record.name for record in made}) == 1


async def test_another_replica_leads_when_the_term_ends(database_url: str) -> None:
    async with opened(database_url, 2) as (one, other):
        assert await one.lead("one", 60.0) == Leadership(1, is_new=True)
        assert await other.lead("other", 60.0) is None
        record = await one.create(new_record(), REQUEST)
        (work,) = await one.take("one", NOON, NOON + LEASE, 1)
        await execute(database_url, "UPDATE meta SET engine_until = clock_timestamp()")
        assert await other.lead("other", 60.0) == Leadership(2, is_new=True)
        assert await one.lead("one", 60.0) is None
        with pytest.raises(EngineReplaced):
            await one.update(changed(record), 1, Fence(1, work))


async def test_a_term_that_ran_out_unnoticed_goes_on(database_url: str) -> None:
    async with opened(database_url) as (store,):
        await store.lead("one", 0.0)
        assert await store.lead("one", 60.0) == Leadership(1, is_new=False)


async def test_a_large_request_is_stored_before_its_operation(database_url: str) -> None:
    async with opened(database_url) as (store,):
        record = await store.create(new_record(), _LARGE)
        assert await store.get_request(record.name) == _LARGE
        await store.compact(NOON)
        assert await store.get_request(record.name) == _LARGE


async def test_a_large_request_that_was_refused_is_swept_later(database_url: str) -> None:
    count = "SELECT count(*) FROM requests"
    async with opened(database_url) as (store,):
        await store.create(new_record(request_id="one"), REQUEST)
        await store.create(new_record(request_id="one"), _LARGE)
        await store.compact(NOON)
        assert await execute(database_url, count) == [(2,)]
        await execute(
            database_url, "UPDATE requests SET early_since = early_since - interval '2 hours'"
        )
        await store.compact(NOON)
        assert await execute(database_url, count) == [(1,)]


async def test_a_write_that_cannot_be_stored_does_not_fail_others(database_url: str) -> None:
    async with opened(database_url) as (store,):
        impossible = new_record(caller="a\0b")
        records = [new_record() for _ in range(10)]
        ends = await asyncio.gather(
            *(store.create(one, REQUEST) for one in (*records[:5], impossible, *records[5:])),
            return_exceptions=True,
        )
        assert isinstance(ends.pop(5), StorageUnavailable)
        assert ends == records
        assert await store.position() == 10


async def test_a_process_that_stops_within_a_transaction_does_not_stop_the_others(
    database_url: str,
) -> None:
    has_lock, goes_on = threading.Event(), threading.Event()

    def stop(_: Group) -> None:
        has_lock.set()
        goes_on.wait()

    async def stopped() -> None:
        async with opened(database_url) as (store,):
            # Nothing is lost: the caller is told that it cannot know.
            with pytest.raises(OutcomeUnknown):
                await store._writer.run(Decision(lambda _: None, stop))
            await store.create(new_record(), REQUEST)

    process = asyncio.create_task(asyncio.to_thread(asyncio.run, stopped()))
    await asyncio.to_thread(has_lock.wait)
    try:
        async with opened(database_url) as (store,):
            await store.create(new_record(), REQUEST)
    finally:
        goes_on.set()
        await process


@pytest.mark.parametrize("hour", [0, 9, 10, 12, 23])
async def test_what_is_spent_is_read_in_every_time_zone(database_url: str, hour: int) -> None:
    async with opened(database_url) as (store,):
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "UTC"):
            values = Values(cost_per_day=PRICE, cost_per_week=PRICE, cost_per_month=PRICE)
            await store.set_limits(f"principal/{zone}", Source.COMMAND, Limits(zone, values))
            moment = NOON.replace(month=12, day=31, hour=hour)
            terms = Terms(zone)
            for _ in range(2):
                record = priced(caller=zone, create_time=moment)
                with suppress(BudgetExceeded):
                    await store.create(record, REQUEST, terms=terms)
            assert len((await store.list(Filter(caller=zone), 10)).records) == 1


async def test_servers_that_start_together_on_an_empty_database_all_start(
    postgres_url: str,
) -> None:
    for _ in range(5):
        with schema(postgres_url) as url:
            stores = await asyncio.gather(
                *(PostgresStore.open(DatabaseAddress(url), FakeClock()) for _ in range(3))
            )
            try:
                assert [await store.position() for store in stores] == [0, 0, 0]
                assert len({await store.position_key() for store in stores}) == 1
            finally:
                await asyncio.gather(*(store.close() for store in stores))
