# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The stored record of an operation, and the events that change it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from longtake_server.frozen import frozen_by_types
from longtake_server.telemetry.traces import TraceContext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta


class State(Enum):
    """The state of an operation. The values are the names in the API."""

    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    def __init__(self, name: str) -> None:
        # An attribute, because each creation reads it several times, and members are slow to find.
        self.done = name in {"SUCCEEDED", "FAILED", "CANCELLED"}
        """Whether the state is terminal."""


OUTCOME_UNKNOWN = "SUBMISSION_OUTCOME_UNKNOWN"
"""The reason of the failure of an operation that may have been accepted upstream."""

# The failures after which the generation may go on: the upstream accepted it, and was no longer
# asked, or did not say that it failed.
_MAY_GO_ON = frozenset({"GENERATION_TIMEOUT", "UPSTREAM_LOST", "UPSTREAM_REJECTED"})


class Code(Enum):
    """The google.rpc.Code values that an operation's error may have."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an operation failed.

    Attributes:
        code: The canonical code.
        reason: The name of the ErrorReason without its prefix.
        message: The text for the caller. Contains no secret.
        metadata: The variable parts of the message.
        details: Further google.rpc details from the upstream, each a serialised
            google.protobuf.Any.
    """

    code: Code
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    details: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """The location and the properties of a result video.

    Attributes:
        location: A key in the media store, or an address at the upstream: `gs://` for a bucket of
            the caller, `https://` for a file that the upstream keeps.
        mime_type: The media type.
        size_bytes: The size, None until known.
        sha256: The digest as 64 lower-case hexadecimal digits, empty until known.
        seed: The seed of the generation, None if unknown.
        expire_time: When the upstream deletes the video, None if it does not.
    """

    location: str
    mime_type: str = "video/mp4"
    size_bytes: int | None = None
    sha256: str = ""
    seed: int | None = None
    expire_time: datetime | None = None

    @property
    def at_upstream(self) -> bool:
        """Whether the bytes are at the upstream rather than in the media store."""
        return "://" in self.location

    @property
    def in_callers_bucket(self) -> bool:
        """Whether the caller can also read the bytes from Cloud Storage."""
        return self.location.startswith("gs://")


@frozen_by_types
@dataclass(frozen=True, slots=True, order=True)
class Charge:
    """A budget, in one of its periods, to which an operation is charged.

    Attributes:
        subject: `principal/{id}` or `label/{key}={value}`.
        period_key: The key of the period, as operations.budgets.periods makes it.
    """

    subject: str
    period_key: str


