# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for usage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from longtake_server.operations.accounting import (
    Account,
    Dimension,
    Usage,
    UsageQuery,
    UsageRow,
)
from longtake_server.operations.model import State
from longtake_server.operations.store import OperationStore, RevisionConflict
from storage.storage_records import NOON, REQUEST, changed, new_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.model import OperationRecord
    from storage.storage_contract_records import Reopen

TODAY = NOON.date()
ANN = Account(TODAY, "ann", "veo")


async def usage(store: OperationStore, caller: str | None = None) -> Mapping[Account, Usage]:
    return await store.usage(date.min, date.max, caller)


def priced(caller: str = "ann") -> OperationRecord:
    return replace(new_record(caller=caller), cost_micros=3_200_000)


async def after(store: OperationStore, record: OperationRecord, *states: State) -> OperationRecord:
    """Create an operation and move it through the states."""
    await store.create(record, REQUEST)
    for state in states:
        record = changed(record, state)
        await store.update(record, record.revision - 1)
    return record


class UsageContract:
    """Tests that the sums follow each change and outlive the operations."""

    async def test_what_is_accepted_is_reserved_and_what_ends_is_settled(
        self, store: OperationStore
    ) -> None:
        running = await after(store, priced(), State.SUBMITTING, State.RUNNING)
        assert await usage(store) == {ANN: Usage(accepted=1, reserved_micros=3_200_000)}
        ended = replace(
            changed(running, State.SUCCEEDED), billed_seconds=8.0, cost_micros=1_600_000
        )
        await store.update(ended, running.revision)
        assert await usage(store) == {
            ANN: Usage(accepted=1, succeeded=1, billed_milliseconds=8000, settled_micros=1_600_000)
        }

    async def test_each_caller_model_and_day_has_its_own(self, store: OperationStore) -> None:
        yesterday = replace(priced(), create_time=NOON - timedelta(days=1))
        await store.create(yesterday, REQUEST)
        await store.create(priced("bob"), REQUEST)
        await store.create(replace(priced(), served_model="other"), REQUEST)
        one = Usage(accepted=1, reserved_micros=3_200_000)
        accounts = [
            Account(TODAY - timedelta(days=1), "ann", "veo"),
            Account(TODAY, "ann", "other"),
            Account(TODAY, "bob", "veo"),
        ]
        found = await usage(store)
        assert list(found) == accounts
        assert set(found.values()) == {one}
        assert list(await store.usage(TODAY, TODAY)) == accounts[1:]
        assert list(await usage(store, "bob")) == accounts[2:]

    async def test_another_model_takes_over_what_was_reserved(self, store: OperationStore) -> None:
        record = await after(store, priced())
        other = replace(changed(record, State.QUEUED), served_model="fast", cost_micros=1)
        await store.update(other, 1)
        assert await usage(store) == {
            Account(TODAY, "ann", "fast"): Usage(accepted=1, reserved_micros=1)
        }

    async def test_without_a_price_it_is_counted_as_unpriced(self, store: OperationStore) -> None:
        await after(store, new_record(caller="ann"), State.FAILED)
        assert await usage(store) == {ANN: Usage(accepted=1, failed=1, unpriced=1)}

    @pytest.mark.parametrize("expired", [False, True])
    async def test_what_has_ended_stays_when_it_is_deleted(
        self, store: OperationStore, expired: bool
    ) -> None:
        record = await after(store, priced(), State.SUCCEEDED)
        before = await usage(store)
        await store.delete(record.name, expired=expired)
        assert await usage(store) == before

    async def test_what_waits_is_released_when_it_is_deleted(self, store: OperationStore) -> None:
        record = await after(store, priced())
        await store.delete(record.name)
        assert await usage(store) == {ANN: Usage(accepted=1, deleted=1)}

    @pytest.mark.parametrize("state", [State.SUBMITTING, State.RUNNING])
    async def test_what_may_be_billed_is_settled_when_it_is_deleted(
        self, store: OperationStore, state: State
    ) -> None:
        record = await after(store, priced(), state)
        await store.delete(record.name)
        assert await usage(store) == {ANN: Usage(accepted=1, deleted=1, settled_micros=3_200_000)}

    async def test_a_repeat_and_a_lost_race_count_nothing(self, store: OperationStore) -> None:
        record = replace(priced(), request_id="one")
        await store.create(record, REQUEST)
        before = await usage(store)
        await store.create(replace(priced(), request_id="one"), REQUEST)
        with pytest.raises(RevisionConflict):
            await store.update(changed(record, State.SUCCEEDED), 7)
        assert await usage(store) == before

    async def test_usage_survives(self, store: OperationStore, reopen: Reopen) -> None:
        await after(store, priced(), State.SUCCEEDED)
        before = await usage(store)
        assert await usage(await reopen()) == before


def labelled(caller: str = "ann", **labels: str) -> OperationRecord:
    return replace(new_record(caller=caller, labels=labels), cost_micros=1_000_000)


def query(*dimensions: Dimension, label: str = "", caller: str | None = None) -> UsageQuery:
    return UsageQuery(date.min, date.max, caller, frozenset(dimensions), label)


async def rows(
    store: OperationStore, *dimensions: Dimension, label: str = "", caller: str | None = None
) -> list[UsageRow]:
    """Return all rows, read in pages of one row, which each read of all rows must equal."""
    wanted = query(*dimensions, label=label, caller=caller)
    found: list[UsageRow] = []
    cursor: str | None = None
    while True:
        page = await store.usage_by(wanted, 1, cursor)
        found.extend(page.rows)
        if (cursor := page.next_cursor) is None:
            break
    whole = await store.usage_by(wanted, 1000)
    assert (list(whole.rows), whole.next_cursor) == (found, None)
    return found


