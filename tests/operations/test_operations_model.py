# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The complete transition table: every state with every event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from longtake_server.operations.model import (
    CancelConfirmed,
    CancelRequested,
    Code,
    Event,
    Failed,
    Failure,
    IllegalTransition,
    LateSuccess,
    OperationRecord,
    QueueMoved,
    Rerouted,
    State,
    StoredVideo,
    SubmissionAccepted,
    SubmissionPostponed,
    SubmissionStarted,
    Succeeded,
    VideoMeasured,
)
from longtake_server.operations.transition import transition

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
RETENTION = timedelta(days=30)
FAILURE = Failure(Code.INTERNAL, "UPSTREAM_FAILED", "it failed")

EVENTS: list[Event] = [
    SubmissionStarted(),
    SubmissionAccepted("upstream/1"),
    SubmissionPostponed(LATER),
    CancelRequested(),
    CancelConfirmed("may be billed"),
    Succeeded((StoredVideo("a"),)),
    Failed(FAILURE),
    VideoMeasured(0, 7, "ab"),
    QueueMoved(2),
    Rerouted("other", "why", None),
    LateSuccess(8.0, 300),
]

# The next state, or None if the event is refused.
TABLE: dict[State, list[State | None]] = {
    State.QUEUED: [
        State.SUBMITTING, None, None, State.CANCELLED, None, None, State.FAILED, None,
        State.QUEUED, State.QUEUED, None,
    ],
    State.SUBMITTING: [
        None, State.RUNNING, State.QUEUED, State.SUBMITTING, State.CANCELLED, None, State.FAILED,
        None, None, None, None,
    ],
    State.RUNNING: [
        None, None, None, State.RUNNING, State.CANCELLED, State.SUCCEEDED, State.FAILED, None,
        None, None, None,
    ],
    State.SUCCEEDED: [
        None, None, None, State.SUCCEEDED, None, None, None, State.SUCCEEDED, None, None,
        None,
    ],
    State.FAILED: [None, None, None, State.FAILED, None, None, None, None, None, None, None],
    State.CANCELLED: [
        None, None, None, State.CANCELLED, None, None, None, None, None, None, None,
    ],
}  # fmt: skip


def record_in(state: State) -> OperationRecord:
    return OperationRecord(
        name="operations/1",
        revision=3,
        state=state,
        model="veo",
        served_model="veo",
        upstream="simulator",
        create_time=NOW,
        update_time=NOW,
        request_digest=b"",
        videos=(StoredVideo("a"),) if state is State.SUCCEEDED else (),
        cost_micros=400,
    )


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("position", range(len(EVENTS)))
def test_every_state_with_every_event(state: State, position: int) -> None:
    event, expected = EVENTS[position], TABLE[state][position]
    record = record_in(state)
    if expected is None:
        with pytest.raises(IllegalTransition, match=state.value):
            transition(record, event, LATER, RETENTION)
        return
    changed = transition(record, event, LATER, RETENTION)
    assert changed.state is expected
    if changed is not record:
        assert changed.revision == record.revision + 1
        assert changed.update_time == LATER


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_cancelling_what_has_ended_changes_nothing(state: State) -> None:
    record = record_in(state)
    assert transition(record, CancelRequested(), LATER, RETENTION) is record


def test_the_end_sets_end_and_expiry_once() -> None:
    ended = transition(record_in(State.RUNNING), EVENTS[5], LATER, RETENTION)
    assert ended.end_time == LATER
    assert ended.expire_time == LATER + RETENTION
    measured = transition(ended, EVENTS[7], LATER + RETENTION, RETENTION)
    assert measured.end_time == LATER
    assert measured.videos[0].size_bytes == 7


def test_time_never_runs_backwards_in_a_record() -> None:
    changed = transition(
        record_in(State.QUEUED), SubmissionStarted(), NOW - timedelta(hours=1), RETENTION
    )
    assert changed.update_time == NOW


def test_a_postponed_submission_is_counted_and_waits() -> None:
    sent = transition(record_in(State.QUEUED), SubmissionStarted(), NOW, RETENTION)
    assert sent.attempts == 1
    waiting = transition(sent, SubmissionPostponed(LATER), NOW, RETENTION)
    assert waiting.next_retry_time == LATER
    assert transition(waiting, SubmissionStarted(), LATER, RETENTION).next_retry_time is None


def test_a_postponed_submission_that_was_cancelled_ends() -> None:
    record = replace(record_in(State.SUBMITTING), cancel_requested=True)
    ended = transition(record, SubmissionPostponed(LATER), NOW, RETENTION)
    assert ended.state is State.CANCELLED
    assert ended.cost_micros == 0


def test_a_cancelled_running_operation_keeps_its_estimate_and_warns() -> None:
    ended = transition(record_in(State.RUNNING), CancelConfirmed("may be billed"), NOW, RETENTION)
    assert ended.cost_micros == 400
    assert ended.warnings == ("may be billed",)
    assert ended.failure is not None
    assert ended.failure.code is Code.CANCELLED


@pytest.mark.parametrize(("may_be_billed", "cost"), [(False, 0), (True, 400)])
def test_a_failure_releases_the_cost_unless_it_may_be_billed(
    may_be_billed: bool, cost: int
) -> None:
    event = Failed(FAILURE, may_be_billed=may_be_billed)
    assert transition(record_in(State.RUNNING), event, NOW, RETENTION).cost_micros == cost


def failed_for(reason: str, upstream_operation: str = "up/1") -> OperationRecord:
    """Return a record that failed for this reason."""
    running = replace(record_in(State.RUNNING), upstream_operation=upstream_operation)
    event = Failed(Failure(Code.ABORTED, reason, "it failed"), may_be_billed=True)
    return transition(running, event, NOW, RETENTION)


@pytest.mark.parametrize("reason", ["GENERATION_TIMEOUT", "UPSTREAM_LOST", "UPSTREAM_REJECTED"])
def test_a_late_success_settles_once_and_changes_neither_state_nor_error(reason: str) -> None:
    failed = failed_for(reason)
    late = transition(failed, LateSuccess(8.0, 300), LATER, RETENTION)
    assert (late.late_success, late.billed_seconds, late.cost_micros) == (True, 8.0, 300)
    [warning] = late.warnings
    assert "its videos are not kept, but may be billed" in warning
    assert late == replace(
        failed,
        revision=failed.revision + 1,
        update_time=LATER,
        late_success=True,
        warnings=late.warnings,
        billed_seconds=8.0,
        cost_micros=300,
    )
    with pytest.raises(IllegalTransition, match="LateSuccess in state FAILED"):
        transition(late, LateSuccess(8.0, 300), LATER, RETENTION)


@pytest.mark.parametrize(
    ("reason", "upstream_operation"),
    [
        ("UPSTREAM_FAILED", "up/1"),
        ("RESULT_NOT_STORED", "up/1"),
        ("QUEUE_TIMEOUT", ""),
        ("SUBMISSION_OUTCOME_UNKNOWN", ""),
        ("UPSTREAM_REJECTED", ""),
    ],
)
def test_what_surely_failed_or_has_no_name_does_not_succeed_late(
    reason: str, upstream_operation: str
) -> None:
    with pytest.raises(IllegalTransition):
        transition(failed_for(reason, upstream_operation), LateSuccess(), LATER, RETENTION)
