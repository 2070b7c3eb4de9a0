# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""When a delivery that failed is sent again, and when a webhook is given up. No I/O."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 36000)
)
MOST_ATTEMPTS = 1 + len(_WAITS)
"""How often an event is sent before its delivery is dead."""

_JITTER = 0.2
_LONGEST_WAIT = timedelta(hours=24)
_GIVEN_UP_AFTER = timedelta(days=5)


def next_wait(
    attempts: int, chance: float, retry_after: timedelta | None = None
) -> timedelta | None:
    """Return how long to wait after an attempt that failed.

    Args:
        attempts: How many attempts there were, with this one.
        chance: From 0 to 1, for the jitter of a fifth.
        retry_after: How long the receiver asks to wait. It makes the wait longer only, up to
            a day.

    Returns:
        The wait, None if the event is not sent again.

    """
    if attempts >= MOST_ATTEMPTS:
        return None
    wait = _WAITS[attempts - 1] * (1 + _JITTER * (2 * chance - 1))
    return wait if retry_after is None else max(wait, min(retry_after, _LONGEST_WAIT))


def is_given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Return whether a webhook has had nothing but failures for so long that it is disabled."""
    return failing_since is not None and now - failing_since >= _GIVEN_UP_AFTER


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Return the wait in a header Retry-After, seconds or a date; None if it says nothing."""
    text = value.strip()
    try:
        if text.isascii() and text.isdigit():
            return timedelta(seconds=int(text))
        due = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    return due.replace(tzinfo=due.tzinfo or UTC) - now
