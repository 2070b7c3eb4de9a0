# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to storage: records, their requests, their changes, and the work to do.

tests/storage holds one suite that every implementation passes. Every method may
raise StorageUnavailable, with nothing changed; a caller may try again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import add, attrgetter, sub
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.operations.model import OperationRecord, State


class RevisionConflict(Exception):
    """The record changed meanwhile. Read it again and decide again."""


class LeaseLost(Exception):
    """The work belongs to another owner now, or is gone. Let go of it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which operations; None and empty mean any. All parts must match.

    Attributes:
        caller: The owner.
        states: The states.
        model: The model that was asked for.
        labels: Pairs that the labels must hold.
    """

    caller: str | None = None
    states: frozenset[State] = frozenset()
    model: str | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def is_of(self, caller: str) -> bool:
        """Whether a caller's operations may be among these."""
        return self.caller is None or caller == self.caller

    def matches(self, record: OperationRecord) -> bool:
        """Whether the record is one of these operations."""
        return (
            self.is_of(record.caller)
            and (not self.states or record.state in self.states)
            and (self.model is None or record.model == self.model)
            and all(record.labels.get(key) == value for key, value in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes:
        records: The newest first.
        next_cursor: Where the next page starts, or None.
    """

    records: tuple[OperationRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it is after its latest change, or that it is gone.

    Attributes:
        position: Counts the changes of the whole store; strictly increasing.
        name: The operation.
        caller: Whose it is.
        record: None when it was deleted or expired.
    """

    position: int
    name: str
    caller: str
    record: OperationRecord | None


@dataclass(frozen=True, slots=True)
class Work:
    """An operation that wants a step, leased to one owner.

    Attributes:
        name: The operation.
        owner: Who leased it.
        due: When it became due.
    """

    name: str
    owner: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """Generations that are alike in what decides how long they take.

    Attributes:
        upstream: Who generates.
        model: The model that serves them.
        resolution: For example `720p`.
        seconds: The length of the video.
    """

    upstream: str
    model: str
    resolution: str
    seconds: int


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """What usage is kept by.

    Attributes:
        day: Of acceptance, UTC.
        caller: The owner; empty where callers are not told apart.
        model: The model that serves.
    """

    day: date
    caller: str
    model: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over operations. Those that were accepted and are in no other count go on.

    Attributes:
        accepted: All of them.
        succeeded: Those that ended with a result.
        failed: Those that ended with an error.
        cancelled: Those that were cancelled.
        deleted: Those that were deleted before their end.
        unpriced: Those without a known price, which the sums of money leave out.
        billed_milliseconds: Of video delivered.
        reserved_micros: What those that go on will cost, in millionths of a US dollar.
        settled_micros: What the others cost. Where nobody can say whether the upstream bills,
            it is what was reserved.
    """

    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    deleted: int = 0
    unpriced: int = 0
    billed_milliseconds: int = 0
    reserved_micros: int = 0
    settled_micros: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sums over both."""
        return Usage(*map(add, sums_of(self), sums_of(other)))

    def __sub__(self, other: Usage) -> Usage:
        """Return what is left without the other."""
        return Usage(*map(sub, sums_of(self), sums_of(other)))


SUMS = tuple(field.name for field in fields(Usage))
"""The names of the sums, in their order."""

sums_of: Callable[[Usage], tuple[int, ...]] = attrgetter(*SUMS)
"""Returns the sums in their order."""


class OperationStore(Protocol):
    """Where operations live. All times are given, none is read from a clock."""

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime | None = None,
    ) -> OperationRecord:
        """Store a new operation, its request and its work (due at create_time if not said) at once.

        If the record has a request_id that the caller used before, return the
        record that is stored for it and store nothing; compare its
        request_digest. A deleted operation's request_id is still known.

        Raises:
            OperationDeleted, OperationExpired: The request_id is of an operation
                that is gone.

        """

    async def get(self, name: str) -> OperationRecord:
        """Return the newest record.

        Raises:
            OperationNotFound: There never was one.
            OperationDeleted: It was deleted.
            OperationExpired: It was removed by retention.

        """

    async def get_request(self, name: str) -> GenerateVideosRequest:
        """Return the request as it was stored. Raises as `get`."""

    async def find_by_upstream(self, upstream_operation: str) -> str | None:
        """Return the name of the operation that an upstream knows by this name.

        If it is several upstreams' name, the newest operation's; None if nobody's,
        and for an empty name, which an operation has before it is accepted.
        """

    async def update(self, record: OperationRecord, expected_revision: int) -> None:
        """Replace the record if it still has the expected revision.

        A record that is done loses its work in the same transaction.

        Raises:
            RevisionConflict: It has another revision.
            OperationNotFound, OperationDeleted, OperationExpired: As `get`.

        """

    async def list(self, wanted: Filter, limit: int, cursor: str | None = None) -> Page:
        """Return the newest operations by create_time and name, at most `limit`.

        Args:
            wanted: Which operations.
            limit: At least 1.
            cursor: `next_cursor` of the page before. Opaque; one that this store
                did not make raises ValueError.

        """

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """Remove record, request and work; keep a tombstone. Return the last record.

        Raises as `get`.
        """

    async def changes(self, after: int, limit: int, *, begun: int = 0) -> Sequence[Change]:
        """Return the changes after a position in order, each operation at most once.

        After position 0, which says that the caller has seen nothing, all that
        is stored is returned, however old; then forgotten deletions do not matter.

        Args:
            after: The position of the last change that the caller has.
            limit: At least 1.
            begun: The store's position when the caller began, if it had seen
                nothing then: forgotten deletions up to it do not matter while
                it reads on from 0 part by part.

        Raises:
            PositionExpired: Deletions after this position are no longer kept.
            PositionAhead: The position is newer than the store.

        """

    async def position(self) -> int:
        """Return the position of the latest change; 0 for a new store."""

    async def position_key(self) -> bytes:
        """Return the 32 random bytes that seal positions for callers; the same for ever."""

    async def take(
        self, owner: str, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Work]:
        """Lease due work that nobody holds a live lease on, the longest due first."""

    async def extend(self, work: Work, lease_until: datetime) -> None:
        """Keep the lease. Raises LeaseLost."""

    async def again(self, work: Work, due: datetime) -> None:
        """Give the work back, to be taken when due. Raises LeaseLost."""

    async def wake(self, name: str, due: datetime) -> None:
        """Make the work of an operation due no later than this; nothing if it has none.

        If it is leased, this holds for the time after the lease: a following
        `again` with a later time does not put it off.
        """

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the earliest work can be taken, or None if there is none.

        Leased work counts with the end of its lease.
        """

    async def expired(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the names of operations whose expire_time has passed."""

    async def usage(
        self, since: date, until: date, caller: str | None = None
    ) -> Mapping[Account, Usage]:
        """Return what operations came to that were accepted on some days, both included.

        Each change of an operation changes its sums in the same transaction. They outlive it:
        see results.usage.usage_after_deletion.
        """

    async def latencies(self) -> Mapping[Kind, Sequence[tuple[float, float]]]:
        """Return what `keep_latencies` kept, the newest of each kind."""

    async def keep_latencies(self, kind: Kind, pairs: Sequence[tuple[float, float]]) -> None:
        """Keep how long generations of a kind took, in place of what was kept of it before.

        Args:
            kind: The kind.
            pairs: Seconds, and how many generations took so long.

        """

    async def compact(self, before: datetime) -> None:
        """Forget tombstones made before this; positions before them expire."""

    async def close(self) -> None:
        """Finish what was begun and release the files. Calling twice is calling once."""
