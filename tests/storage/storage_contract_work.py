# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for the work queue and the latencies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from longtake_server.operations.model import Code, Failure, State
from longtake_server.operations.store import Kind, LeaseLost, OperationStore, Work
from storage.storage_records import REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord
    from storage.storage_contract_records import Reopen


async def _taken(store: OperationStore, owner: str = "me", seconds: float = 0.0) -> Work:
    """Take the only work that is due, with a lease of one minute."""
    (work,) = await store.take(owner, at(seconds), at(seconds + 60), 10)
    return work


async def _failed_in_time(store: OperationStore) -> OperationRecord:
    """Create an operation, and return it as it is when its generation took too long."""
    record = new_record()
    await store.create(record, REQUEST)
    return replace(
        changed(record, State.FAILED),
        upstream_operation="up/1",
        failure=Failure(Code.DEADLINE_EXCEEDED, "GENERATION_TIMEOUT", "it took too long"),
    )


class LatenciesContract:
    """Tests the latencies of generations."""

    async def test_the_newest_of_each_kind_is_kept(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        assert await store.latencies() == {}
        short, long = Kind("up", "model", "720p", 4), Kind("up", "model", "720p", 8)
        await store.keep_latencies(short, [(1.0, 1.0)])
        await store.keep_latencies(long, [(60.5, 0.25), (61.25, 3.0)])
        await store.keep_latencies(short, [(2.0, 1.5)])
        kept = {short: ((2.0, 1.5),), long: ((60.5, 0.25), (61.25, 3.0))}
        assert await store.latencies() == kept
        assert await (await reopen()).latencies() == kept


class WorkContract:
    """Tests leases, due times and wake-ups."""

    async def test_new_work_is_due_when_it_was_created(self, store: OperationStore) -> None:
        record = new_record(created=5)
        await store.create(record, REQUEST)
        assert await store.next_due(at(0)) == at(5)
        assert list(await store.take("me", at(4), at(60), 10)) == []
        (work,) = await store.take("me", at(5), at(60), 10)
        assert work == Work(record.name, "me", at(5), work.lease)

    async def test_an_idle_store_has_nothing_due(self, store: OperationStore) -> None:
        assert await store.next_due(at(0)) is None
        assert list(await store.take("me", at(0), at(60), 10)) == []

    async def test_the_longest_due_come_first(self, store: OperationStore) -> None:
        records = [new_record(created=second) for second in (3, 1, 2)]
        for record in records:
            await store.create(record, REQUEST)
        taken = await store.take("me", at(9), at(60), 2)
        assert [work.name for work in taken] == [records[1].name, records[2].name]
        assert [work.name for work in await store.take("me", at(9), at(60), 2)] == [records[0].name]

    async def test_work_has_one_owner(self, store: OperationStore) -> None:
        for _ in range(30):
            await store.create(new_record(), REQUEST)
        owners = [f"owner-{number}" for number in range(10)]
        taken = await asyncio.gather(*(store.take(one, at(0), at(60), 5) for one in owners))
        names = [work.name for works in taken for work in works]
        assert len(names) == len(set(names)) == 30
        for owner, works in zip(owners, taken, strict=True):
            assert {work.owner for work in works} <= {owner}

    async def test_leased_work_is_due_again_when_the_lease_ends(
        self, store: OperationStore
    ) -> None:
        await store.create(new_record(), REQUEST)
        lost = await _taken(store, "first")
        assert await store.next_due(at(0)) == at(60)
        assert list(await store.take("second", at(59), at(120), 10)) == []
        taken = await _taken(store, "second", 60)
        assert taken == replace(lost, owner="second", lease=taken.lease)
        with pytest.raises(LeaseLost):
            await store.extend(lost, at(180))
        with pytest.raises(LeaseLost):
            await store.again(lost, at(180))
        await store.again(taken, at(70))
        assert await store.next_due(at(60)) == at(70)

    async def test_a_later_lease_of_the_same_owner_and_due_time_is_another(
        self, store: OperationStore
    ) -> None:
        await store.create(new_record(), REQUEST)
        lost = await _taken(store)
        taken = await _taken(store, "me", 60)
        assert (taken.owner, taken.due) == (lost.owner, lost.due)
        assert taken.lease != lost.lease
        with pytest.raises(LeaseLost):
            await store.extend(lost, at(180))
        with pytest.raises(LeaseLost):
            await store.again(lost, at(180))
        await store.extend(taken, at(180))

    async def test_all_work_taken_at_once_has_leases_of_its_own(
        self, store: OperationStore
    ) -> None:
        for _ in range(5):
            await store.create(new_record(), REQUEST)
        taken = await store.take("me", at(0), at(60), 10)
        assert len({work.lease for work in taken}) == 5

    async def test_a_lease_that_is_extended_holds(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        work = await _taken(store)
        await store.extend(work, at(100))
        assert await store.next_due(at(50)) == at(100)
        assert list(await store.take("other", at(99), at(200), 10)) == []
        assert len(await store.take("other", at(100), at(200), 10)) == 1

    async def test_work_given_back_waits_until_due(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        work = await _taken(store)
        await store.again(work, at(10))
        assert await store.next_due(at(0)) == at(10)
        assert list(await store.take("me", at(9), at(60), 10)) == []
        again = await _taken(store, "me", 10)
        assert again == replace(work, due=at(10), lease=again.lease)

    async def test_what_was_given_back_is_let_go(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        work = await _taken(store)
        await store.again(work, at(10))
        with pytest.raises(LeaseLost):
            await store.again(work, at(20))
        with pytest.raises(LeaseLost):
            await store.extend(work, at(20))
        await _taken(store, "me", 10)
        with pytest.raises(LeaseLost):
            await store.again(work, at(20))

    async def test_what_may_succeed_late_keeps_its_work_and_its_lease(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        failed = await _failed_in_time(store)
        work = await _taken(store)
        await store.update(failed, 1)
        await store.wake(failed.name, at(5))
        await store.again(work, at(3600))
        assert await store.next_due(at(0)) == at(5)
        last = await _taken(store, "me", 5)
        await store.again(last, at(7200))
        assert await (await reopen()).next_due(at(5)) == at(7200)

    @pytest.mark.parametrize("expired", [False, True])
    async def test_a_deletion_removes_the_last_step(
        self, store: OperationStore, expired: bool
    ) -> None:
        failed = await _failed_in_time(store)
        await store.update(failed, 1)
        assert await store.next_due(at(0)) == at(0)
        await store.delete(failed.name, expired=expired)
        assert await store.next_due(at(0)) is None

    async def test_a_late_success_removes_the_last_step(self, store: OperationStore) -> None:
        failed = await _failed_in_time(store)
        await store.update(failed, 1)
        await store.update(replace(changed(failed, State.FAILED), late_success=True), 2)
        assert await store.next_due(at(0)) is None

    async def test_finished_operations_have_no_work(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.update(changed(record, State.SUCCEEDED), 1)
        assert await store.next_due(at(0)) is None
        with pytest.raises(LeaseLost):
            await store.again(work, at(0))
        with pytest.raises(LeaseLost):
            await store.extend(work, at(60))
        await store.wake(record.name, at(0))
        assert await store.next_due(at(0)) is None

    async def test_deleted_operations_have_no_work(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.delete(record.name)
        with pytest.raises(LeaseLost):
            await store.again(work, at(0))
        assert await store.next_due(at(0)) is None

    async def test_an_update_leaves_the_lease(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.update(changed(record), 1)
        await store.again(work, at(10))
        assert await store.next_due(at(0)) == at(10)

    async def test_waking_makes_work_due_earlier_but_not_later(self, store: OperationStore) -> None:
        record = new_record(created=10)
        await store.create(record, REQUEST)
        await store.wake(record.name, at(20))
        assert await store.next_due(at(0)) == at(10)
        await store.wake(record.name, at(5))
        assert await store.next_due(at(0)) == at(5)
        await store.wake("operations/never", at(0))

    async def test_waking_leased_work_holds_after_the_lease(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.wake(record.name, at(7))
        await store.wake(record.name, at(3))
        await store.wake(record.name, at(5))
        assert await store.next_due(at(0)) == at(60)
        await store.extend(work, at(90))
        await store.again(work, at(100))
        assert await store.next_due(at(0)) == at(3)
        work = await _taken(store, "me", 3)
        await store.again(work, at(100))
        assert await store.next_due(at(4)) == at(100)

    async def test_waking_does_not_put_off_what_is_given_back_earlier(
        self, store: OperationStore
    ) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.wake(record.name, at(50))
        await store.again(work, at(10))
        assert await store.next_due(at(0)) == at(10)

    async def test_a_wake_is_used_up_when_another_owner_takes_over(
        self, store: OperationStore
    ) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        await _taken(store, "first")
        await store.wake(record.name, at(5))
        work = await _taken(store, "second", 60)
        await store.again(work, at(100))
        assert await store.next_due(at(60)) == at(100)

    async def test_the_earliest_of_free_and_leased_work_is_next(
        self, store: OperationStore
    ) -> None:
        await store.create(new_record(created=0), REQUEST)
        await store.create(new_record(created=90), REQUEST)
        await store.take("me", at(0), at(60), 10)
        assert await store.next_due(at(0)) == at(60)
        await store.create(new_record(created=30), REQUEST)
        assert await store.next_due(at(0)) == at(30)

    async def test_work_survives(self, store: OperationStore, reopen: Reopen) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        work = await _taken(store)
        await store.again(work, at(10))
        store = await reopen()
        assert await store.next_due(at(0)) == at(10)
        assert (await _taken(store, "me", 10)).name == record.name
