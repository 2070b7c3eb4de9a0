# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether an operation fits its budgets, and which shares it reaches. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longtake_server.errors import (
    BudgetExceeded,
    CostOverMaximum,
    PriceUnknown,
    RequestOverBudget,
)
from longtake_server.operations.budgets.accounting import amounts_of
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.budgets.periods import Period, next_start
from longtake_server.operations.budgets.terms import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limited, Line
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import Charge, OperationRecord

THRESHOLDS = (50, 80, 100)
"""The shares of a budget that are events, in percent."""

_ALL = 100
_UNLIMITED = 1 << 62


class Room(NamedTuple):
    """What fits into budgets without reaching a limit or a threshold. Negative if nothing does.

    Attributes:
        micros: Cost, in millionths of a US dollar.
        milliseconds: Video.
    """

    micros: int
    milliseconds: int

    def without(self, requested: Amounts) -> Room:
        """Return what fits after a reservation."""
        return Room(
            self.micros - requested.reserved_micros,
            self.milliseconds - requested.reserved_milliseconds,
        )


def charges_of(limited: Sequence[Limited]) -> tuple[Charge, ...]:
    """Return the charges of an operation: each subject in each of its periods."""
    if len(limited) == 1:
        return limited[0].charges
    return tuple(charge for one in limited for charge in one.charges)


def check(
    record: OperationRecord,
    terms: Terms,
    limited: Sequence[Limited],
    amounts: Callable[[Charge], Amounts],
) -> None:
    """Refuse a new operation that its budgets do not have room for.

    Args:
        record: The operation.
        terms: Its terms.
        limited: The subjects that it is charged to.
        amounts: Returns what is spent and reserved for a charge.

    Raises:
        CostOverMaximum: It may cost more than its own maximum.
        PriceUnknown: Its cost is limited, and its price is not known.
        RequestOverBudget: A budget would be too small for it even if nothing were spent.
        BudgetExceeded: A budget has not enough left. Names the one that resets last.

    """
    requested = amounts_of(record)
    if record.reserved_micros is None:
        if terms.max_micros is not None or any(map(_limits_cost, limited)):
            raise PriceUnknown(record.model)
    elif terms.max_micros is not None and record.reserved_micros > terms.max_micros:
        raise CostOverMaximum(terms.max_micros, record.reserved_micros)
    broken = [
        (line, one)
        for one in limited
        for line in one.lines
        if amounts(line.charge).used(line.measure) + requested.used(line.measure) > line.limit
    ]
    for line, _ in broken:
        if requested.used(line.measure) > line.limit:
            metadata = _metadata(line, amounts(line.charge), requested)
            raise RequestOverBudget(line.charge.subject, line.period.name, metadata)
    if broken:
        resets, last = max(
            ((next_start(line.charge.period_key, one.time_zone), line) for line, one in broken),
            key=lambda each: each[0],
        )
        metadata = _metadata(last, amounts(last.charge), requested)
        raise BudgetExceeded(last.charge.subject, last.period.name, metadata, resets)


def _limits_cost(limited: Limited) -> bool:
    return any(line.measure is Measure.COST for line in limited.lines)


def reached(
    limited: Sequence[Limited], amounts: Callable[[Charge], Amounts]
) -> Iterator[tuple[Charge, Measure, int]]:
    """Yield each threshold of each budget that is reached: charge, measure and percent.

    Args:
        limited: The subjects.
        amounts: As for `check`.

    """
    for one in limited:
        for line in one.lines:
            used = amounts(line.charge).used(line.measure)
            for percent in THRESHOLDS:
                if used <= 0 or used * _ALL < line.limit * percent:
                    break
                yield line.charge, line.measure, percent


def room(limited: Sequence[Limited], amounts: Callable[[Charge], Amounts]) -> Room:
    """Return how much more fits before any budget is spent or reaches its next threshold.

    Args:
        limited: The subjects.
        amounts: As for `check`.

    """
    rooms = dict.fromkeys(Measure, _UNLIMITED)
    for one in limited:
        for line in one.lines:
            used = amounts(line.charge).used(line.measure)
            left = _until_next_threshold(used, line.limit) - 1
            rooms[line.measure] = min(rooms[line.measure], left)
    return Room(rooms[Measure.COST], rooms[Measure.SECONDS])


def _until_next_threshold(used: int, limit: int) -> int:
    for percent in THRESHOLDS:
        # Rounded up: below it, the share is not reached.
        threshold = -(-limit * percent // _ALL)
        if used < threshold:
            return threshold - used
    return 0


def budgets_of(limited: Limited, amounts: Callable[[Charge], Amounts]) -> Iterator[Budget]:
    """Yield the budgets of a subject that have a limit.

    Args:
        limited: The subject.
        amounts: As for `check`.

    """
    for period, charge in zip(Period, limited.charges, strict=True):
        cost = limited.values.budget(Measure.COST, period)
        seconds = limited.values.budget(Measure.SECONDS, period)
        if cost is None and seconds is None:
            continue
        resets = next_start(charge.period_key, limited.time_zone)
        used = amounts(charge)
        yield Budget(limited.subject, period, charge.period_key, resets, cost, seconds, used)


def _metadata(line: Line, amounts: Amounts, requested: Amounts) -> Mapping[str, int]:
    unit = "micros" if line.measure is Measure.COST else "milliseconds"
    return {
        f"limit_{unit}": line.limit,
        f"spent_{unit}": amounts.spent(line.measure),
        f"reserved_{unit}": amounts.reserved(line.measure),
        f"requested_{unit}": requested.used(line.measure),
    }
