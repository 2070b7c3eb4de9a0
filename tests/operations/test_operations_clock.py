# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server's clock never goes backwards, even if the machine's is set back."""

from __future__ import annotations

from longtake_server.clock import SystemClock


def test_time_goes_on_where_the_machine_turns_it_back() -> None:
    wall, passed = [1000.0], [50.0]
    clock = SystemClock(lambda: wall[0], lambda: passed[0])
    seen = [clock.now().timestamp()]
    # An hour back while ten seconds pass, and later forward past the first value.
    for wall_time, seconds in ((-2600.0, 10.0), (-2595.0, 5.0), (2000.0, 1.0)):
        wall[0] = wall_time
        passed[0] += seconds
        seen.append(clock.now().timestamp())
    assert seen == [1000.0, 1010.0, 1015.0, 2000.0]
    assert clock.monotonic() == passed[0]
