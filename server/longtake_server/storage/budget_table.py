# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for budgets: reservations, rates, queues and thresholds.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors import RateLimited, TooManyQueued
from longtake_server.frozen import frozen_by_types
from longtake_server.operations.budgets import charging
from longtake_server.operations.budgets.accounting import (
    Amounts,
    amounts_after_deletion,
    amounts_of,
)
from longtake_server.operations.budgets.gcra import Bucket
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.budgets.terms import Allowance, BudgetEvent, Terms
from longtake_server.operations.model import Charge
from longtake_server.storage import limits_table
from longtake_server.storage.budget_rows import BudgetRows, KnownPrincipal, read_principal
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.queries import queue_length

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.limits import Limited, Limits, Source, Values
    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.transaction import Transaction

_MICROS = 1_000_000
# Few operations are in these states, so it reads all of them rather than all of the caller's.
_COUNT_CONCURRENT = """
    SELECT count(*) FROM operations INDEXED BY operations_state
    WHERE state IN ('SUBMITTING', 'RUNNING') AND caller = ?
"""


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Admitted:
    """A new operation that its budgets have room for.

    Attributes:
        record: The operation with its charges.
        requested: What it reserves.
        limited: What it is charged to.
        principal: The new row of its principal, None if it stays.
    """

    record: OperationRecord
    requested: Amounts
    limited: tuple[Limited, ...]
    principal: KnownPrincipal | None


def admit(write: Transaction, record: OperationRecord, terms: Terms) -> Admitted:
    """Return a new operation with its charges. Changes nothing.

    Raises:
        CostOverMaximum, PriceUnknown, RequestOverBudget, BudgetExceeded: As charging.check.
        TooManyQueued: The principal has as many queued operations as it may.
        RateLimited: It started too many generations in a minute.

    """
    rows = write.budgets
    limited = rows.limited_by(terms, record.create_time)
    requested = amounts_of(record)
    has_price = record.reserved_micros is not None and terms.max_micros is None
    if not (has_price and rows.has_room(limited, requested)):
        charging.check(record, terms, limited, rows.amounts)
    values = limited[0].values
    _check_queue(write, terms, values)
    known = rows.principal(terms.principal)
    bucket = Bucket() if known is None else known.bucket
    if (per_minute := values.requests_per_minute) is not None:
        bucket = _with_request(bucket, per_minute, to_micros(record.create_time))
    principal = KnownPrincipal(terms.roles, bucket)
    charged = record.charged_to(charging.charges_of(limited))
    return Admitted(charged, requested, limited, None if principal == known else principal)


def _check_queue(write: Transaction, terms: Terms, values: Values) -> None:
    if values.max_queued is None:
        return
    if write.queued(terms.principal) >= values.max_queued:
        raise TooManyQueued(terms.subject, values.max_queued)


def _with_request(bucket: Bucket, per_minute: int, now: int) -> Bucket:
    bucket = bucket.leaked(now, per_minute)
    wait = bucket.wait(per_minute)
    if wait > 0:
        raise RateLimited(per_minute, wait / _MICROS)
    return bucket.with_request()


def reserve(rows: BudgetRows, admitted: Admitted) -> None:
    """Reserve what an admitted operation may spend, and store the thresholds that this reaches."""
    record = admitted.record
    rows.reserve(admitted.limited, admitted.requested, to_micros(record.create_time))
    if admitted.principal is not None:
        rows.keep_principal(record.caller, admitted.principal)


def updated(rows: BudgetRows, before: OperationRecord, record: OperationRecord) -> None:
    """Replace the amounts of an operation's earlier state with those of its present one."""
    if record.charges:
        rows.add(record.charges, amounts_of(record) - amounts_of(before))


def deleted(rows: BudgetRows, last: OperationRecord) -> None:
    """Settle or release what a deleted operation had reserved."""
    if last.charges:
        rows.add(last.charges, amounts_after_deletion(last) - amounts_of(last))


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
    rows = BudgetRows(connection)
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
    return limits_table.concurrency_limits(
        connection, [_known_terms(connection, principal) for principal in principals], now
    )


def _known_terms(connection: sqlite3.Connection, principal: str) -> Terms:
    known = read_principal(connection, principal)
    return Terms(principal, () if known is None else known.roles)


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
