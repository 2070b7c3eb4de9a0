# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What an operation is, and the events that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


class State(Enum):
    """Where in its life an operation is; the values are the contract's names."""

    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        return self in _TERMINAL


_TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


class Code(Enum):
    """The google.rpc.Code numbers that an operation's error may have."""

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
        reason: The contract's ErrorReason, without its prefix.
        message: For the caller; holds no secret.
        metadata: Whatever varies in the message.
        details: Further google.rpc details of the upstream, each a serialised
            google.protobuf.Any.
    """

    code: Code
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    details: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """Where a video lies and what is known of it.

    Attributes:
        location: A key of the object store, or the address at the upstream: `gs://` in a
            bucket of the caller's, `https://` among files that the upstream keeps.
        mime_type: The media type.
        size_bytes: The size, once known.
        sha256: 64 lower-case hexadecimal digits, once known, else empty.
        seed: The seed that made it, where known.
        expire_time: When the upstream deletes it, None where it does not.
    """

    location: str
    mime_type: str = "video/mp4"
    size_bytes: int | None = None
    sha256: str = ""
    seed: int | None = None
    expire_time: datetime | None = None

    @property
    def at_upstream(self) -> bool:
        """Whether the bytes lie at an address, not in the object store."""
        return "://" in self.location

    @property
    def in_callers_bucket(self) -> bool:
        """Whether the caller can name the bytes too."""
        return self.location.startswith("gs://")


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """All that is stored of an operation but its request, which never changes.

    Every change makes a new record whose revision is greater by one. `may_have_started` is set
    once the outcome of a submission was not known and it was allowed to send another.
    `last_refusal` is why the last submission started nothing, until one is accepted.
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

    @property
    def done(self) -> bool:
        """Whether the operation has ended."""
        return self.state.done

    def waits_until(self, longest: timedelta) -> datetime:
        """Return when a wait for the upstream ends that lasts no longer than this."""
        end = self.create_time + longest
        return min(end, self.queue_deadline or end)


@dataclass(frozen=True, slots=True)
class SubmissionStarted:
    """The request is about to be sent. Stored before the upstream is called."""


@dataclass(frozen=True, slots=True)
class SubmissionAccepted:
    """The upstream took the request."""

    upstream_operation: str
    estimated_finish_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubmissionPostponed:
    """The request is sent again at `next_retry_time`.

    Nothing has started, or `may_have_started` and another may be sent nevertheless.
    `refusal` is why, in the upstream's words where it had some.
    """

    next_retry_time: datetime
    may_have_started: bool = False
    refusal: Failure | None = None


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """Watchers are told where a waiting operation is in the queue, 1 for the next."""

    queue_position: int
    estimated_start_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Another model serves a waiting operation; `warning` says why."""

    served_model: str
    warning: str
    cost_micros: int | None


@dataclass(frozen=True, slots=True)
class Relocated:
    """Another region serves a waiting operation, by the same model."""

    upstream: str


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A caller wants the operation to end."""


@dataclass(frozen=True, slots=True)
class CancelConfirmed:
    """A running operation is given up; `warning` says what may still be billed."""

    warning: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The upstream finished; the videos are readable where they are said to be."""

    videos: tuple[StoredVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()
    billed_seconds: float | None = None
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The operation ends with an error; `may_be_billed` if something may have started."""

    failure: Failure
    may_be_billed: bool = False


@dataclass(frozen=True, slots=True)
class VideoMeasured:
    """A full pass over a video found its size and digest."""

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
    | VideoMeasured
)


class IllegalTransition(Exception):
    """The event does not fit the state: a defect of the server, or a lost race."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{type(event).__name__} in state {state.value}")
        self.state = state
        self.event = event
