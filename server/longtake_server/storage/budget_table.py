# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for budgets: reservations, rates, queues and thresholds.

Each function runs inside a transaction that its caller opened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longtake_server.errors import RateLimited, TooManyQueued
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
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.limits_table import concurrency_limits, limited_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.limits import Limited, Values
    from longtake_server.operations.model import OperationRecord

_MICROS = 1_000_000
_ADD = """
    INSERT INTO budget_spending VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (subject, period_key) DO UPDATE SET
        reserved_micros = reserved_micros + excluded.reserved_micros,
        spent_micros = spent_micros + excluded.spent_micros,
        reserved_milliseconds = reserved_milliseconds + excluded.reserved_milliseconds,
        spent_milliseconds = spent_milliseconds + excluded.spent_milliseconds
"""
_READ = """
    SELECT reserved_micros, spent_micros, reserved_milliseconds, spent_milliseconds
    FROM budget_spending WHERE subject = ? AND period_key = ?
"""
_COUNT_QUEUED = "SELECT coalesce(max(queued), 0) FROM queue_lengths WHERE caller = ?"
# Few operations are in these states, so it reads all of them rather than all of the caller's.
_COUNT_CONCURRENT = """
    SELECT count(*) FROM operations INDEXED BY operations_state
    WHERE state IN ('SUBMITTING', 'RUNNING') AND caller = ?
"""


@dataclass(frozen=True, slots=True)
class _Principal:
    """What is stored of a principal.

    Attributes:
        roles: The subjects of its roles when it last created an operation.
        bucket: The rate of its requests.
    """

    roles: tuple[str, ...]
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new operation that its budgets have room for.

    Attributes:
        record: The operation with its charges.
        limited: What it is charged to.
        sums: What was spent and reserved before, for each charge with a limit.
        principal: The new row of its principal, None if it stays.
    """

    record: OperationRecord
    limited: tuple[Limited, ...]
    sums: Mapping[Charge, Amounts]
    principal: _Principal | None


def admit(connection: sqlite3.Connection, record: OperationRecord, terms: Terms) -> Admitted:
    """Return a new operation with its charges. Writes nothing.

    Raises:
        CostOverMaximum, PriceUnknown, RequestOverBudget, BudgetExceeded: As charging.check.
        TooManyQueued: The principal has as many queued operations as it may.
        RateLimited: It started too many generations in a minute.

    """
    limited = limited_by(connection, terms, record.create_time)
    sums = _sums(connection, limited)
    charging.check(record, terms, limited, sums)
    values = limited[0].values
    _check_queue(connection, terms, values)
    known = _read_principal(connection, terms.principal)
    bucket = Bucket() if known is None else known.bucket
    if (per_minute := values.requests_per_minute) is not None:
        bucket = _with_request(bucket, per_minute, to_micros(record.create_time))
    principal = _Principal(terms.roles, bucket)
    charged = replace(record, charges=charging.charges_of(limited))
    return Admitted(charged, limited, sums, None if principal == known else principal)


def _sums(connection: sqlite3.Connection, limited: Iterable[Limited]) -> Mapping[Charge, Amounts]:
    charges = {line.charge for one in limited for line in one.lines}
    return {charge: _amounts(connection, charge) for charge in charges}


def _amounts(connection: sqlite3.Connection, charge: Charge) -> Amounts:
    found = connection.execute(_READ, (charge.subject, charge.period_key)).fetchone()
    return Amounts() if found is None else Amounts(*found)


def _check_queue(connection: sqlite3.Connection, terms: Terms, values: Values) -> None:
    if values.max_queued is None:
        return
    queued = _count(connection, _COUNT_QUEUED, terms.principal)
    if queued >= values.max_queued:
        raise TooManyQueued(terms.subject, values.max_queued)


def _count(connection: sqlite3.Connection, query: str, principal: str) -> int:
    count: int = connection.execute(query, (principal,)).fetchone()[0]
    return count


def _read_principal(connection: sqlite3.Connection, principal: str) -> _Principal | None:
    found = connection.execute(
        "SELECT roles, level, level_time FROM budget_principals WHERE principal = ?", (principal,)
    ).fetchone()
    return None if found is None else _Principal(tuple(found[0].split()), Bucket(*found[1:]))


def _with_request(bucket: Bucket, per_minute: int, now: int) -> Bucket:
    bucket = bucket.leaked(now, per_minute)
    wait = bucket.wait(per_minute)
    if wait > 0:
        raise RateLimited(per_minute, wait / _MICROS)
    return bucket.with_request()


def reserve(connection: sqlite3.Connection, admitted: Admitted) -> None:
    """Reserve what an admitted operation may spend, and store the thresholds that this reaches."""
    record, added = admitted.record, amounts_of(admitted.record)
    _add(connection, record.charges, added)
    if (principal := admitted.principal) is not None:
        connection.execute(
            "INSERT OR REPLACE INTO budget_principals VALUES (?, ?, ?, ?)",
            (
                record.caller,
                " ".join(principal.roles),
                principal.bucket.level,
                principal.bucket.at,
            ),
        )
    if admitted.sums:
        sums = {charge: amounts + added for charge, amounts in admitted.sums.items()}
        _store_thresholds(connection, admitted.limited, sums, to_micros(record.create_time))


def _store_thresholds(
    connection: sqlite3.Connection,
    limited: Sequence[Limited],
    sums: Mapping[Charge, Amounts],
    time: int,
) -> None:
    connection.executemany(
        """
        INSERT OR IGNORE INTO budget_events (subject, period_key, measure, percent, time)
        VALUES (?, ?, ?, ?, ?)
        """,
        [
            (charge.subject, charge.period_key, measure.value, percent, time)
            for charge, measure, percent in charging.reached(limited, sums)
        ],
    )


def updated(
    connection: sqlite3.Connection, before: OperationRecord, record: OperationRecord
) -> None:
    """Replace the amounts of an operation's earlier state with those of its present one."""
    if record.charges:
        _add(connection, record.charges, amounts_of(record) - amounts_of(before))


