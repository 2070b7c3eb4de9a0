# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The checker of histories: it accepts what the contract allows, and finds each violation."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from cluster.cluster_history import Call, History, State, Told

CREATED = Told(Call.CREATE, 0, 1, 1, State.QUEUED)
SUBMITTING = Told(Call.WATCH, 1, 2, 2, State.SUBMITTING)
RUNNING = Told(Call.WATCH, 1, 3, 3, State.RUNNING)
GOT = Told(Call.GET, 3.5, 4, 3, State.RUNNING)
ENDED = Told(Call.WATCH, 1, 6, 4, State.SUCCEEDED)
RIGHT = (CREATED, SUBMITTING, RUNNING, GOT, ENDED)


def faults(*told: Told, cancelled: float | None = None) -> list[str]:
    return History(0, cancelled, list(told)).faults()


def test_a_history_in_order_has_no_fault() -> None:
    assert faults(*RIGHT) == []


def test_calls_at_the_same_time_may_return_either_state() -> None:
    long_call = Told(Call.GET, 2.5, 7, 2, State.SUBMITTING)
    assert faults(*RIGHT, long_call) == []


def test_a_watch_may_tell_a_state_after_another_client_has_seen_a_newer_one() -> None:
    ahead = Told(Call.GET, 1.5, 1.8, 3, State.RUNNING)
    assert faults(*RIGHT, ahead) == []


@pytest.mark.parametrize("call", [Call.CREATE, Call.GET, Call.CANCEL])
def test_an_older_state_after_a_newer_one_is_found(call: Call) -> None:
    late = Told(call, 3.2, 3.4, 2, State.SUBMITTING)
    [fault] = faults(*RIGHT, late)
    assert fault == (
        "an older state was returned: WATCH 1.000 to 3.000: 3 RUNNING; "
        f"then {call.name} 3.200 to 3.400: 2 SUBMITTING"
    )


def test_an_older_state_after_a_get_through_another_replica_is_found() -> None:
    late = Told(Call.GET, 4.5, 5, 2, State.SUBMITTING)
    assert any("older" in fault for fault in faults(*RIGHT, late))


def test_two_contents_of_one_revision_are_found() -> None:
    [fault] = faults(*RIGHT, replace(GOT, content="another"))
    assert fault.startswith("one revision has two contents")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.RUNNING, State.QUEUED),
        (State.RUNNING, State.SUBMITTING),
        (State.SUCCEEDED, State.FAILED),
        (State.FAILED, State.SUCCEEDED),
        (State.FAILED, State.RUNNING),
    ],
)
def test_a_state_that_cannot_follow_is_found(before: int, after: int) -> None:
    told = Told(Call.GET, 2, 3, 2, before), Told(Call.GET, 4, 5, 3, after)
    end = Told(Call.WATCH, 1, 6, 4, State.FAILED)
    assert any("cannot follow" in fault for fault in faults(CREATED, *told, end))


def test_a_repeated_attempt_is_allowed() -> None:
    again = Told(Call.GET, 2, 2.5, 3, State.QUEUED)
    end = Told(Call.WATCH, 1, 6, 5, State.FAILED)
    assert faults(CREATED, SUBMITTING, again, end) == []


def test_what_is_seen_before_it_was_created_is_found() -> None:
    [fault] = History(0.5, None, [replace(CREATED, ended=0.2), ENDED]).faults()
    assert fault.startswith("it was seen before it was created")


def test_a_cancellation_by_nobody_or_before_it_was_called_is_found() -> None:
    end = Told(Call.WATCH, 1, 6, 4, State.CANCELLED, is_cancelled=True)
    assert faults(CREATED, end, cancelled=5) == []
    for cancelled in (None, 7.0):
        [fault] = faults(CREATED, end, cancelled=cancelled)
        assert fault.startswith("it was cancelled before anybody cancelled it")


def test_a_watch_that_repeats_or_goes_on_or_stops_early_is_found() -> None:
    [repeated] = faults(CREATED, SUBMITTING, SUBMITTING, ENDED)
    assert repeated.startswith("a watch went back")
    [went_on] = faults(*RIGHT, replace(ENDED, ended=7, revision=5))
    assert went_on.startswith("a watch went on after the end")
    assert faults(CREATED, SUBMITTING) == ["a watch did not reach the end"]


@pytest.mark.parametrize("seed", range(20))
def test_every_history_of_a_real_register_passes_and_fails_once_one_read_is_older(
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    writes = sorted(chance.uniform(0, 100) for _ in range(30))
    told = [Told(Call.CREATE, 0, 0, 0, State.QUEUED)]
    for _ in range(200):
        begun = chance.uniform(0, 100)
        ended = begun + chance.expovariate(0.3)
        # The state at a random moment of the call.
        moment = chance.uniform(begun, ended)
        revision = sum(write <= moment for write in writes)
        told.append(Told(Call.GET, begun, ended, revision, State.QUEUED))
    end = Told(Call.WATCH, 0, 300, 31, State.SUCCEEDED)
    assert faults(*told, end) == []

    newest = max(told, key=lambda each: each.revision)
    stale = Told(Call.GET, newest.ended + 1, newest.ended + 2, newest.revision - 1, State.QUEUED)
    assert any("older" in fault for fault in faults(*told, stale, end))
