# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for usage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from longtake_server.operations.model import State
from longtake_server.operations.store import Account, OperationStore, RevisionConflict, Usage
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
