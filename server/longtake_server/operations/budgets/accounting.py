# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What an operation reserves and spends in each of its charges. Pure functions of the record.

The store adds the difference between two states of a record in the transaction that changes it.
So reserving, settling and releasing each happen exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.frozen import frozen_by_types
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.model import State

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord

_MILLISECONDS = 1000


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums of a budget in a period.

    Attributes:
        reserved_micros: The most that operations in progress can cost, in micros of a US dollar.
        spent_micros: The cost of the operations that have ended.
        reserved_milliseconds: The most video of operations in progress.
        spent_milliseconds: The video of those that have ended.
    """

    reserved_micros: int = 0
    spent_micros: int = 0
    reserved_milliseconds: int = 0
    spent_milliseconds: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Return the sums of both."""
        return Amounts(
            self.reserved_micros + other.reserved_micros,
            self.spent_micros + other.spent_micros,
            self.reserved_milliseconds + other.reserved_milliseconds,
            self.spent_milliseconds + other.spent_milliseconds,
        )

    def __sub__(self, other: Amounts) -> Amounts:
        """Return the sums without the other's."""
        return Amounts(
            self.reserved_micros - other.reserved_micros,
            self.spent_micros - other.spent_micros,
            self.reserved_milliseconds - other.reserved_milliseconds,
            self.spent_milliseconds - other.spent_milliseconds,
        )

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """The sums, in the order of the attributes."""
        return (
            self.reserved_micros,
            self.spent_micros,
            self.reserved_milliseconds,
            self.spent_milliseconds,
        )

    def reserved(self, measure: Measure) -> int:
        """Return what is reserved."""
        return self.reserved_micros if measure is Measure.COST else self.reserved_milliseconds

    def spent(self, measure: Measure) -> int:
        """Return what is spent."""
        return self.spent_micros if measure is Measure.COST else self.spent_milliseconds

    def used(self, measure: Measure) -> int:
        """Return what is spent or reserved."""
        return self.reserved(measure) + self.spent(measure)


def amounts_of(record: OperationRecord) -> Amounts:
    """Return what an operation adds to each of its charges in its present state.

    One that ended without a video spends what it reserved, unless certainly nothing started: then
    its record reserves nothing any more.
    """
    if not record.done:
        return Amounts(
            reserved_micros=record.reserved_micros or 0,
            reserved_milliseconds=record.reserved_milliseconds,
        )
    if record.state is State.SUCCEEDED or record.late_success:
        return _delivered(record)
    return _all_spent(record)


def amounts_after_deletion(record: OperationRecord) -> Amounts:
    """Return what an operation that is deleted in its present state leaves in its charges.

    A queued one leaves nothing. One that may have reached the upstream may be billed.
    """
    if record.done:
        return amounts_of(record)
    may_be_billed = record.state is not State.QUEUED or record.may_have_started
    return _all_spent(record) if may_be_billed else Amounts()


def _delivered(record: OperationRecord) -> Amounts:
    # A delivery whose price is not known any more costs what was reserved, not nothing.
    cost = record.reserved_micros if record.cost_micros is None else record.cost_micros
    seconds = record.billed_seconds
    return Amounts(
        spent_micros=cost or 0,
        spent_milliseconds=record.reserved_milliseconds
        if seconds is None
        else round(seconds * _MILLISECONDS),
    )


def _all_spent(record: OperationRecord) -> Amounts:
    return Amounts(
        spent_micros=record.reserved_micros or 0,
        spent_milliseconds=record.reserved_milliseconds,
    )
