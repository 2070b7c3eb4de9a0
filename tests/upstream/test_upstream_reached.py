# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A call that found no upstream is told from one that an upstream answered badly."""

from __future__ import annotations

import httpx
import pytest
from fakes.clock import FakeClock
from longtake_server.operations.upstream import NotNow
from longtake_server.upstream.faults import Answer, Faults, PollFaults, SubmitFaults

UNAVAILABLE = b'{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}'
KINDS: list[Faults] = [SubmitFaults("up", FakeClock()), PollFaults("up", FakeClock())]


@pytest.mark.parametrize("faults", KINDS)
@pytest.mark.parametrize(
    "error", [httpx.ConnectError(""), httpx.ConnectTimeout(""), httpx.ProxyError("")]
)
def test_without_a_connection_it_was_not_reached(faults: Faults, error: Exception) -> None:
    failure = faults.interrupted(error)
    assert isinstance(failure, NotNow)
    assert not failure.reached


@pytest.mark.parametrize("faults", KINDS)
def test_without_credentials_it_was_not_reached(faults: Faults) -> None:
    failure = faults.unsent("no credentials")
    assert isinstance(failure, NotNow)
    assert not failure.reached


@pytest.mark.parametrize("faults", KINDS)
def test_an_answer_of_503_and_a_busy_pool_of_ours_say_nothing_of_the_next_call(
    faults: Faults,
) -> None:
    for failure in (
        faults.refused(Answer(503, {}, UNAVAILABLE)),
        faults.interrupted(httpx.PoolTimeout("")),
    ):
        assert isinstance(failure, NotNow)
        assert failure.reached
