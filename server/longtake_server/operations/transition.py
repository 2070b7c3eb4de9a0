# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The state machine of an operation: a pure function from a record and an event to a new record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

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
    Relocated,
    Rerouted,
    State,
    SubmissionAccepted,
    SubmissionPostponed,
    SubmissionStarted,
    Succeeded,
    VideoMeasured,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

_OUTCOME_UNKNOWN = "a submission has an unknown outcome and may be billed"

_FINISHED_LATE = (
    "the upstream finished the generation after the operation had failed: its videos are not kept, "
    "but may be billed"
)

_ALLOWED_STATES: Mapping[type[Event], frozenset[State]] = {
    SubmissionStarted: frozenset({State.QUEUED}),
    SubmissionAccepted: frozenset({State.SUBMITTING, State.FAILED}),
    SubmissionPostponed: frozenset({State.SUBMITTING}),
    QueueMoved: frozenset({State.QUEUED}),
    Rerouted: frozenset({State.QUEUED}),
    Relocated: frozenset({State.QUEUED}),
    CancelRequested: frozenset(State),
    CancelConfirmed: frozenset({State.SUBMITTING, State.RUNNING}),
    Succeeded: frozenset({State.RUNNING}),
    Failed: frozenset({State.QUEUED, State.SUBMITTING, State.RUNNING}),
    LateSuccess: frozenset({State.FAILED}),
    VideoMeasured: frozenset({State.SUCCEEDED}),
}


def transition(
    record: OperationRecord, event: Event, now: datetime, retention: timedelta
) -> OperationRecord:
    """Return the record after the event, or the same record if nothing changes.

    Args:
        record: The newest record.
        event: What happened.
        now: The wall-clock time. A record's times never go backwards even if the clock does.
        retention: How long an operation is kept after it ends.

    Raises:
        IllegalTransition: The event is not allowed in the record's state.

    """
    if record.state not in _ALLOWED_STATES[type(event)] or not _is_still_open(record, event):
        raise IllegalTransition(record.state, event)
    now = max(now, record.update_time)
    changed = _apply(record, event, now)
    if changed == record:
        return record
    if changed.done and not record.done:
        changed = replace(
            changed,
            end_time=now,
            expire_time=now + retention,
            next_retry_time=None,
            queue_position=None,
            estimated_start_time=None,
            cancel_requested=False,
        )
    return replace(changed, revision=record.revision + 1, update_time=now)


def _is_still_open(record: OperationRecord, event: Event) -> bool:
    """Return whether a failed operation can still learn what became of its generation."""
    if isinstance(event, LateSuccess):
        return record.may_succeed_late
    if isinstance(event, SubmissionAccepted) and record.state is State.FAILED:
        return record.has_unknown_outcome and not record.upstream_operation
    return True


def _apply(record: OperationRecord, event: Event, now: datetime) -> OperationRecord:
    match event:
        case SubmissionStarted():
            return replace(
                record,
                state=State.SUBMITTING,
                attempts=record.attempts + 1,
                next_retry_time=None,
                queue_position=None,
                estimated_start_time=None,
            )
        case SubmissionAccepted():
            return _accepted(record, event, now)
        case SubmissionPostponed():
            return _postponed(record, event)
        case QueueMoved() | Rerouted() | Relocated():
            return _still_queued(record, event)
        case CancelRequested():
            return _cancel(record)
        case CancelConfirmed():
            return _cancelled(replace(record, warnings=(*record.warnings, event.warning)))
        case Succeeded():
            return replace(
                record,
                state=State.SUCCEEDED,
                videos=event.videos,
                filtered_count=event.filtered_count,
                filtered_reasons=event.filtered_reasons,
                billed_seconds=event.billed_seconds,
                cost_micros=event.cost_micros,
            )
        case Failed():
            ended = record if event.may_be_billed else _without_cost(record)
            return replace(ended, state=State.FAILED, failure=event.failure)
        case LateSuccess() | VideoMeasured():
            return _after_the_end(record, event)
        case _:
            assert_never(event)


def _accepted(record: OperationRecord, event: SubmissionAccepted, now: datetime) -> OperationRecord:
    if record.done:
        # Another engine ended it as unknown. The upstream's name tells what may be billed.
        return replace(record, upstream_operation=event.upstream_operation)
    return replace(
        record,
        state=State.RUNNING,
        upstream_operation=event.upstream_operation,
        submit_time=now,
        estimated_finish_time=event.estimated_finish_time,
        last_refusal=None,
    )


def _postponed(record: OperationRecord, event: SubmissionPostponed) -> OperationRecord:
    if event.may_have_started:
        record = replace(record, may_have_started=True)
    if event.refusal is not None:
        record = replace(record, last_refusal=event.refusal)
    if record.cancel_requested:
        return _cancelled_before_acceptance(record)
    return replace(record, state=State.QUEUED, next_retry_time=event.next_retry_time)


def _still_queued(
    record: OperationRecord, event: QueueMoved | Rerouted | Relocated
) -> OperationRecord:
    if isinstance(event, QueueMoved):
        return replace(
            record,
            queue_position=event.queue_position,
            estimated_start_time=event.estimated_start_time,
        )
    moved = replace(record, next_retry_time=None, queue_position=None, estimated_start_time=None)
    if isinstance(event, Relocated):
        return replace(moved, upstream=event.upstream)
    return replace(
        moved,
        served_model=event.served_model,
        warnings=(*record.warnings, event.warning),
        cost_micros=event.cost_micros,
    )


def _cancel(record: OperationRecord) -> OperationRecord:
    if record.done:
        return record
    if record.state is State.QUEUED:
        return _cancelled_before_acceptance(record)
    return replace(record, cancel_requested=True)


def _cancelled_before_acceptance(record: OperationRecord) -> OperationRecord:
    if record.may_have_started:
        record = replace(record, warnings=(*record.warnings, _OUTCOME_UNKNOWN))
    return _cancelled(_without_cost(record))


def _without_cost(record: OperationRecord) -> OperationRecord:
    """Release the cost and what is reserved if certainly nothing has started."""
    if record.may_have_started:
        return record
    return replace(
        record,
        cost_micros=None if record.cost_micros is None else 0,
        reserved_micros=None if record.reserved_micros is None else 0,
        reserved_milliseconds=0,
    )


def _cancelled(record: OperationRecord) -> OperationRecord:
    failure = Failure(Code.CANCELLED, "CANCELLED", "the operation was cancelled")
    return replace(record, state=State.CANCELLED, failure=failure)


def _after_the_end(record: OperationRecord, event: LateSuccess | VideoMeasured) -> OperationRecord:
    if isinstance(event, LateSuccess):
        return replace(
            record,
            late_success=True,
            warnings=(*record.warnings, _FINISHED_LATE),
            billed_seconds=event.billed_seconds,
            cost_micros=event.cost_micros,
        )
    video = replace(record.videos[event.index], size_bytes=event.size_bytes, sha256=event.sha256)
    videos = (*record.videos[: event.index], video, *record.videos[event.index + 1 :])
    return replace(record, videos=videos)
