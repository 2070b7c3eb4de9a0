# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads all rows of budgets that some operations need, before it is decided on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.operations.budgets.periods import keys_at
from longtake_server.operations.model import Charge
from longtake_server.storage.budget_rows import BudgetRows, KnownPrincipal, known_principal
from longtake_server.storage.limits_documents import Documents, documents_of, subjects_of
from longtake_server.storage.postgres.query import Query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.terms import Terms

# No clock is further from UTC than this, so one of these three days is the day in every zone.
_ZONES = (timedelta(hours=-13), timedelta(0), timedelta(hours=15))


@dataclass(frozen=True, slots=True)
class ReadBudgets:
    """The rows of budgets that were read: a BudgetSource.

    Attributes:
        found: The documents of limits by subject.
        sums: What is spent and reserved.
        principals: What is known of principals.
        queue_lengths: How many queued operations a caller has, if it has any.
    """

    found: Documents
    sums: Mapping[Charge, Amounts]
    principals: Mapping[str, KnownPrincipal]
    queue_lengths: Mapping[str, int]

    def documents(self, subjects: Sequence[str]) -> Documents:
        """See BudgetSource.documents."""
        return {subject: self.found[subject] for subject in subjects if subject in self.found}

    def amounts(self, charge: Charge) -> Amounts | None:
        """See BudgetSource.amounts."""
        return self.sums.get(charge)

    def principal(self, principal: str) -> KnownPrincipal | None:
        """See BudgetSource.principal."""
        return self.principals.get(principal)


NO_BUDGETS = ReadBudgets({}, {}, {}, {})


class Reading:
    """What an operation sees of budgets outside of the writer: a BudgetedWrite."""

    def __init__(self, read: ReadBudgets) -> None:
        self.budgets = BudgetRows(read)
        self._queue_lengths = read.queue_lengths

    def queued(self, caller: str) -> int:
        """See BudgetedWrite.queued."""
        return self._queue_lengths.get(caller, 0)


def budget_queries(terms: Sequence[tuple[Terms, datetime]]) -> Sequence[Query[Any]]:
    """Return the queries for all rows that operations need, given by terms and create_time."""
    subjects = {subject for one, _ in terms for subject in subjects_of(one)}
    keys = {key for _, now in terms for ahead in _ZONES for key in keys_at(now + ahead, "UTC")}
    principals = {one.principal for one, _ in terms}
    return (
        documents(subjects),
        Query(
            """
            SELECT subject, period_key,
                reserved_micros, spent_micros, reserved_milliseconds, spent_milliseconds
            FROM budget_spending
            WHERE subject = ANY(%(subjects)s::text[]) AND period_key = ANY(%(keys)s::text[])
            """,
            {"subjects": sorted(subjects), "keys": sorted(keys)},
            lambda rows: {Charge(subject, key): Amounts(*sums) for subject, key, *sums in rows},
        ),
        known_principals(principals),
        Query(
            "SELECT caller, queued FROM queue_lengths WHERE caller = ANY(%(callers)s::text[])",
            {"callers": sorted(principals)},
            dict,
        ),
    )


def documents(subjects: Collection[str]) -> Query[Documents]:
    """Return the documents of limits of subjects."""
    return Query(
        """
        SELECT subject, document FROM budget_limits WHERE subject = ANY(%(subjects)s::text[])
        ORDER BY subject, source
        """,
        {"subjects": sorted(subjects)},
        documents_of,
    )


def known_principals(principals: Collection[str]) -> Query[Mapping[str, KnownPrincipal]]:
    """Return what is known of principals."""
    return Query(
        """
        SELECT principal, roles, level, level_time FROM budget_principals
        WHERE principal = ANY(%(principals)s::text[])
        """,
        {"principals": sorted(principals)},
        lambda rows: {name: known_principal((role, *rest)) for name, role, *rest in rows},
    )
