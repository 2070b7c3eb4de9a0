# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Who makes the calls, and what is left to spend."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from longtake._documents import Documented
from longtake._wording import shortened
from longtake.types.operation import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Documented):
    """What may be spent in a period, and what has been.

    Attributes:
        subject: What the budget limits: `principal/{id}`, or `label/{key}={value}`.
        period: How long it lasts: 'DAY', 'WEEK' or 'MONTH'.
        period_key: The present period, for example '2026-11-28', '2026-W48' or '2026-11'.
        reset_time: When the next period begins.
        cost_limit: The most that may be spent, or None if cost is not limited.
        cost_spent: The cost of the operations of this period that have ended.
        cost_reserved: The most that those may cost that have not ended.
        seconds_limit: The most seconds of video, or None if they are not limited.
        seconds_spent: The seconds of video of the operations that have ended.
        seconds_reserved: The most seconds of video of those that have not ended.
    """

    subject: str
    period: str
    period_key: str
    reset_time: datetime | None
    cost_limit: Money | None = field(hash=False)
    cost_spent: Money = field(hash=False)
    cost_reserved: Money = field(hash=False)
    seconds_limit: float | None
    seconds_spent: float
    seconds_reserved: float

    @property
    def cost_left(self) -> Money | None:
        """What can still be reserved, not below 0; None if cost is not limited."""
        if self.cost_limit is None:
            return None
        used = self.cost_spent["amount"] + self.cost_reserved["amount"]
        return {
            "currency_code": self.cost_limit["currency_code"],
            "amount": max(self.cost_limit["amount"] - used, Decimal(0)),
        }

    @property
    def seconds_left(self) -> float | None:
        """The seconds that can still be reserved, not below 0; None if they are not limited."""
        if self.seconds_limit is None:
            return None
        return max(self.seconds_limit - self.seconds_spent - self.seconds_reserved, 0.0)

    def __repr__(self) -> str:
        return f"Budget({shortened(self.subject)}, {shortened(self.period_key)})"

    def _attribute_names(self) -> tuple[str, ...]:
        return *Documented._attribute_names(self), "cost_left", "seconds_left"  # noqa: SLF001 - its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Documented):
    """The principal that makes a call, what it may do, and what it may still spend.

    Attributes:
        principal: The id of the principal, or None if the server does not authenticate.
        roles: What it may do: 'GENERATOR', 'READER', 'ADMIN'.
        labels: The labels that the operator gave it.
        key_id: The id of the API key of the call, or None for other credentials.
        credential_expire_time: When the credential of the call expires, or None.
        budgets: The budgets that limit it.
        time_zone: The time zone in which the periods begin and end, or None.
        requests_per_minute: How many generations it may start in a minute; None: no limit.
        max_queued: How many queued operations it may have; None: no limit.
        queued: How many it has.
        max_concurrent: How many of its generations may run at a time; None: no limit.
        concurrent: How many are submitted or running.
    """

    principal: str | None
    roles: tuple[str, ...]
    labels: dict[str, str] = field(hash=False)
    key_id: str | None
    credential_expire_time: datetime | None
    budgets: tuple[Budget, ...]
    time_zone: str | None
    requests_per_minute: int | None
    max_queued: int | None
    queued: int
    max_concurrent: int | None
    concurrent: int

    def __repr__(self) -> str:
        principal = None if self.principal is None else shortened(self.principal)
        return f"Caller({principal}, roles={self.roles}, {len(self.budgets)} budgets)"