@frozen_by_types
@dataclass(frozen=True, slots=True)
class OperationRecord:
    """The stored state of an operation, except its request, which never changes.

    Each change creates a new record with the next revision. `may_have_started` is set once a
    submission had an unknown outcome and the operation was queued again. `last_refusal` is why the
    latest submission started nothing; it is cleared when one is accepted. `reserved_micros` and
    `reserved_milliseconds` are the most that the operation can cost and generate; they are reserved
    in each of its `charges` until it ends, and 0 once it ends with certainly nothing started.
    `late_success` is set once if the generation is seen to have succeeded after the operation
    failed. `webhook` is the id of the caller's webhook that gets the events, empty for none.
    """

    name: str
    revision: int
    state: State
    model: str
    served_model: str
    upstream: str
    create_time: datetime
    update_time: datetime
    request_digest: bytes
    request_id: str = ""
    caller: str = ""
    upstream_operation: str = ""
    submit_time: datetime | None = None
    end_time: datetime | None = None
    expire_time: datetime | None = None
    estimated_finish_time: datetime | None = None
    attempts: int = 0
    next_retry_time: datetime | None = None
    queue_deadline: datetime | None = None
    resubmit_if_unknown: bool = False
    may_have_started: bool = False
    cancel_requested: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    traceparent: str = ""
    failure: Failure | None = None
    videos: tuple[StoredVideo, ...] = ()
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    billed_seconds: float | None = None
    cost_micros: int | None = None
    priority: int = 0
    queue_position: int | None = None
    estimated_start_time: datetime | None = None
    last_refusal: Failure | None = None
    prompt_excerpt: str = ""
    reserved_micros: int | None = None
    reserved_milliseconds: int = 0
    charges: tuple[Charge, ...] = ()
    late_success: bool = False
    tracestate: str = ""
    webhook: str = ""
    webhook_metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def trace(self) -> TraceContext:
        """The trace of the call that created the operation."""
        return TraceContext(self.traceparent, self.tracestate)

    @property
    def done(self) -> bool:
        """Whether the operation has ended."""
        return self.state.done

    @property
    def has_unknown_outcome(self) -> bool:
        """Whether the operation failed because nobody knows whether it was accepted upstream."""
        return self.failure is not None and self.failure.reason == OUTCOME_UNKNOWN

    @property
    def may_succeed_late(self) -> bool:
        """Whether the operation failed, and its generation may still be seen to succeed."""
        return (
            self.failure is not None
            and self.state is State.FAILED
            and self.failure.reason in _MAY_GO_ON
            and self.upstream_operation != ""
            and not self.late_success
        )

    def charged_to(self, charges: tuple[Charge, ...]) -> OperationRecord:
        """Return the record with these charges, faster than dataclasses.replace."""
        values = list(_values_of(self))
        values[_CHARGES] = charges
        return OperationRecord(*values)

    def waits_until(self, longest: timedelta) -> datetime:
        """Return the end of the wait in the queue: after `longest`, or at the queue deadline."""
        end = self.create_time + longest
        return min(end, self.queue_deadline or end)


_FIELDS = tuple(each.name for each in fields(OperationRecord))
_CHARGES = _FIELDS.index("charges")
_values_of: Callable[[OperationRecord], tuple[Any, ...]] = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class SubmissionStarted:
    """The request is about to be submitted. Stored before the upstream is called."""


@dataclass(frozen=True, slots=True)
class SubmissionAccepted:
    """The upstream accepted the request."""

    upstream_operation: str
    estimated_finish_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubmissionPostponed:
    """The request is queued again and submitted at `next_retry_time`.

    Either nothing has started, or `may_have_started` is set and the caller allows another
    submission. `refusal` is the reason, in the upstream's words if it gave any.
    """

    next_retry_time: datetime
    may_have_started: bool = False
    refusal: Failure | None = None


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """The queue position of a watched operation changed; 1 is next."""

    queue_position: int
    estimated_start_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A queued operation moves to another model; `warning` tells the caller why."""

    served_model: str
    warning: str
    cost_micros: int | None


@dataclass(frozen=True, slots=True)
class Relocated:
    """A queued operation moves to another region with the same model."""

    upstream: str


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A caller asked to cancel the operation."""


@dataclass(frozen=True, slots=True)
class CancelConfirmed:
    """A submitted or running operation is cancelled; `warning` says what may be billed."""

    warning: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The generation succeeded, and the videos are readable at their locations."""

    videos: tuple[StoredVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()
    billed_seconds: float | None = None
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The operation failed; `may_be_billed` is set if a generation may have started."""

    failure: Failure
    may_be_billed: bool = False


@dataclass(frozen=True, slots=True)
class LateSuccess:
    """The generation of a failed operation is seen to have succeeded. Its videos are not kept."""

    billed_seconds: float | None = None
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class VideoMeasured:
    """A full read of a video determined its size and digest."""

    index: int
    size_bytes: int
    sha256: str


Event = (
    SubmissionStarted
    | SubmissionAccepted
    | SubmissionPostponed
    | QueueMoved
    | Rerouted
    | Relocated
    | CancelRequested
    | CancelConfirmed
    | Succeeded
    | Failed
    | LateSuccess
    | VideoMeasured
)


class IllegalTransition(Exception):
    """The event is not allowed in the state: the operation changed, or the server has a bug."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{type(event).__name__} in state {state.value}")
        self.state = state
        self.event = event
