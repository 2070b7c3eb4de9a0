# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What new, changed and deleted operations change in budgets, whatever the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from longtake_server.errors import RateLimited, TooManyQueued
from longtake_server.frozen import frozen_by_types
from longtake_server.operations.budgets import charging
from longtake_server.operations.budgets.accounting import amounts_after_deletion, amounts_of
from longtake_server.operations.budgets.gcra import Bucket
from longtake_server.storage.budget_rows import KnownPrincipal
from longtake_server.storage.codec import to_micros

if TYPE_CHECKING:
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limited, Values
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.budget_rows import BudgetRows

_MICROS = 1_000_000


class BudgetedWrite(Protocol):
    """A transaction that admits operations to budgets."""

    @property
    def budgets(self) -> BudgetRows:
        """The rows of budgets."""

    def queued(self, caller: str) -> int:
        """Return how many queued operations a caller has, with those that are new."""


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


def admit(write: BudgetedWrite, record: OperationRecord, terms: Terms) -> Admitted:
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


def _check_queue(write: BudgetedWrite, terms: Terms, values: Values) -> None:
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
    time = to_micros(record.create_time)
    rows.reserve(admitted.limited, admitted.requested, time, record.caller)
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
