# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Under which terms an operation is created, and what a principal may still spend. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longtake_server.frozen import frozen_by_types
from longtake_server.operations.budgets.limits import subject_of_principal, subjects_of_roles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from longtake_server.identity.principal import Principal
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Measure, Values
    from longtake_server.operations.budgets.periods import Period


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Terms:
    """What decides to which budgets an operation is charged.

    Attributes:
        principal: The id of the principal.
        roles: The subjects of its roles' defaults, by precedence.
        labels: The labels that count.
        max_micros: The most that the operation may cost, None for no limit of its own.
    """

    principal: str
    roles: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    max_micros: int | None = None

    @property
    def subject(self) -> str:
        """The subject of the principal."""
        return subject_of_principal(self.principal)


def terms_of(
    principal: Principal,
    labels: Mapping[str, str] | None = None,
    max_micros: int | None = None,
) -> Terms:
    """Return the terms of a request.

    Args:
        principal: The caller. Its own labels take precedence.
        labels: The labels of the request.
        max_micros: See Terms.

    """
    return Terms(
        principal.id,
        subjects_of_roles(principal.roles),
        {**(labels or {}), **principal.labels},
        max_micros,
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget in its present period. See Values for the units.

    Attributes:
        subject: `principal/{id}` or `label/{key}={value}`.
        period: How long it lasts.
        key: The key of the period.
        reset_time: When the next period begins.
        cost_limit: The most that may be spent, None for no limit.
        seconds_limit: The most milliseconds of video, None for no limit.
        amounts: What is spent and reserved.
    """

    subject: str
    period: Period
    key: str
    reset_time: datetime
    cost_limit: int | None
    seconds_limit: int | None
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a principal may do and spend at a moment.

    Attributes:
        time_zone: The time zone of its periods.
        values: Its limits.
        budgets: Those with a limit: its own, and those of its labels.
        queued: How many queued operations it has.
        concurrent: How many of its generations are submitted or running.
    """

    time_zone: str
    values: Values
    budgets: tuple[Budget, ...]
    queued: int
    concurrent: int


@dataclass(frozen=True, slots=True)
class BudgetEvent:
    """A budget of which a share is spent or reserved, told once in each period.

    Attributes:
        number: Strictly increasing.
        subject: Whose budget it is.
        period_key: The period.
        measure: What the budget counts.
        percent: The share: 50, 80 or 100.
        time: When it was reached.
    """

    number: int
    subject: str
    period_key: str
    measure: Measure
    percent: int
    time: datetime
