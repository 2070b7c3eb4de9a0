# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the rows of budgets: sums, principals and thresholds.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.budgets import charging
from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.budgets.terms import Allowance, BudgetEvent
from longtake_server.operations.model import Charge
from longtake_server.storage import limits_table
from longtake_server.storage.budget_rows import BudgetRows, known_principal, terms_of_known
from longtake_server.storage.codec import from_micros
from longtake_server.storage.limits_documents import concurrency_limits
from longtake_server.storage.queries import queue_length

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.storage.budget_rows import KnownPrincipal, Reached
    from longtake_server.storage.limits_documents import Documents
    from longtake_server.storage.transaction import Transaction

_READ = """
    SELECT reserved_micros, spent_micros, reserved_milliseconds, spent_milliseconds
    FROM budget_spending WHERE subject = ? AND period_key = ?
"""
_READ_PRINCIPAL = "SELECT roles, level, level_time FROM budget_principals WHERE principal = ?"
_ADD = """
    INSERT INTO budget_spending VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (subject, period_key) DO UPDATE SET
        reserved_micros = reserved_micros + excluded.reserved_micros,
        spent_micros = spent_micros + excluded.spent_micros,
        reserved_milliseconds = reserved_milliseconds + excluded.reserved_milliseconds,
        spent_milliseconds = spent_milliseconds + excluded.spent_milliseconds
"""
_KEEP_PRINCIPAL = "INSERT OR REPLACE INTO budget_principals VALUES (?, ?, ?, ?)"
_ADD_EVENT = """
    INSERT OR IGNORE INTO budget_events (time, subject, period_key, measure, percent)
    VALUES (?, ?, ?, ?, ?)
"""
# Few operations are in these states, so it reads all of them rather than all of the caller's.
_COUNT_CONCURRENT = """
    SELECT count(*) FROM operations INDEXED BY operations_state
    WHERE state IN ('SUBMITTING', 'RUNNING') AND caller = ?
"""


class StoredBudgets:
    """The BudgetSource of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def documents(self, subjects: Sequence[str]) -> Documents:
        """See BudgetSource.documents."""
        return limits_table.documents(self._connection, subjects)

    def amounts(self, charge: Charge) -> Amounts | None:
        """See BudgetSource.amounts."""
        found = self._connection.execute(_READ, (charge.subject, charge.period_key)).fetchone()
        return None if found is None else Amounts(*found)

    def principal(self, principal: str) -> KnownPrincipal | None:
        """See BudgetSource.principal."""
        found = self._connection.execute(_READ_PRINCIPAL, (principal,)).fetchone()
        return None if found is None else known_principal(found)


def flush(connection: sqlite3.Connection, rows: BudgetRows) -> Sequence[Reached]:
    """Store the changes, begin another transaction, and return the shares that were not stored."""
    changes = rows.changed()
    if changes.sums:
        connection.executemany(_ADD, changes.sums)
    if changes.principals:
        connection.executemany(_KEEP_PRINCIPAL, changes.principals)
    new = [one for one in changes.events if connection.execute(_ADD_EVENT, one[:5]).rowcount]
    rows.begin()
    return new


def set_limits(write: Transaction, subject: str, source: Source, limits: Limits | None) -> None:
    """See BudgetStore.set_limits."""
    limits_table.keep(write.connection, subject, source, limits)
    write.budgets.forget_limits()


def replace_limits(write: Transaction, source: Source, documents: Mapping[str, Limits]) -> None:
    """See BudgetStore.replace_limits."""
    limits_table.keep_all(write.connection, source, documents)
    write.budgets.forget_limits()


def allowance(connection: sqlite3.Connection, terms: Terms, now: datetime) -> Allowance:
    """See BudgetStore.allowance."""
    rows = BudgetRows(StoredBudgets(connection))
    limited = rows.limited_by(terms, now)
    return Allowance(
        limited[0].time_zone,
        limited[0].values,
        tuple(budget for one in limited for budget in charging.budgets_of(one, rows.amounts)),
        queue_length(connection, terms.principal),
        connection.execute(_COUNT_CONCURRENT, (terms.principal,)).fetchone()[0],
    )


def spending(connection: sqlite3.Connection) -> Mapping[Charge, Amounts]:
    """See BudgetStore.spending."""
    rows = connection.execute("SELECT * FROM budget_spending ORDER BY subject, period_key")
    return {Charge(subject, key): Amounts(*sums) for subject, key, *sums in rows}


def concurrent(
    connection: sqlite3.Connection, principals: Collection[str], now: datetime
) -> Mapping[str, int | None] | None:
    """See BudgetStore.concurrency_limits."""
    if not limits_table.limit_concurrency(connection):
        return None
    stored = StoredBudgets(connection)
    terms = [terms_of_known(one, stored.principal(one)) for one in principals]
    subjects = {subject for one in terms for subject in (one.subject, *one.roles)}
    return concurrency_limits(stored.documents(sorted(subjects)), terms, now)


def events(connection: sqlite3.Connection, after: int, limit: int) -> Sequence[BudgetEvent]:
    """See BudgetStore.budget_events."""
    rows = connection.execute(
        "SELECT * FROM budget_events WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
    )
    return tuple(
        BudgetEvent(number, subject, key, Measure(measure), percent, from_micros(time))
        for number, subject, key, measure, percent, time in rows
    )


def newest_event(connection: sqlite3.Connection) -> int:
    """See BudgetStore.newest_budget_event."""
    newest: int = connection.execute(
        "SELECT coalesce(max(number), 0) FROM budget_events"
    ).fetchone()[0]
    return newest
