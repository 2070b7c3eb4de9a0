# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What operations came to, by caller, model and day. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import add, attrgetter, sub
from typing import TYPE_CHECKING

from longtake_server.operations.model import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from longtake_server.operations.model import OperationRecord

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """What usage is kept by.

    Attributes:
        day: Of acceptance, UTC.
        caller: The owner; empty where callers are not told apart.
        model: The model that serves.
    """

    day: date
    caller: str
    model: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over operations. Those that were accepted and are in no other count go on.

    Attributes:
        accepted: All of them.
        succeeded: Those that ended with a result.
        failed: Those that ended with an error.
        cancelled: Those that were cancelled.
        deleted: Those that were deleted before their end.
        unpriced: Those without a known price, which the sums of money leave out.
        billed_milliseconds: Of video delivered.
        reserved_micros: What those that go on will cost, in millionths of a US dollar.
        settled_micros: What the others cost. Where nobody can say whether the upstream bills,
            it is what was reserved.
    """

    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    deleted: int = 0
    unpriced: int = 0
    billed_milliseconds: int = 0
    reserved_micros: int = 0
    settled_micros: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sums over both."""
        return Usage(*map(add, sums_of(self), sums_of(other)))

    def __sub__(self, other: Usage) -> Usage:
        """Return what is left without the other."""
        return Usage(*map(sub, sums_of(self), sums_of(other)))


SUMS = tuple(field.name for field in fields(Usage))
"""The names of the sums, in their order."""

sums_of: Callable[[Usage], tuple[int, ...]] = attrgetter(*SUMS)
"""Returns the sums in their order."""


def account_of(record: OperationRecord) -> Account:
    """Return where an operation is counted."""
    return Account(record.create_time.date(), record.caller, record.served_model)


def usage_of(record: OperationRecord) -> Usage:
    """Return what an operation adds to the sums, as it is now."""
    cost = record.cost_micros or 0
    return Usage(
        accepted=1,
        succeeded=int(record.state is State.SUCCEEDED),
        failed=int(record.state is State.FAILED),
        cancelled=int(record.state is State.CANCELLED),
        unpriced=int(record.cost_micros is None),
        billed_milliseconds=round((record.billed_seconds or 0.0) * _MILLISECONDS),
        reserved_micros=0 if record.done else cost,
        settled_micros=cost if record.done else 0,
    )


def usage_after_deletion(record: OperationRecord) -> Usage:
    """Return what stays in the sums of an operation that is deleted as it is now.

    One that has ended stays as it is. Of one that waited, what was reserved is released; one
    that may have reached the upstream may be billed there.
    """
    if record.done:
        return usage_of(record)
    begun = record.state is not State.QUEUED or record.may_have_started
    return Usage(
        accepted=1,
        deleted=1,
        unpriced=int(begun and record.cost_micros is None),
        settled_micros=(record.cost_micros or 0) if begun else 0,
    )
