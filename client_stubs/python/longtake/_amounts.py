# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Amounts of money as callers give them, and figures as errors have them. No I/O."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation, localcontext
from numbers import Real

from longtake._fields import refusal

# What the units of a google.type.Money hold.
_MOST = Decimal((1 << 63) - 1)
_NANO = Decimal("1e-9")
# More than such an amount has, whatever precision the program has set.
_DIGITS = 40


def max_cost(value: object) -> tuple[int, int]:
    """Return an amount in US dollars as whole dollars and billionths of one.

    Digits after the ninth decimal place are cut, so that the limit never rises.

    Raises:
        ValueError: It is no amount, or is negative.

    """
    amount = _decimal(value)
    if amount is None or not 0 <= amount <= _MOST:
        raise refusal(
            value if amount is None else amount,
            "max_cost",
            "an amount in US dollars of 0 or more, such as 1.5 or '1.50'",
        )
    with localcontext(prec=_DIGITS):
        exact = amount.quantize(_NANO, ROUND_DOWN)
        dollars = int(exact)
        return dollars, int((exact - dollars).scaleb(9))


def scaled(digits: str, exponent: int) -> Decimal | None:
    """Return a whole number from an error's metadata times a power of ten, or None."""
    try:
        return Decimal(int(digits)).scaleb(exponent)
    except (ValueError, InvalidOperation):
        return None


def moment_of(text: str) -> datetime | None:
    """Return a time from an error's metadata, or None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _decimal(value: object) -> Decimal | None:
    """Return a number as it reads: 0.1 is a tenth, not the nearest binary fraction."""
    if isinstance(value, bool) or not isinstance(value, Decimal | Real | str):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
