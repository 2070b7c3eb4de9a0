# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The part of the port to storage that keeps limits and budgets. See operations.store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.budgets.terms import Allowance, BudgetEvent, Terms
    from longtake_server.operations.model import Charge, OperationRecord


class BudgetStore(Protocol):
    """Stores limits, and what is reserved and spent.

    `create` reads the limits in its transaction, so a change counts from the next call. Each change
    of an operation settles or releases what it reserved in the same transaction: see
    budgets.accounting. Every method may raise StorageUnavailable.
    """

    async def check(self, record: OperationRecord, terms: Terms) -> None:
        """Raise what `create` would raise for these terms. Stores nothing."""

    async def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """Replace the document of a subject from a source, or remove it if it is None."""

    async def replace_limits(self, source: Source, documents: Mapping[str, Limits]) -> None:
        """Replace all documents from a source, given by their subjects."""

    async def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """Return all documents, in the order of their subjects and sources."""

    async def allowance(self, terms: Terms, now: datetime) -> Allowance:
        """Return what a principal may do and spend at a moment."""

    async def spending(self) -> Mapping[Charge, Amounts]:
        """Return what is spent and reserved in all periods, in the order of the charges."""

    async def concurrency_limits(
        self, principals: Collection[str], now: datetime
    ) -> Mapping[str, int | None] | None:
        """Return max_concurrent of each of the principals, None for no limit.

        Their roles are those of the last operation that each created. Returns None if no document
        limits the concurrency of anyone.
        """

    async def budget_events(self, after: int, limit: int) -> Sequence[BudgetEvent]:
        """Return at most `limit` events with a number greater than `after`, in order.

        Each share of each budget is one event in a period. It is stored with the operation that
        reaches it.
        """

    async def newest_budget_event(self) -> int:
        """Return the number of the latest event, 0 if there is none."""
