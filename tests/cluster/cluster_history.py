# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what the clients of a cluster were told about one operation.

An operation is a register whose values are its revisions. Each value is written once, and the
revisions say in which order. For such a register a history is linearisable exactly if all who saw
a revision saw the same, no call that promises the newest state returns an older revision than one
that anybody had been told before the call began, and nobody sees a write before it began. So no
search over orders is needed. A watch promises less: its own revisions rise, and what it has told
counts as told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING

from longtake.v1.operation_pb2 import GenerateVideosMetadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longtake.v1.operation_pb2 import GenerateVideosOperation

State = GenerateVideosMetadata.State
_ENDS = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
_WAITING = frozenset({State.QUEUED, State.SUBMITTING})
# The states that may follow, directly or after revisions that nobody saw.
_LATER: Mapping[int, frozenset[int]] = {
    State.QUEUED: _WAITING | _ENDS | {State.RUNNING},
    State.SUBMITTING: _WAITING | _ENDS | {State.RUNNING},
    State.RUNNING: _ENDS | {State.RUNNING},
    State.SUCCEEDED: frozenset({State.SUCCEEDED}),
    State.FAILED: frozenset({State.FAILED}),
    State.CANCELLED: frozenset({State.CANCELLED}),
}


class Call(Enum):
    """What a client called."""

    CREATE = auto()
    GET = auto()
    CANCEL = auto()
    WATCH = auto()


@dataclass(frozen=True, slots=True)
class Told:
    """A state of the operation that a client was given.

    Attributes:
        call: What it had called.
        begun: When the call began, in seconds of one monotonic clock.
        ended: When the state arrived.
        revision: The revision.
        state: The state.
        is_cancelled: Whether the operation is cancelled, or its cancellation was requested.
        content: What else must be the same for all who see this revision.
    """

    call: Call
    begun: float
    ended: float
    revision: int
    state: int
    is_cancelled: bool = False
    content: object = None

    @classmethod
    def of(cls, call: Call, begun: float, ended: float, operation: GenerateVideosOperation) -> Told:
        metadata = operation.metadata
        return cls(
            call,
            begun,
            ended,
            operation.revision,
            metadata.state,
            metadata.cancel_requested or metadata.state == State.CANCELLED,
            (metadata.attempts, metadata.update_time.ToNanoseconds(), operation.done),
        )

    def __str__(self) -> str:
        state = State.Name(State.ValueType(self.state))
        return f"{self.call.name} {self.begun:.3f} to {self.ended:.3f}: {self.revision} {state}"


@dataclass(slots=True)
class History:
    """All that was told about one operation.

    Attributes:
        created: When the first attempt to create it began.
        cancelled: When the first attempt to cancel it began. None if there was none.
        told: What was told, of each call in the order of arrival.
    """

    created: float
    cancelled: float | None = None
    told: list[Told] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return what contradicts the contract, as sentences."""
        return [
            *self._different(),
            *self._stale(),
            *self._too_early(),
            *self._impossible(),
            *self._watched_back(),
        ]

    @property
    def watched(self) -> Sequence[Told]:
        """What its watcher was told."""
        return [each for each in self.told if each.call is Call.WATCH]

    def _different(self) -> Iterator[str]:
        first: dict[int, Told] = {}
        for each in self.told:
            known = first.setdefault(each.revision, each)
            if (known.state, known.is_cancelled, known.content) != (
                *(each.state, each.is_cancelled),
                each.content,
            ):
                yield f"one revision has two contents: {known}; {each}"

    def _stale(self) -> Iterator[str]:
        """Find calls that returned less than what had been told before they began."""
        arrivals = sorted(self.told, key=lambda each: each.ended)
        newest: Told | None = None
        arrived = 0
        for each in sorted(self.told, key=lambda each: each.begun):
            while arrived < len(arrivals) and arrivals[arrived].ended < each.begun:
                if newest is None or arrivals[arrived].revision > newest.revision:
                    newest = arrivals[arrived]
                arrived += 1
            if each.call is Call.WATCH or newest is None:
                continue
            if each.revision < newest.revision:
                yield f"an older state was returned: {newest}; then {each}"

    def _too_early(self) -> Iterator[str]:
        for each in self.told:
            if each.ended < self.created:
                yield f"it was seen before it was created: {each}"
            is_explained = self.cancelled is not None and self.cancelled <= each.ended
            if each.is_cancelled and not is_explained:
                yield f"it was cancelled before anybody cancelled it: {each}"

    def _impossible(self) -> Iterator[str]:
        in_order = sorted(self.told, key=lambda each: each.revision)
        for before, after in pairwise(in_order):
            if after.state not in _LATER[before.state]:
                yield f"a state cannot follow: {before}; then {after}"

    def _watched_back(self) -> Iterator[str]:
        for before, after in pairwise(self.watched):
            if after.revision <= before.revision:
                yield f"a watch went back: {before}; then {after}"
            if before.state in _ENDS:
                yield f"a watch went on after the end: {before}; then {after}"
        if not self.watched or self.watched[-1].state not in _ENDS:
            yield "a watch did not reach the end"
