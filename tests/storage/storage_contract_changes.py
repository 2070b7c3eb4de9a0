# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for the feed of changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import OperationNotFound, PositionAhead, PositionExpired
from longtake_server.operations.store import Change, Filter, OperationStore
from storage.storage_records import REQUEST, changed, new_record

if TYPE_CHECKING:
    from fakes.clock import FakeClock
    from longtake_server.operations.model import OperationRecord

_WRITERS = 8
_CHANGES_EACH = 12


async def _write(store: OperationStore) -> OperationRecord:
    """Create an operation, change it a number of times, and return its last record."""
    record = new_record()
    await store.create(record, REQUEST)
    for _ in range(_CHANGES_EACH - 1):
        record = changed(record)
        await store.update(record, record.revision - 1)
    return record


async def _follow(store: OperationStore, until: asyncio.Event) -> list[Change]:
    """Read all changes, a few at a time."""
    seen: list[Change] = []
    position = 0
    while True:
        last_round = until.is_set()
        batch = await store.changes(position, 5)
        seen.extend(batch)
        if batch:
            position = batch[-1].position
        elif last_round:
            return seen


class ChangesContract:
    """Tests positions, the feed, tombstones and their removal."""

    async def test_a_new_store_is_at_zero(self, store: OperationStore) -> None:
        assert await store.position() == 0
        assert list(await store.changes(0, 10)) == []

    async def test_every_change_has_a_later_position(self, store: OperationStore) -> None:
        record = new_record()
        positions = [await store.position()]
        await store.create(record, REQUEST)
        positions.append(await store.position())
        await store.update(changed(record), 1)
        positions.append(await store.position())
        await store.delete(record.name)
        positions.append(await store.position())
        assert positions == sorted(set(positions))

    async def test_each_operation_comes_once_with_its_newest_state(
        self, store: OperationStore
    ) -> None:
        first, second, third = (new_record() for _ in range(3))
        for record in (first, second, third):
            await store.create(record, REQUEST)
        await store.update(changed(first), 1)
        await store.delete(second.name)
        found = await store.changes(0, 10)
        assert [(change.name, change.record) for change in found] == [
            (third.name, third),
            (first.name, changed(first)),
            (second.name, None),
        ]
        assert found[-1].position == await store.position()

    async def test_it_goes_on_where_it_ended(self, store: OperationStore) -> None:
        records = [new_record() for _ in range(5)]
        for record in records:
            await store.create(record, REQUEST)
        first = await store.changes(0, 2)
        rest = await store.changes(first[-1].position, 10)
        assert [change.name for change in (*first, *rest)] == [one.name for one in records]
        assert list(await store.changes(await store.position(), 10)) == []

    async def test_a_follower_misses_nothing_and_sees_nothing_twice(
        self, store: OperationStore
    ) -> None:
        written = asyncio.Event()
        following = asyncio.ensure_future(_follow(store, written))
        last = await asyncio.gather(*(_write(store) for _ in range(_WRITERS)))
        written.set()
        seen = await following
        positions = [change.position for change in seen]
        assert positions == sorted(set(positions))
        for record in last:
            states = [change.record for change in seen if change.name == record.name]
            revisions = [one.revision for one in states if one is not None]
            assert revisions == sorted(set(revisions))
            assert states[-1] == record
        assert await store.position() == _WRITERS * _CHANGES_EACH

    async def test_the_position_key_is_32_bytes_and_stays(self, store: OperationStore) -> None:
        key = await store.position_key()
        assert len(key) == 32
        await store.create(new_record(), REQUEST)
        assert await store.position_key() == key

    async def test_a_position_of_the_future_is_refused(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        with pytest.raises(PositionAhead):
            await store.changes(await store.position() + 1, 10)

    async def test_forgotten_deletions_expire_the_positions_before_them(
        self, store: OperationStore, clock: FakeClock
    ) -> None:
        kept, gone = new_record(), new_record()
        await store.create(kept, REQUEST)
        await store.create(gone, REQUEST)
        before = await store.position()
        await store.delete(gone.name)
        after = await store.position()
        clock.advance(10)
        await store.compact(clock.now())
        with pytest.raises(PositionExpired):
            await store.changes(before, 10)
        assert list(await store.changes(after, 10)) == []
        assert [change.name for change in await store.changes(0, 10)] == [kept.name]
        with pytest.raises(OperationNotFound):
            await store.get(gone.name)

    async def test_young_tombstones_are_kept(self, store: OperationStore, clock: FakeClock) -> None:
        old, young = new_record(request_id="old"), new_record(request_id="young")
        for record in (old, young):
            await store.create(record, REQUEST)
        await store.delete(old.name)
        between = await store.position()
        clock.advance(10)
        await store.delete(young.name, expired=True)
        await store.compact(clock.now())
        found = await store.changes(between, 10)
        assert [(change.name, change.record) for change in found] == [(young.name, None)]

    async def test_a_forgotten_request_id_is_free_again(
        self, store: OperationStore, clock: FakeClock
    ) -> None:
        gone, again = new_record(request_id="one"), new_record(request_id="one")
        await store.create(gone, REQUEST)
        await store.delete(gone.name)
        clock.advance(10)
        await store.compact(clock.now())
        assert await store.create(again, REQUEST) == again
        await store.compact(clock.now())
        assert [record.name for record in (await store.list(Filter(), 10)).records] == [again.name]

    async def test_who_began_with_nothing_reads_on_past_forgotten_deletions(
        self, store: OperationStore, clock: FakeClock
    ) -> None:
        records = [new_record() for _ in range(4)]
        for record in records:
            await store.create(record, REQUEST)
        await store.delete(records[3].name)
        clock.advance(10)
        await store.compact(clock.now())
        begun = await store.position()
        first = await store.changes(0, 2, begun=begun)
        rest = await store.changes(first[-1].position, 2, begun=begun)
        assert [change.name for change in (*first, *rest)] == [one.name for one in records[:3]]

    async def test_compacting_nothing_changes_nothing(
        self, store: OperationStore, clock: FakeClock
    ) -> None:
        await store.create(new_record(), REQUEST)
        await store.compact(clock.now())
        await store.create(new_record(), REQUEST)
        assert len(await store.changes(1, 10)) == 1
