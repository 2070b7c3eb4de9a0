# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations with a price, and the limits and sums of a principal, for the storage tests."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longtake_server.operations.budgets.accounting import (
    Amounts,
)
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.budgets.terms import Terms
from longtake_server.operations.model import OperationRecord
from storage.storage_records import REQUEST, new_record

if TYPE_CHECKING:
    from longtake_server.operations.store import OperationStore

PRICE, VIDEO = 3_200_000, 8000
ANN = "principal/ann"
TODAY, WEEK, MONTH = "2026-11-24", "2026-W48", "2026-11"
KEYS = (TODAY, WEEK, MONTH)
RESERVED = Amounts(reserved_micros=PRICE, reserved_milliseconds=VIDEO)
SPENT = Amounts(spent_micros=PRICE, spent_milliseconds=VIDEO)
TERMS = Terms("ann")
GENERATOR = Terms("ann", ("role/generator",))


def priced(**fields: Any) -> OperationRecord:
    price = {"cost_micros": PRICE, "reserved_micros": PRICE, "reserved_milliseconds": VIDEO}
    return replace(new_record(caller="ann"), **{**price, **fields})


async def limit(store: OperationStore, subject: str = ANN, **values: int) -> None:
    await store.set_limits(subject, Source.COMMAND, Limits(values=Values(**values)))


async def created(
    store: OperationStore, record: OperationRecord | None = None, terms: Terms = TERMS
) -> OperationRecord:
    return await store.create(record or priced(), REQUEST, terms=terms)


async def spending(store: OperationStore, subject: str = ANN) -> dict[str, Amounts]:
    """Return what is spent and reserved in each period of a subject."""
    sums = await store.spending()
    return {
        charge.period_key: amounts for charge, amounts in sums.items() if charge.subject == subject
    }


async def race(store: OperationStore, number: int, terms: Terms = TERMS) -> Counter[str]:
    """Create many operations concurrently, and count the outcomes."""
    tried = (created(store, priced(), terms) for _ in range(number))
    outcomes = await asyncio.gather(*tried, return_exceptions=True)
    return Counter(
        "accepted" if isinstance(one, OperationRecord) else type(one).__name__ for one in outcomes
    )
