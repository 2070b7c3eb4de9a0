# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for the engine: terms, fences, leases and news of changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import OperationNotFound
from longtake_server.operations.model import State
from longtake_server.operations.replica_store import Leadership
from longtake_server.operations.store import (
    EngineReplaced,
    Fence,
    LeaseLost,
    OperationStore,
    RevisionConflict,
    Work,
)
from storage.storage_records import REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from fakes.clock import FakeClock
    from longtake_server.operations.model import OperationRecord
    from storage.storage_contract_records import Reopen

_SECONDS = 60.0


async def _elected(store: OperationStore, replica: str) -> Leadership:
    """End the present term, and begin one of this replica."""
    if (present := await store.leader()) is not None:
        await store.resign(present)
    elected = await store.lead(replica, _SECONDS)
    assert elected is not None
    return elected


async def _leased(store: OperationStore) -> tuple[OperationRecord, Work]:
    """Return a new operation and its leased work."""
    record = new_record()
    await store.create(record, REQUEST)
    (work,) = await store.take("me", at(0), at(60), 10)
    return record, work


class LeadershipContract:
    """Tests terms, and what only their engine may change."""

    async def test_a_new_store_has_no_leader(self, store: OperationStore) -> None:
        assert await store.leader() is None

    async def test_a_term_that_is_renewed_goes_on(self, store: OperationStore) -> None:
        first = await store.lead("one", _SECONDS)
        assert first is not None
        assert first.is_new
        assert await store.lead("one", _SECONDS) == Leadership(first.epoch, is_new=False)
        assert await store.leader() == "one"

    async def test_each_new_leader_has_a_greater_epoch(self, store: OperationStore) -> None:
        terms = [await _elected(store, replica) for replica in ("one", "two", "one")]
        assert all(term.is_new for term in terms)
        epochs = [term.epoch for term in terms]
        assert epochs == sorted(set(epochs))

    async def test_a_replica_that_resigns_and_returns_has_a_new_term(
        self, store: OperationStore
    ) -> None:
        first = await store.lead("one", _SECONDS)
        await store.resign("one")
        assert await store.leader() is None
        second = await store.lead("one", _SECONDS)
        assert first is not None
        assert second is not None
        assert second.is_new
        assert second.epoch > first.epoch

    async def test_the_first_replica_settles_where_it_submits(self, store: OperationStore) -> None:
        assert await store.agreement({"project": "ours"}) == ({"project": "ours"}, False)

    async def test_only_the_leader_can_resign(self, store: OperationStore) -> None:
        await store.lead("one", _SECONDS)
        await store.resign("two")
        assert await store.leader() == "one"

    async def test_a_term_survives(self, store: OperationStore, reopen: Reopen) -> None:
        first = await store.lead("one", _SECONDS)
        store = await reopen()
        assert await store.leader() == "one"
        second = await _elected(store, "two")
        assert first is not None
        assert second.epoch > first.epoch

    async def test_the_leader_changes_what_it_has_leased(self, store: OperationStore) -> None:
        term = await _elected(store, "one")
        record, work = await _leased(store)
        submitting = changed(record, State.SUBMITTING)
        await store.update(submitting, 1, Fence(term.epoch, work))
        assert await store.get(record.name) == submitting
        await store.update(changed(submitting), 2, Fence(term.epoch))
        assert await store.get(record.name) == changed(submitting)

    async def test_a_change_of_an_earlier_engine_is_refused(self, store: OperationStore) -> None:
        term = await _elected(store, "one")
        record, work = await _leased(store)
        await _elected(store, "two")
        position = await store.position()
        for fence in (Fence(term.epoch, work), Fence(term.epoch)):
            with pytest.raises(EngineReplaced):
                await store.update(changed(record), 1, fence)
        assert await store.get(record.name) == record
        assert await store.position() == position

    async def test_an_earlier_engine_takes_no_work(self, store: OperationStore) -> None:
        term = await _elected(store, "one")
        record = new_record()
        await store.create(record, REQUEST)
        await _elected(store, "two")
        with pytest.raises(EngineReplaced):
            await store.take("one", at(0), at(60), 10, epoch=term.epoch)
        (work,) = await store.take("two", at(0), at(60), 10, epoch=term.epoch + 1)
        assert work.name == record.name
        assert await store.take("two", at(0), at(60), 10, epoch=term.epoch + 1) == ()

    async def test_a_change_without_the_lease_is_refused(self, store: OperationStore) -> None:
        term = await _elected(store, "one")
        record, lost = await _leased(store)
        (taken,) = await store.take("me", at(60), at(120), 10)
        position = await store.position()
        with pytest.raises(LeaseLost):
            await store.update(changed(record), 1, Fence(term.epoch, lost))
        assert await store.get(record.name) == record
        assert await store.position() == position
        await store.update(changed(record), 1, Fence(term.epoch, taken))

    async def test_a_change_with_a_fence_needs_the_revision_too(
        self, store: OperationStore
    ) -> None:
        term = await _elected(store, "one")
        record, work = await _leased(store)
        with pytest.raises(RevisionConflict):
            await store.update(changed(record), 7, Fence(term.epoch, work))
        with pytest.raises(OperationNotFound):
            await store.update(new_record(), 1, Fence(term.epoch, work))
        assert await store.get(record.name) == record

    async def test_of_many_changes_only_the_fenced_off_are_refused(
        self, store: OperationStore
    ) -> None:
        term = await _elected(store, "one")
        records = [new_record() for _ in range(12)]
        for record in records:
            await store.create(record, REQUEST)
        now = await _elected(store, "two")
        fences = [Fence(one.epoch) for one in (term, now)] * 6
        ends = await asyncio.gather(
            *(
                store.update(changed(record), 1, fence)
                for record, fence in zip(records, fences, strict=True)
            ),
            return_exceptions=True,
        )
        assert [isinstance(end, EngineReplaced) for end in ends] == [True, False] * 6
        revisions = [(await store.get(record.name)).revision for record in records]
        assert revisions == [1, 2] * 6

    async def test_a_new_leader_releases_all_leases(self, store: OperationStore) -> None:
        await _elected(store, "one")
        _, lost = await _leased(store)
        term = await _elected(store, "two")
        assert await store.next_due(at(0)) == at(60)
        await store.release_leases(term.epoch)
        assert await store.next_due(at(0)) == at(0)
        with pytest.raises(LeaseLost):
            await store.again(lost, at(5))
        (taken,) = await store.take("two", at(0), at(60), 10)
        assert (taken.name, taken.owner) == (lost.name, "two")
        with pytest.raises(LeaseLost):
            await store.extend(lost, at(90))

    async def test_an_earlier_leader_releases_no_lease(self, store: OperationStore) -> None:
        term = await _elected(store, "one")
        await _elected(store, "two")
        await _leased(store)
        with pytest.raises(EngineReplaced):
            await store.release_leases(term.epoch)
        assert await store.next_due(at(0)) == at(60)

    async def test_a_reopened_store_keeps_its_leases(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        _, work = await _leased(store)
        store = await reopen()
        assert await store.next_due(at(0)) == at(60)
        await store.extend(work, at(90))


class NewsContract:
    """Tests how a follower learns that there are changes."""

    async def test_a_change_that_was_not_seen_is_news_at_once(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        await store.news(0)

    async def test_each_kind_of_change_is_news(self, store: OperationStore) -> None:
        record = new_record()
        for change in (
            store.create(record, REQUEST),
            store.update(changed(record), 1),
            store.delete(record.name),
        ):
            before = await store.position()
            waiting = asyncio.ensure_future(store.news(before))
            await change
            await waiting
            assert await store.position() > before

    async def test_several_followers_get_the_same_news(self, store: OperationStore) -> None:
        waiting = [asyncio.ensure_future(store.news(0)) for _ in range(5)]
        await asyncio.sleep(0)
        await store.create(new_record(), REQUEST)
        await asyncio.gather(*waiting)

    async def test_without_a_change_the_wait_ends_after_a_second(
        self, store: OperationStore, clock: FakeClock
    ) -> None:
        position, before = await store.position(), clock.monotonic()
        # A listening connection that is opened again may sleep as well.
        skipping = asyncio.create_task(clock.skip_naps(1.0))
        await store.news(position)
        skipping.cancel()
        assert 1.0 <= clock.monotonic() - before < 2.0
