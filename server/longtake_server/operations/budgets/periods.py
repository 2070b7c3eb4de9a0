# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Budget periods as keys: a calendar day, an ISO week or a month in a time zone. Pure functions.

A key is fixed when an operation is accepted. No job resets a budget: a new period is a new key.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEK_DAYS = 7
_MINUTE_SECONDS = 60
_DECEMBER = 12
_MOST_CACHED = 1024


class Period(Enum):
    """How long a budget lasts. The values are the words in settings."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def keys_at(moment: datetime, zone: str) -> tuple[str, str, str]:
    """Return the keys of the day, the week and the month at a moment, in the order of Period.

    Args:
        moment: The moment, with a time zone.
        zone: The name of an IANA time zone.

    """
    return _keys(int(moment.timestamp()) // _MINUTE_SECONDS, zone)


# Clocks change at whole minutes, so all moments of a minute have the same keys.
@lru_cache(maxsize=_MOST_CACHED)
def _keys(minute: int, zone: str) -> tuple[str, str, str]:
    day = day_at(datetime.fromtimestamp(minute * _MINUTE_SECONDS, UTC), zone)
    week = day.isocalendar()
    return (
        day.isoformat(),
        f"{week.year:04}-W{week.week:02}",
        f"{day.year:04}-{day.month:02}",
    )


def day_at(moment: datetime, zone: str) -> date:
    """Return the day of a moment in a time zone: the last one that has begun.

    Where clocks go back over midnight, the day before does not come back.
    """
    day = moment.astimezone(ZoneInfo(zone)).date()
    following = day + _DAY
    return following if start_of(following, zone) <= moment else day


def period_of(key: str) -> Period:
    """Return the period that a key is of."""
    if "W" in key:
        return Period.WEEK
    return Period.DAY if key.count("-") > 1 else Period.MONTH


def next_start(key: str, zone: str) -> datetime:
    """Return when the period after the one with this key begins, in UTC."""
    match period_of(key):
        case Period.DAY:
            following = date.fromisoformat(key) + _DAY
        case Period.WEEK:
            year, week = key.split("-W")
            following = date.fromisocalendar(int(year), int(week), 1) + _WEEK_DAYS * _DAY
        case Period.MONTH:
            year, month = key.split("-")
            following = _month_after(int(year), int(month))
    return start_of(following, zone)


def _month_after(year: int, month: int) -> date:
    return date(year + 1, 1, 1) if month == _DECEMBER else date(year, month + 1, 1)


def start_of(day: date, zone: str) -> datetime:
    """Return the start of a day in UTC: its first local midnight.

    If clocks skip that midnight, the day starts when they do.
    """
    place = ZoneInfo(zone)
    midnight = datetime.combine(day, time.min)
    start = midnight.replace(tzinfo=place).astimezone(UTC)
    if start.astimezone(place).replace(tzinfo=None) == midnight:
        return start
    # The two readings of a skipped time lie on both sides of the change.
    before = midnight.replace(tzinfo=place, fold=1).astimezone(UTC)
    while (gap := start - before) > timedelta(seconds=1):
        middle = before + timedelta(seconds=gap // timedelta(seconds=2))
        if middle.astimezone(place).date() >= day:
            start = middle
        else:
            before = middle
    return start
