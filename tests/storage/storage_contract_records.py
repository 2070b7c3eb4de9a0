# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for single operations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import OperationDeleted, OperationExpired, OperationNotFound
from longtake_server.operations.model import State
from longtake_server.operations.store import Filter, OperationStore, RevisionConflict
from storage.storage_records import LEASE, NOON, REQUEST, at, changed, new_record

Reopen = Callable[[], Awaitable[OperationStore]]


class RecordContract:
    """Tests create, get, update and delete."""

    async def test_what_was_created_is_read_back(self, store: OperationStore) -> None:
        record = new_record(caller="ann", labels={"scene": "7"})
        assert await store.create(record, REQUEST) == record
        assert await store.get(record.name) == record
        assert await store.get_request(record.name) == REQUEST

    async def test_a_changed_request_message_does_not_change_what_is_stored(
        self, store: OperationStore
    ) -> None:
        record, request = new_record(), GenerateVideosRequest(prompt="before")
        creating = asyncio.ensure_future(store.create(record, request))
        await creating
        request.prompt = "after"
        assert (await store.get_request(record.name)).prompt == "before"

    async def test_what_was_answered_survives(self, store: OperationStore, reopen: Reopen) -> None:
        first, second = new_record(request_id="one"), new_record()
        await store.create(first, REQUEST)
        await store.create(second, REQUEST)
        await store.update(changed(first), 1)
        await store.delete(second.name)
        position = await store.position()
        store = await reopen()
        assert await store.get(first.name) == changed(first)
        assert await store.get_request(first.name) == REQUEST
        assert await store.position() == position
        assert await store.create(new_record(request_id="one"), REQUEST) == changed(first)
        with pytest.raises(OperationDeleted):
            await store.get(second.name)

    async def test_reads_at_once_each_get_their_own_answer(self, store: OperationStore) -> None:
        kept = [new_record(caller=f"caller-{number % 3}") for number in range(30)]
        deleted, expired, missing = new_record(caller="ann"), new_record(), new_record()
        for record in (*kept, deleted, expired):
            await store.create(record, REQUEST)
        await store.delete(deleted.name)
        await store.delete(expired.name, expired=True)
        read = await asyncio.gather(
            *(store.get(record.name, owner) for record in kept for owner in (None, record.caller)),
            *(store.get(record.name, "other") for record in kept),
            store.get(deleted.name),
            store.get(deleted.name, "bob"),
            store.get(expired.name, ""),
            store.get(missing.name),
            return_exceptions=True,
        )
        assert read[:60] == [record for record in kept for _ in range(2)]
        assert [type(one) for one in read[60:]] == [
            *[OperationNotFound] * 30,
            OperationDeleted,
            OperationNotFound,
            OperationExpired,
            OperationNotFound,
        ]

    async def test_a_read_sees_what_was_answered_before_it_while_others_wait(
        self, store: OperationStore
    ) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        earlier = [asyncio.ensure_future(store.get(record.name)) for _ in range(20)]
        await store.update(changed(record), 1)
        assert await store.get(record.name) == changed(record)
        assert {one.revision for one in await asyncio.gather(*earlier)} <= {1, 2}

    async def test_a_cancelled_read_leaves_the_others(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        reads = [asyncio.ensure_future(store.get(record.name)) for _ in range(20)]
        await asyncio.sleep(0)
        for read in reads[::2]:
            read.cancel()
        answers = await asyncio.gather(*reads, return_exceptions=True)
        assert answers[1::2] == [record] * 10
        assert {type(one) for one in answers[::2]} == {asyncio.CancelledError}

    async def test_a_request_id_is_its_callers_own(self, store: OperationStore) -> None:
        ann = new_record(caller="ann", request_id="one")
        bob = new_record(caller="bob", request_id="one")
        assert await store.create(ann, REQUEST) == ann
        assert await store.create(bob, REQUEST) == bob

    async def test_without_request_id_each_is_new(self, store: OperationStore) -> None:
        await store.create(new_record(caller="ann"), REQUEST)
        await store.create(new_record(caller="ann"), REQUEST)
        assert len((await store.list(Filter(), 10)).records) == 2

    async def test_a_known_request_id_returns_the_newest_record(
        self, store: OperationStore
    ) -> None:
        first = new_record(request_id="one", digest=b"first")
        await store.create(first, REQUEST)
        await store.update(changed(first), 1)
        position = await store.position()
        other = new_record(request_id="one", digest=b"other")
        assert await store.create(other, GenerateVideosRequest()) == changed(first)
        assert await store.position() == position
        with pytest.raises(OperationNotFound):
            await store.get(other.name)

    async def test_one_of_many_with_the_same_request_id_is_stored(
        self, store: OperationStore
    ) -> None:
        records = [new_record(request_id="one") for _ in range(50)]
        stored = await asyncio.gather(*(store.create(record, REQUEST) for record in records))
        assert len({record.name for record in stored}) == 1
        assert len((await store.list(Filter(), 100)).records) == 1
        assert len(await store.take("me", NOON, NOON + LEASE, 100)) == 1

    @pytest.mark.parametrize("is_deleted", [False, True])
    async def test_creates_at_the_same_time_find_what_is_stored(
        self, store: OperationStore, is_deleted: bool
    ) -> None:
        known, other = new_record(request_id="one"), new_record()
        for record in (known, other):
            await store.create(record, REQUEST)
        if is_deleted:
            await store.delete(other.name)
        new = [new_record(request_id=f"new {number}") for number in range(5)]
        again = new_record(request_id="one")
        first, *results, last = await asyncio.gather(
            *(store.create(record, REQUEST) for record in (*new, again, known, other)),
            return_exceptions=True,
        )
        assert [first, *results] == [*new, known, known]
        assert isinstance(last, OperationDeleted) if is_deleted else last == other

    async def test_a_repeated_create_stores_nothing_more(self, store: OperationStore) -> None:
        record = new_record()
        stored = await asyncio.gather(*(store.create(record, REQUEST) for _ in range(5)))
        assert stored == [record] * 5
        await store.update(changed(record), 1)
        position = await store.position()
        assert await store.create(record, REQUEST) == changed(record)
        assert await store.position() == position
        await store.delete(record.name)
        with pytest.raises(OperationDeleted, match=record.name):
            await store.create(record, REQUEST)

    @pytest.mark.parametrize(
        ("expired", "error"), [(False, OperationDeleted), (True, OperationExpired)]
    )
    async def test_a_request_id_outlives_its_operation(
        self, store: OperationStore, expired: bool, error: type[Exception]
    ) -> None:
        record = new_record(request_id="one")
        await store.create(record, REQUEST)
        await store.delete(record.name, expired=expired)
        with pytest.raises(error, match=record.name):
            await store.create(new_record(request_id="one"), REQUEST)

    async def test_what_never_was_is_not_found(self, store: OperationStore) -> None:
        never = new_record()
        with pytest.raises(OperationNotFound):
            await store.get(never.name)
        with pytest.raises(OperationNotFound):
            await store.get_request(never.name)
        with pytest.raises(OperationNotFound):
            await store.update(changed(never), 1)
        with pytest.raises(OperationNotFound):
            await store.delete(never.name)

    @pytest.mark.parametrize(
        ("expired", "error"), [(False, OperationDeleted), (True, OperationExpired)]
    )
    async def test_what_is_gone_says_how(
        self, store: OperationStore, expired: bool, error: type[Exception]
    ) -> None:
        record = new_record(labels={"scene": "7"})
        await store.create(record, REQUEST)
        await store.update(changed(record), 1)
        assert await store.delete(record.name, expired=expired) == changed(record)
        with pytest.raises(error):
            await store.get(record.name)
        with pytest.raises(error):
            await store.get_request(record.name)
        with pytest.raises(error):
            await store.update(changed(record), 1)
        with pytest.raises(error):
            await store.delete(record.name)
        assert await store.list(Filter(), 10) == await store.list(Filter(caller="nobody"), 10)

    async def test_an_update_needs_the_revision_it_read(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        await store.update(changed(record), 1)
        with pytest.raises(RevisionConflict):
            await store.update(changed(record, State.FAILED), 1)
        with pytest.raises(RevisionConflict):
            await store.update(changed(record, State.FAILED), 3)
        assert await store.get(record.name) == changed(record)

    async def test_one_of_many_updates_of_a_revision_wins(self, store: OperationStore) -> None:
        record = new_record()
        await store.create(record, REQUEST)
        updates = [replace(changed(record), attempts=attempt) for attempt in range(50)]
        results = await asyncio.gather(
            *(store.update(update, 1) for update in updates), return_exceptions=True
        )
        winners = [
            update for update, result in zip(updates, results, strict=True) if result is None
        ]
        assert [await store.get(record.name)] == winners
        assert sum(isinstance(result, RevisionConflict) for result in results) == 49

    async def test_an_operation_is_found_by_its_upstreams_name(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        first, second = new_record(), new_record()
        for record, known_as in ((first, "upstream/1"), (second, "upstream/2")):
            await store.create(record, REQUEST)
            assert await store.find_by_upstream(known_as) is None
            await store.update(replace(changed(record), upstream_operation=known_as), 1)
        store = await reopen()
        assert await store.find_by_upstream("upstream/1") == first.name
        assert await store.find_by_upstream("upstream/2") == second.name
        assert await store.find_by_upstream("upstream") is None

    async def test_an_empty_upstreams_name_is_nobodys(self, store: OperationStore) -> None:
        await store.create(new_record(), REQUEST)
        assert await store.find_by_upstream("") is None

    async def test_a_name_of_several_upstreams_is_the_newest_operations(
        self, store: OperationStore
    ) -> None:
        older = new_record(name="operations/z", created=1.0)
        newer = new_record(name="operations/a", created=2.0)
        for record in (newer, older):
            await store.create(record, REQUEST)
            await store.update(replace(changed(record), upstream_operation="same"), 1)
        assert await store.find_by_upstream("same") == newer.name

    async def test_what_is_gone_has_no_upstreams_name(self, store: OperationStore) -> None:
        record = replace(new_record(), upstream_operation="upstream/3")
        await store.create(record, REQUEST)
        assert await store.find_by_upstream("upstream/3") == record.name
        await store.delete(record.name)
        assert await store.find_by_upstream("upstream/3") is None

    async def test_expired_are_those_whose_time_has_passed(self, store: OperationStore) -> None:
        kept, second, first = new_record(), new_record(), new_record()
        for record, expires in ((kept, 10.5), (second, 10.0), (first, 5.0)):
            await store.create(record, REQUEST)
            await store.update(changed(record, State.SUCCEEDED, expires=expires), 1)
        await store.create(new_record(), REQUEST)
        assert list(await store.expired(at(10), 10)) == [first.name, second.name]
        assert list(await store.expired(at(10), 1)) == [first.name]
        await store.delete(first.name, expired=True)
        assert list(await store.expired(at(10), 10)) == [second.name]

    async def test_closing_twice_is_closing_once(self, store: OperationStore) -> None:
        await asyncio.gather(store.close(), store.close())
        await store.close()
