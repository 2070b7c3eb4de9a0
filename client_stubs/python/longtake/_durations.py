# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lengths of time as callers give them. No I/O."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import SupportsFloat, SupportsIndex

Seconds = SupportsFloat | SupportsIndex | timedelta
"""A number of seconds, of Python or of a library such as NumPy, or a timedelta."""

# About 30 years. Longer ones overflow in gRPC, which counts the nanoseconds since 1970.
_LONGEST_DEADLINE = 1e9
# A google.protobuf.Duration holds about 10,000 years.
_LONGEST_DURATION = 315_576_000_000
# The kinds of NumPy's booleans and times, which convert to numbers other than of seconds.
_NOT_SECONDS = frozenset("bmM")


def wait_timeout(value: Seconds | None) -> float | None:
    """Return the seconds that a caller waits, or None for no limit.

    Raises:
        ValueError: The value is not a length of time of 0 or more.

    """
    if value is None:
        return None
    seconds = _seconds(value)
    if seconds is None or not 0 <= seconds < math.inf:
        raise _refusal("timeout", value, "0 or more; None waits without a limit")
    return seconds


def call_timeout(value: Seconds) -> float:
    """Return the seconds that a call may take.

    Raises:
        ValueError: The value is not a length of time above 0.

    """
    seconds = _seconds(value)
    if seconds is None or not 0 < seconds < math.inf:
        raise _refusal("timeout", value, "more than 0")
    return min(seconds, _LONGEST_DEADLINE)


def queue_timeout(value: Seconds) -> float:
    """Return the seconds that a generation may wait to be submitted.

    Raises:
        ValueError: The value is not a length of time from 0 to what the contract can hold.

    """
    seconds = _seconds(value)
    if seconds is None or not 0 <= seconds <= _LONGEST_DURATION:
        raise _refusal("queue_timeout", value, "0 or more")
    return seconds


def lifetime(value: Seconds) -> int:
    """Return the whole seconds that an address of a video is to work.

    Raises:
        ValueError: The value is not a length of time of at least a second.

    """
    seconds = _seconds(value)
    if seconds is None or not 1 <= seconds <= _LONGEST_DURATION:
        raise _refusal("lifetime", value, "1 or more")
    return int(seconds)


def _seconds(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, SupportsFloat | SupportsIndex):
        return None
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in _NOT_SECONDS or getattr(value, "shape", ()) != ():
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _refusal(parameter: str, value: object, accepted: str) -> ValueError:
    # Only what is surely no secret and no prompt is repeated.
    shown = repr(value) if isinstance(value, int | float | timedelta) else type(value).__name__
    return ValueError(
        f"{parameter}: {shown} is not accepted; give a number of seconds or a timedelta, {accepted}"
    )
