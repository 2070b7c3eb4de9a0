# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether an operation fits its budgets, and which shares it reaches. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import (
    BudgetExceeded,
    CostOverMaximum,
    PriceUnknown,
    RequestOverBudget,
)
from longtake_server.operations.budgets.accounting import Amounts, amounts_of
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.budgets.periods import Period, next_start
from longtake_server.operations.budgets.terms import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longtake_server.operations.budgets.limits import Limited, Line
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import Charge, OperationRecord

THRESHOLDS = (50, 80, 100)
"""The shares of a budget that are events, in percent."""

_ALL = 100


def charges_of(limited: Sequence[Limited]) -> tuple[Charge, ...]:
    """Return the charges of an operation: each subject in each of its periods."""
    return tuple(charge for one in limited for charge in one.charges)


def check(
    record: OperationRecord,
    terms: Terms,
    limited: Sequence[Limited],
    sums: Mapping[Charge, Amounts],
) -> None:
    """Refuse a new operation that its budgets do not have room for.

    Args:
        record: The operation.
        terms: Its terms.
        limited: The subjects that it is charged to.
        sums: What is spent and reserved for each charge with a limit; nothing where it is missing.

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
        if _used(line, sums) + requested.used(line.measure) > line.limit
    ]
    for line, _ in broken:
        if requested.used(line.measure) > line.limit:
            amounts = _metadata(line, sums, requested)
            raise RequestOverBudget(line.charge.subject, line.period.name, amounts)
    if broken:
        resets, last = max(
            ((next_start(line.charge.period_key, one.time_zone), line) for line, one in broken),
            key=lambda each: each[0],
        )
        amounts = _metadata(last, sums, requested)
        raise BudgetExceeded(last.charge.subject, last.period.name, amounts, resets)


def _limits_cost(limited: Limited) -> bool:
    return any(line.measure is Measure.COST for line in limited.lines)


def reached(
    limited: Sequence[Limited], sums: Mapping[Charge, Amounts]
) -> Iterator[tuple[Charge, Measure, int]]:
    """Yield each threshold of each budget that is reached: charge, measure and percent.

    Args:
        limited: The subjects.
        sums: What is spent and reserved, as for `check`.

    """
    for one in limited:
        for line in one.lines:
            used = _used(line, sums)
            for percent in THRESHOLDS:
                if used > 0 and used * _ALL >= line.limit * percent:
                    yield line.charge, line.measure, percent


def budgets_of(limited: Limited, sums: Mapping[Charge, Amounts]) -> Iterator[Budget]:
    """Yield the budgets of a subject that have a limit."""
    for period, charge in zip(Period, limited.charges, strict=True):
        cost = limited.values.budget(Measure.COST, period)
        seconds = limited.values.budget(Measure.SECONDS, period)
        if cost is None and seconds is None:
            continue
        amounts = sums.get(charge, Amounts())
        resets = next_start(charge.period_key, limited.time_zone)
        yield Budget(limited.subject, period, charge.period_key, resets, cost, seconds, amounts)


def _used(line: Line, sums: Mapping[Charge, Amounts]) -> int:
    known = sums.get(line.charge)
    return 0 if known is None else known.used(line.measure)


def _metadata(line: Line, sums: Mapping[Charge, Amounts], requested: Amounts) -> Mapping[str, int]:
    unit = "micros" if line.measure is Measure.COST else "milliseconds"
    known = sums.get(line.charge, Amounts())
    return {
        f"limit_{unit}": line.limit,
        f"spent_{unit}": known.spent(line.measure),
        f"reserved_{unit}": known.reserved(line.measure),
        f"requested_{unit}": requested.used(line.measure),
    }