async def by_team(store: OperationStore) -> dict[str | None, Usage]:
    """Return the sums by the value of the label `team`."""
    return {one.label_value: one.sums for one in await rows(store, LABEL, label="team")}


ONE = Usage(accepted=1, reserved_micros=1_000_000)
DAY, MODEL, PRINCIPAL, LABEL = Dimension


class GroupedUsageContract:
    """Tests usage grouped by day, model, principal and label."""

    async def test_without_a_dimension_there_is_one_sum(self, store: OperationStore) -> None:
        assert await rows(store) == [UsageRow(None, None, None, None, Usage())]
        await store.create(labelled("ann"), REQUEST)
        await store.create(labelled("bob"), REQUEST)
        assert await rows(store) == [UsageRow(None, None, None, None, ONE + ONE)]
        assert await rows(store, caller="bob") == [UsageRow(None, None, None, None, ONE)]

    async def test_rows_are_grouped_and_ordered_by_each_dimension(
        self, store: OperationStore
    ) -> None:
        yesterday = TODAY - timedelta(days=1)
        await store.create(replace(labelled("bob"), create_time=NOON - timedelta(days=1)), REQUEST)
        await store.create(replace(labelled("ann"), served_model="fast"), REQUEST)
        await store.create(labelled("ann"), REQUEST)
        await store.create(labelled("bob"), REQUEST)
        assert await rows(store, DAY) == [
            UsageRow(yesterday, None, None, None, ONE),
            UsageRow(TODAY, None, None, None, ONE + ONE + ONE),
        ]
        assert await rows(store, MODEL) == [
            UsageRow(None, "fast", None, None, ONE),
            UsageRow(None, "veo", None, None, ONE + ONE + ONE),
        ]
        assert await rows(store, DAY, MODEL, PRINCIPAL) == [
            UsageRow(yesterday, "veo", "bob", None, ONE),
            UsageRow(TODAY, "fast", "ann", None, ONE),
            UsageRow(TODAY, "veo", "ann", None, ONE),
            UsageRow(TODAY, "veo", "bob", None, ONE),
        ]
        today = replace(query(PRINCIPAL), since=TODAY, until=TODAY)
        assert [one.caller for one in (await store.usage_by(today, 10)).rows] == ["ann", "bob"]
        assert (await store.usage_by(replace(today, since=date.max), 10)).rows == ()

    async def test_a_missing_label_is_apart_from_an_empty_one(self, store: OperationStore) -> None:
        for labels in ({}, {"team": ""}, {"team": "ads"}, {"team": "ads", "x": "1"}, {"x": "1"}):
            await store.create(labelled(**labels), REQUEST)
        found = await by_team(store)
        assert list(found) == [None, "", "ads"]
        assert found == {None: ONE + ONE, "": ONE, "ads": ONE + ONE}
        assert await rows(store, LABEL, label="nobody's") == [
            UsageRow(None, None, None, None, ONE + ONE + ONE + ONE + ONE)
        ]
        assert await rows(store, LABEL, label="team", caller="bob") == []

    async def test_labels_follow_each_change_and_outlive_the_operation(
        self, store: OperationStore, reopen: Reopen
    ) -> None:
        record = await after(store, labelled(team="ads"), State.SUBMITTING, State.RUNNING)
        assert await by_team(store) == {"ads": ONE}
        ended = replace(changed(record, State.SUCCEEDED), billed_seconds=4.0, cost_micros=7)
        await store.update(ended, record.revision)
        settled = Usage(accepted=1, succeeded=1, billed_milliseconds=4000, settled_micros=7)
        assert await by_team(store) == {"ads": settled}
        await store.delete(record.name)
        assert await by_team(await reopen()) == {"ads": settled}

    async def test_another_model_takes_the_label_along(self, store: OperationStore) -> None:
        record = await after(store, labelled(team="ads"))
        moved = replace(changed(record, State.QUEUED), served_model="fast")
        await store.update(moved, 1)
        assert await rows(store, MODEL, LABEL, label="team") == [
            UsageRow(None, "fast", None, "ads", ONE)
        ]

    async def test_a_deletion_releases_and_a_repeat_counts_nothing_by_label(
        self, store: OperationStore
    ) -> None:
        record = replace(labelled(team="ads"), request_id="one")
        await store.create(record, REQUEST)
        await store.create(replace(labelled(team="ads"), request_id="one"), REQUEST)
        with pytest.raises(RevisionConflict):
            await store.update(changed(record, State.SUCCEEDED), 7)
        assert await by_team(store) == {"ads": ONE}
        await store.delete(record.name)
        assert await by_team(store) == {"ads": Usage(accepted=1, deleted=1)}

    async def test_a_late_success_is_settled_in_the_failed_operation(
        self, store: OperationStore
    ) -> None:
        record = await after(store, labelled(team="ads"), State.SUBMITTING, State.RUNNING)
        failed = changed(record, State.FAILED)
        await store.update(failed, record.revision)
        late = replace(
            changed(failed, State.FAILED), late_success=True, billed_seconds=8.0, cost_micros=9
        )
        await store.update(late, failed.revision)
        assert await by_team(store) == {
            "ads": Usage(accepted=1, failed=1, billed_milliseconds=8000, settled_micros=9)
        }

    @pytest.mark.parametrize(
        "cursor", ["", "[", "[]", "{}", "[1]", '["veo", "veo"]', '["\\ud800"]', "[" * 100_000]
    )
    async def test_a_strange_cursor_is_refused(self, store: OperationStore, cursor: str) -> None:
        with pytest.raises(ValueError, match="not one of this store's"):
            await store.usage_by(query(MODEL), 1, cursor)
