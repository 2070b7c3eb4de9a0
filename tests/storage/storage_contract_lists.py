# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for lists."""

from __future__ import annotations

import pytest
from longtake_server.operations.model import OperationRecord, State
from longtake_server.operations.store import Filter, OperationStore
from storage.storage_records import REQUEST, changed, new_record


async def _pages(store: OperationStore, wanted: Filter, limit: int) -> list[list[OperationRecord]]:
    pages: list[list[OperationRecord]] = []
    cursor = None
    while True:
        page = await store.list(wanted, limit, cursor)
        pages.append(list(page.records))
        cursor = page.next_cursor
        if cursor is None:
            return pages


class ListContract:
    """Tests pages, filters and cursors."""

    async def test_an_empty_store_has_one_empty_page(self, store: OperationStore) -> None:
        assert await _pages(store, Filter(), 10) == [[]]

    async def test_the_newest_come_first_and_names_break_ties(self, store: OperationStore) -> None:
        records = [new_record(created=second) for second in (3, 1, 1, 2)]
        for record in records:
            await store.create(record, REQUEST)
        newest_first = [records[0], records[3], records[2], records[1]]
        assert await _pages(store, Filter(), 10) == [newest_first]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    async def test_pages_hold_each_operation_once(self, store: OperationStore, limit: int) -> None:
        records = [new_record(created=index // 3) for index in range(7)]
        for record in records:
            await store.create(record, REQUEST)
        pages = await _pages(store, Filter(), limit)
        assert [record for page in pages for record in page] == records[::-1]
        assert all(len(page) == limit for page in pages[:-1])
        assert 0 < len(pages[-1]) <= limit

    async def test_what_is_created_between_pages_does_not_shift_them(
        self, store: OperationStore
    ) -> None:
        records = [new_record(created=second) for second in range(4)]
        for record in records:
            await store.create(record, REQUEST)
        first = await store.list(Filter(), 2)
        await store.create(new_record(created=9), REQUEST)
        await store.delete(records[2].name)
        second = await store.list(Filter(), 2, first.next_cursor)
        assert list(second.records) == [records[1], records[0]]
        assert second.next_cursor is None

    @pytest.mark.parametrize(
        "wanted",
        [
            Filter(caller="ann"),
            Filter(caller=""),
            Filter(states=frozenset({State.RUNNING})),
            Filter(states=frozenset({State.QUEUED, State.SUCCEEDED})),
            Filter(model="veo-fast"),
            Filter(labels=(("scene", "7"),)),
            Filter(labels=(("scene", "7"), ('odd " key', "it's ü"))),
            Filter(labels=(("scene", "7"), ("scene", "8"))),
            Filter(labels=(("scene", ""),)),
            Filter(caller="ann", states=frozenset({State.RUNNING}), model="veo"),
            Filter(caller="ann", labels=(("scene", "7"),)),
            Filter(caller="nobody"),
        ],
    )
    async def test_a_filter_selects_before_pages_are_made(
        self, store: OperationStore, wanted: Filter
    ) -> None:
        records = await _varied(store)
        matching = [record for record in records[::-1] if wanted.matches(record)]
        pages = await _pages(store, wanted, 2)
        assert [record for page in pages for record in page] == matching
        assert all(len(page) == 2 for page in pages[:-1])

    async def test_a_filter_sees_the_newest_state(self, store: OperationStore) -> None:
        record = new_record(labels={"scene": "7"})
        await store.create(record, REQUEST)
        await store.update(changed(record), 1)
        running = Filter(states=frozenset({State.RUNNING}), labels=(("scene", "7"),))
        assert list((await store.list(running, 10)).records) == [changed(record)]
        assert not (await store.list(Filter(states=frozenset({State.QUEUED})), 10)).records

    @pytest.mark.parametrize("cursor", ["", "nonsense", "MQ==", "ü", "MSAxIG9wIA", "=" * 5000])
    async def test_a_strange_cursor_is_refused(self, store: OperationStore, cursor: str) -> None:
        with pytest.raises(ValueError, match="cursor"):
            await store.list(Filter(), 10, cursor)

    async def test_a_cursor_cut_short_is_refused(self, store: OperationStore) -> None:
        for _ in range(2):
            await store.create(new_record(), REQUEST)
        cursor = (await store.list(Filter(), 1)).next_cursor
        assert cursor is not None
        with pytest.raises(ValueError, match="cursor"):
            await store.list(Filter(), 1, cursor[: len(cursor) // 2])


async def _varied(store: OperationStore) -> list[OperationRecord]:
    """Store one operation of each kind, and return them in the order of creation."""
    records = []
    kinds = (
        (caller, model, scene, state)
        for caller in ("", "ann", "bob")
        for model in ("veo", "veo-fast")
        for scene in ("7", "8")
        for state in (State.QUEUED, State.RUNNING, State.SUCCEEDED)
    )
    for caller, model, scene, state in kinds:
        labels = {"scene": scene, 'odd " key': "it's ü"}
        record = new_record(caller=caller, model=model, labels=labels)
        await store.create(record, REQUEST)
        if state is not State.QUEUED:
            record = changed(record, state)
            await store.update(record, 1)
        records.append(record)
    return records
