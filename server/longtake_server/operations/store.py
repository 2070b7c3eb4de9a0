# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to storage: operations, their requests, the log of changes, and the work queue.

tests/storage has one suite that every implementation must pass. Every method may raise
StorageUnavailable; then nothing was changed and the call can be repeated. After OutcomeUnknown,
a subclass, it may have been: read again and compare revisions. `create` can always be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from longtake_server.operations.agreement_store import AgreementStore
from longtake_server.operations.budget_store import BudgetStore
from longtake_server.operations.replica_store import ReplicaStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord, State


class RevisionConflict(Exception):
    """The record has changed. Read it again and reconsider the change."""


class LeaseLost(Exception):
    """The work is leased to another owner or does not exist any more. Stop working on it."""


class EngineReplaced(Exception):
    """Another replica has become the engine. Stop all work."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Selects operations. All conditions must hold; None and empty values match anything.

    Attributes:
        caller: The owner.
        states: The accepted states.
        model: The model named in the request.
        labels: Pairs of a key and a value that the labels must contain.
    """

    caller: str | None = None
    states: frozenset[State] = frozenset()
    model: str | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def is_of(self, caller: str) -> bool:
        """Return whether operations of a caller can match."""
        return self.caller is None or caller == self.caller

    def matches(self, record: OperationRecord) -> bool:
        """Return whether an operation matches."""
        return (
            self.is_of(record.caller)
            and (not self.states or record.state in self.states)
            and (self.model is None or record.model == self.model)
            and all(record.labels.get(key) == value for key, value in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list of operations.

    Attributes:
        records: The operations, newest first.
        next_cursor: The cursor of the next page, None on the last page.
    """

    records: tuple[OperationRecord, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """The latest change of an operation.

    Attributes:
        position: The position in the log of changes. It is strictly increasing.
        name: The operation.
        caller: The owner.
        record: The record after the change, None if the operation was deleted or expired.
    """

    position: int
    name: str
    caller: str
    record: OperationRecord | None


@dataclass(frozen=True, slots=True)
class Work:
    """An operation whose next step is due, leased to one owner.

    Attributes:
        name: The operation.
        owner: The owner of the lease.
        due: When the step became due.
        lease: The token of the lease, which is new for each lease.
    """

    name: str
    owner: str
    due: datetime
    lease: int


class Fence(NamedTuple):
    """What must still hold when a change is committed.

    Attributes:
        epoch: The epoch of the engine that makes the change.
        work: The work whose lease must still be held; None for none.
    """

    epoch: int
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """The properties of a generation that determine how long it takes.

    Attributes:
        upstream: The upstream that generates.
        model: The model that serves the request.
        resolution: The resolution, for example `720p`.
        seconds: The length of the video in seconds.
    """

    upstream: str
    model: str
    resolution: str
    seconds: int


class OperationStore(AgreementStore, BudgetStore, ReplicaStore, Protocol):
    """Stores operations. All times are arguments, except those of leadership and news."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes change operations too, so that a copy may be outdated."""

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime | None = None,
        terms: Terms | None = None,
    ) -> OperationRecord:
        """Store a new operation, its request and its work in one transaction.

        The same transaction reads the limits, and reserves what the operation may spend. If it is
        refused, nothing is stored.

        If the caller has used the record's request_id before, store nothing and return the
        record stored for it; compare its request_digest. The request_id of a deleted operation
        stays reserved as long as its tombstone. The same holds if the record's name is known.

        Args:
            record: The new operation.
            request: Its request.
            due: When its first step is due; create_time by default.
            terms: To what it is charged; None for nothing.

        Returns:
            The operation with its charges, or the one that has its request_id.

        Raises:
            OperationDeleted, OperationExpired: The operation with the request_id is gone.
            CostOverMaximum, PriceUnknown, RequestOverBudget, BudgetExceeded, TooManyQueued,
            RateLimited: The terms do not allow it. A repeat is never refused.

        """

    async def get(self, name: str, owner: str | None = None) -> OperationRecord:
        """Return the newest record.

        Args:
            name: The operation.
            owner: Only an operation of this caller. One of another caller, deleted or not, is as
                if it had never existed. None for any owner.

        Raises:
            OperationNotFound: There is no such operation.
            OperationDeleted: The operation was deleted.
            OperationExpired: The operation was removed by retention.

        """

    async def get_request(self, name: str) -> GenerateVideosRequest:
        """Return the request of an operation. Raises as `get`."""

    async def find_by_upstream(self, upstream_operation: str) -> str | None:
        """Return the name of the operation with this upstream_operation, or None.

        If several upstreams use the same name, return the newest operation. An empty name, which
        an operation has before it is accepted, returns None.
        """

    async def update(
        self, record: OperationRecord, expected_revision: int, fence: Fence | None = None
    ) -> None:
        """Replace the record if the stored one has the expected revision and the fence holds.

        If the record is done, its work is removed in the same transaction, unless it
        `may_succeed_late`: then its work, and a lease of it, stay for its last step.

        Raises:
            RevisionConflict: The stored record has another revision.
            EngineReplaced: The epoch of the fence is over.
            LeaseLost: The lease of the fence is not held any more.
            OperationNotFound, OperationDeleted, OperationExpired: As `get`.

        """

    async def list(self, wanted: Filter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of matching operations, newest first by create_time and name.

        Args:
            wanted: The filter.
            limit: The most operations to return, at least 1.
            cursor: `next_cursor` of the previous page, an opaque string.

        Raises:
            ValueError: This store did not create the cursor.

        """

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """Delete the record, the request and the work, and keep a tombstone.

        Returns:
            The last record.

        Raises as `get`.
        """

    async def changes(self, after: int, limit: int, *, begun: int = 0) -> Sequence[Change]:
        """Return the changes after a position in order, with each operation at most once.

        Position 0 means that the caller has seen nothing. All stored operations come after it, and
        it never expires, since the caller cannot miss deletions of operations it has not seen.

        Args:
            after: The position of the last change that the caller has seen.
            limit: The most changes to return, at least 1.
            begun: For a caller that reads everything from 0 in batches: the position of the store
                when it began. Until then, compacted deletions do not expire its positions.

        Raises:
            PositionExpired: Deletions after this position are no longer kept.
            PositionAhead: The position is newer than the store.

        """

    async def position(self) -> int:
        """Return the position of the latest change, 0 for a new store."""

    async def news(self, after: int) -> None:
        """Wait until the position is greater than `after`, but for one second at the longest."""

    async def position_key(self) -> bytes:
        """Return the 32 random bytes that seal positions for callers. They never change."""

    async def take(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        *,
        epoch: int | None = None,
    ) -> Sequence[Work]:
        """Lease due work that has no live lease, the longest due first.

        Args:
            owner: The owner of the leases.
            now: The present time.
            lease_until: When the leases expire.
            limit: The most work to lease.
            epoch: The epoch of the engine that takes the work; None for any.

        Raises:
            EngineReplaced: This epoch is over. Nothing is leased.

        """

    async def extend(self, work: Work, lease_until: datetime) -> None:
        """Extend a lease. Raises LeaseLost."""

    async def again(self, work: Work, due: datetime) -> None:
        """Release a lease, and make the work due again at `due`. Raises LeaseLost."""

    async def wake(self, name: str, due: datetime) -> None:
        """Make the work of an operation due at `due` or earlier. Does nothing if it has none.

        If the work is leased, this applies after the lease: a later `again` does not delay it.
        """

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the next work can be leased, or None if there is no work.

        Leased work counts from the end of its lease.
        """

    async def expired(self, now: datetime, limit: int) -> Sequence[str]:
        """Return the names of at most `limit` operations whose expire_time has passed."""

    async def usage(
        self, since: date, until: date, caller: str | None = None
    ) -> Mapping[Account, Usage]:
        """Return the usage of operations accepted from `since` to `until`, both inclusive.

        A change of an operation updates the usage in the same transaction. Usage outlives the
        operation: see results.usage.usage_after_deletion.

        Args:
            since: The first day in UTC.
            until: The last day in UTC.
            caller: Only operations of this caller; None for all.

        """

    async def usage_by(
        self, wanted: UsageQuery, limit: int, cursor: str | None = None
    ) -> UsagePage:
        """Return a page of usage, grouped and ordered by day, model, caller and label.

        Usage by label follows each change and outlives the operation as `usage` does. Without a
        dimension there is one row, of zeros if nothing was accepted.

        Args:
            wanted: The days, the caller and the dimensions.
            limit: The most rows to return, at least 1.
            cursor: `next_cursor` of the previous page of the same query, an opaque string.

        Raises:
            ValueError: This store did not create the cursor for these dimensions.

        """

    async def latencies(self) -> Mapping[Kind, Sequence[tuple[float, float]]]:
        """Return the latest latencies stored by `keep_latencies` for each kind."""

    async def keep_latencies(self, kind: Kind, pairs: Sequence[tuple[float, float]]) -> None:
        """Store the latencies of a kind. They replace the earlier ones.

        Args:
            kind: The kind.
            pairs: Durations in seconds, each with the weight of the generations that took it.

        """

    async def compact(self, before: datetime) -> None:
        """Drop tombstones created before a time. Positions before them expire."""

    async def close(self) -> None:
        """Finish pending work and release the files. Further calls do nothing."""
