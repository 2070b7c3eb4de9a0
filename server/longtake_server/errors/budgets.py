# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A budget or a limit refuses a request."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from longtake_server.errors.base import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_DIGITS_OF_MICROS = 6


class BudgetError(LongtakeError):
    """A budget has no room for an operation. Always raised as one of the subclasses.

    Attributes:
        subject: Whose budget it is: `principal/{id}` or `label/{key}={value}`.
    """

    def __init__(self, subject: str, message: str, metadata: Mapping[str, str]) -> None:
        self.subject = subject
        super().__init__(message, {"budget": subject, **metadata})


class BudgetExceeded(BudgetError):
    """The operation would exceed what is left of a budget."""

    reason = "BUDGET_EXCEEDED"

    def __init__(
        self, subject: str, period: str, amounts: Mapping[str, int], resets_at: datetime
    ) -> None:
        """Take the amounts as they are named in the metadata, in the order of the message."""
        resets = resets_at.isoformat().replace("+00:00", "Z")
        numbers = {name: str(amount) for name, amount in amounts.items()}
        text = ", ".join(f"{name} {number}" for name, number in numbers.items())
        super().__init__(
            subject,
            f"the budget {subject} of the {period.lower()} has not enough left: {text}; it resets "
            f"at {resets}",
            {"period": period, "resets_at": resets, **numbers},
        )


class RequestOverBudget(BudgetError):
    """The operation alone exceeds a budget, so it never fits."""

    reason = "REQUEST_OVER_BUDGET"

    def __init__(self, subject: str, period: str, amounts: Mapping[str, int]) -> None:
        """Take the amounts as BudgetExceeded does."""
        numbers = {name: str(amount) for name, amount in amounts.items()}
        text = ", ".join(f"{name} {number}" for name, number in numbers.items())
        super().__init__(
            subject,
            f"the request alone exceeds the budget {subject} of the {period.lower()}: {text}; "
            "request less video, or a cheaper model or resolution",
            {"period": period, **numbers},
        )


class RateLimited(LongtakeError):
    """The principal started too many generations in a minute.

    Attributes:
        retry_after: The seconds until the next one is accepted.
    """

    reason = "RATE_LIMITED"

    def __init__(self, per_minute: int, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the limit is {per_minute} generations per minute; try again in {retry_after:g} "
            "seconds",
            {"requests_per_minute": str(per_minute)},
        )


class TooManyQueued(LongtakeError):
    """The principal has too many queued operations.

    Attributes:
        subject: `principal/{id}`.
    """

    reason = "TOO_MANY_QUEUED"

    def __init__(self, subject: str, limit: int) -> None:
        self.subject = subject
        super().__init__(
            f"{subject} has {limit} queued operations, which is the limit; wait until one leaves "
            "the queue",
            {"max_queued": str(limit)},
        )


class PriceUnknown(LongtakeError):
    """The cost of an operation is limited, and its model has no known price."""

    reason = "PRICE_UNKNOWN"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"a budget or max_cost limits the cost, and model {model}, or a model that may serve "
            "in its place, has no known price; use another model, or ask the operator to add the "
            "price",
            {"model": model},
        )


class CostOverMaximum(LongtakeError):
    """The generation could cost more than the request's max_cost."""

    reason = "COST_OVER_MAXIMUM"

    def __init__(self, max_micros: int, requested_micros: int) -> None:
        super().__init__(
            f"max_cost is {_dollars(max_micros)} USD, and the generation could cost "
            f"{_dollars(requested_micros)} USD",
            {"max_micros": str(max_micros), "requested_micros": str(requested_micros)},
        )


def _dollars(micros: int) -> str:
    """Return millionths of a dollar in dollars, with all digits and no exponent."""
    return f"{Decimal(micros).scaleb(-_DIGITS_OF_MICROS).normalize():f}"
