# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Names, and when the upstream is called next."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from longtake_server.operations.names import new_operation_name
from longtake_server.operations.pacing import Backoff, Pacing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_names_are_uuids_of_version_7_that_sort_by_time() -> None:
    names = [new_operation_name(NOW + timedelta(milliseconds=step)) for step in range(100)]
    assert names == sorted(names)
    assert len({new_operation_name(NOW) for _ in range(1000)}) == 1000
    identifier = uuid.UUID(names[0].removeprefix("operations/"))
    assert identifier.version == 7
    assert identifier.variant == uuid.RFC_4122
    assert identifier.int >> 80 == int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(("elapsed", "seconds"), [(0, 1.0), (20, 3.0), (1000, 15.0)])
def test_polls_come_less_often_as_time_goes_by(elapsed: float, seconds: float) -> None:
    assert Pacing().until_next_poll(elapsed, 0.0) == pytest.approx(seconds)


@given(some.integers(1, 10_000), some.floats(0, 1), some.none() | some.floats(0, 1e4))
def test_backoff_is_bounded_and_honours_the_upstream(
    failures: int, chance: float, retry_after: float | None
) -> None:
    seconds = Backoff(1.0, 60.0).after(failures, chance, retry_after)
    assert seconds >= (retry_after or 0.0)
    assert 0.5 <= seconds <= max(60.0, retry_after or 0.0)
