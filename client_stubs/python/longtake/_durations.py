# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lengths of time as callers give them. No I/O."""

from __future__ import annotations

from datetime import timedelta
from typing import SupportsFloat, SupportsIndex

Seconds = SupportsFloat | SupportsIndex | timedelta
"""A number of seconds, of Python or of a library such as NumPy, or a timedelta."""

# The longest google.protobuf.Duration, about 10,000 years.
_MOST_SECONDS = 315_576_000_000
# NumPy's booleans and its times convert to numbers, but not to a number of seconds.
_NOT_SECONDS = frozenset("bmM")


def wait_timeout(value: Seconds | None, parameter: str = "timeout") -> float | None:
    """Return the seconds that a caller waits, or None for no limit.

    Raises:
        ValueError: The value is not a length of time of 0 or more.

    """
    if value is None:
        return None
    seconds = _seconds(value)
    if seconds is None or not 0 <= seconds <= _MOST_SECONDS:
        raise _refusal(parameter, value, "0 or more; None waits without a limit")
    return seconds


def call_timeout(value: Seconds, parameter: str = "timeout") -> float:
    """Return the seconds that a call may take.

    Raises:
        ValueError: The value is not a length of time above 0.

    """
    seconds = _seconds(value)
    if seconds is None or not 0 < seconds <= _MOST_SECONDS:
        raise _refusal(parameter, value, "more than 0")
    return seconds


def queue_timeout(value: Seconds, parameter: str = "queue_timeout") -> float:
    """Return the seconds that a generation may wait to be submitted.

    Raises:
        ValueError: The value is not a length of time of 0 or more.

    """
    seconds = _seconds(value)
    if seconds is None or not 0 <= seconds <= _MOST_SECONDS:
        raise _refusal(parameter, value, "0 or more")
    return seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if isinstance(value, bool | str | bytes) or kind in _NOT_SECONDS:
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # it says itself whether it is a number
    except (TypeError, ValueError, OverflowError):
        return None


def _refusal(parameter: str, value: object, accepted: str) -> ValueError:
    return ValueError(
        f"{parameter}: {value!r} is not accepted; give a number of seconds or a timedelta, "
        f"{accepted}"
    )
