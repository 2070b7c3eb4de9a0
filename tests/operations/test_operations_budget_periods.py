# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Periods of budgets begin at local midnight, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from longtake_server.clock import SystemClock
from longtake_server.operations.budgets.periods import (
    Period,
    day_at,
    keys_at,
    next_start,
    period_of,
    start_of,
)

YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Europe/Berlin", "UTC"])
def test_each_day_of_a_year_begins_at_its_local_midnight(zone: str) -> None:
    for day, following in pairwise(YEAR):
        start = start_of(day, zone)
        local = start.astimezone(ZoneInfo(zone))
        assert (local.date(), local.time().isoformat()) == (day, "00:00:00")
        assert keys_at(start, zone)[0] == day.isoformat()
        assert keys_at(start - SECOND, zone)[0] != day.isoformat()
        assert next_start(day.isoformat(), zone) == start_of(following, zone)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        # Both changes of clocks in New York, and Tokyo, which has none.
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        ("Asia/Tokyo", date(2026, 3, 8), datetime(2026, 3, 7, 15, tzinfo=UTC), 24),
        ("Asia/Tokyo", date(2026, 11, 1), datetime(2026, 10, 31, 15, tzinfo=UTC), 24),
        # Clocks skip midnight in Cairo and Beirut, and pass it twice in Havana.
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC), 23),
        ("Asia/Beirut", date(2026, 3, 29), datetime(2026, 3, 28, 22, tzinfo=UTC), 23),
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        # In 1919, Toronto skipped from 23:30 to 00:30.
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC), 23.5),
        # In 2011, Samoa had no 30 December.
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC), 0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(
    zone: str, day: date, start: datetime, hours: float
) -> None:
    assert start_of(day, zone) == start
    assert next_start(day.isoformat(), zone) - start == timedelta(hours=hours)


def test_a_day_does_not_come_back_where_clocks_go_back_over_midnight() -> None:
    # At 00:01 on 7 November 2010, the clocks of St John's went back to 23:01.
    midnight = start_of(date(2010, 11, 7), "America/St_Johns")
    days = [
        day_at(midnight + timedelta(minutes=minute), "America/St_Johns")
        for minute in range(-90, 180)
    ]
    assert days == sorted(days)
    assert days.index(date(2010, 11, 7)) == 90


def test_weeks_are_those_of_iso_8601_and_months_those_of_the_calendar() -> None:
    new_year = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert keys_at(new_year, "UTC") == ("2027-01-01", "2026-W53", "2027-01")
    assert next_start("2026-W53", "UTC") == datetime(2027, 1, 4, tzinfo=UTC)
    assert next_start("2026-12", "Asia/Tokyo") == datetime(2026, 12, 31, 15, tzinfo=UTC)
    assert next_start("2026-11", "America/New_York") == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert [period_of(key) for key in keys_at(new_year, "UTC")] == list(Period)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_next_start_of_each_period_is_the_first_moment_of_another_key(zone: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year == 2026:
        for index, key in enumerate(keys_at(moment, zone)):
            resets = next_start(key, zone)
            assert keys_at(resets - SECOND, zone)[index] == key
            assert keys_at(resets, zone)[index] != key
        moment += timedelta(hours=35)


def test_a_clock_that_steps_back_stays_in_its_period() -> None:
    wall, monotonic = [datetime(2026, 11, 28, 0, 0, 1, tzinfo=UTC).timestamp()], [0.0]
    clock = SystemClock(lambda: wall[0], lambda: monotonic[0])
    assert keys_at(clock.now(), "UTC")[0] == "2026-11-28"
    wall[0] -= 3600
    assert keys_at(clock.now(), "UTC")[0] == "2026-11-28"