def deleted(connection: sqlite3.Connection, last: OperationRecord) -> None:
    """Settle or release what a deleted operation had reserved."""
    if last.charges:
        _add(connection, last.charges, amounts_after_deletion(last) - amounts_of(last))


def _add(connection: sqlite3.Connection, charges: Sequence[Charge], change: Amounts) -> None:
    if change != Amounts():
        sums = change.sums
        connection.executemany(
            _ADD, [(charge.subject, charge.period_key, *sums) for charge in charges]
        )


def allowance(connection: sqlite3.Connection, terms: Terms, now: datetime) -> Allowance:
    """See BudgetStore.allowance."""
    limited = limited_by(connection, terms, now)
    sums = _sums(connection, limited)
    return Allowance(
        limited[0].time_zone,
        limited[0].values,
        tuple(budget for one in limited for budget in charging.budgets_of(one, sums)),
        _count(connection, _COUNT_QUEUED, terms.principal),
        _count(connection, _COUNT_CONCURRENT, terms.principal),
    )


def spending(connection: sqlite3.Connection) -> Mapping[Charge, Amounts]:
    """See BudgetStore.spending."""
    rows = connection.execute("SELECT * FROM budget_spending ORDER BY subject, period_key")
    return {Charge(subject, key): Amounts(*sums) for subject, key, *sums in rows}


def concurrent(
    connection: sqlite3.Connection, principals: Collection[str], now: datetime
) -> Mapping[str, int | None] | None:
    """See BudgetStore.concurrency_limits."""
    return concurrency_limits(
        connection, [_known_terms(connection, principal) for principal in principals], now
    )


def _known_terms(connection: sqlite3.Connection, principal: str) -> Terms:
    known = _read_principal(connection, principal)
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
