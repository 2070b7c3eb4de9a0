# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A reference model of operations.store: dictionaries and no concurrency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors import OperationDeleted, OperationExpired, OperationNotFound
from longtake_server.operations.accounting import Usage
from longtake_server.operations.results.usage import account_of, usage_after_deletion, usage_of
from longtake_server.operations.store import LeaseLost, RevisionConflict, Work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.operations.accounting import Account
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Filter


@dataclass
class _Queued:
    """The work of an operation."""

    due: datetime
    owner: str | None = None
    lease_until: datetime | None = None
    wake_due: datetime | None = None
    lease: int = 0

    def ready(self, now: datetime) -> datetime:
        """Return when the work can be taken."""
        if self.lease_until is None or self.lease_until <= now:
            return self.due
        return max(self.due, self.lease_until)


class PlainStore:
    """Behaves as every store must."""

    def __init__(self) -> None:
        self.position = 0
        self._records: dict[str, OperationRecord] = {}
        self._positions: dict[str, int] = {}
        self._expired: dict[str, bool] = {}
        self._request_ids: dict[tuple[str, str], str] = {}
        self._work: dict[str, _Queued] = {}
        self._deleted: list[OperationRecord] = []
        self._leases = 0

    def create(self, record: OperationRecord) -> OperationRecord:
        if record.request_id:
            key = (record.caller, record.request_id)
            name = self._request_ids.setdefault(key, record.name)
            if name != record.name:
                return self.get(name)
        self._put(record)
        self._work[record.name] = _Queued(record.create_time)
        return record

    def get(self, name: str) -> OperationRecord:
        if name in self._records:
            return self._records[name]
        if name not in self._expired:
            raise OperationNotFound(name)
        raise OperationExpired(name) if self._expired[name] else OperationDeleted(name)

    def find_by_upstream(self, upstream_operation: str) -> str | None:
        known = [
            (record.create_time, name)
            for name, record in self._records.items()
            if record.upstream_operation == upstream_operation != ""
        ]
        return max(known)[1] if known else None

    def update(self, record: OperationRecord, expected_revision: int) -> None:
        if self.get(record.name).revision != expected_revision:
            raise RevisionConflict
        self._put(record)
        if record.done and not record.may_succeed_late:
            self._work.pop(record.name, None)

    def delete(self, name: str, *, expired: bool) -> OperationRecord:
        last = self.get(name)
        self.position += 1
        self._positions[name] = self.position
        del self._records[name]
        self._deleted.append(last)
        self._work.pop(name, None)
        self._expired[name] = expired
        return last

    def usage(self) -> dict[Account, Usage]:
        """Return the sums, computed from all operations."""
        sums: dict[Account, Usage] = {}
        kept = [(one, usage_of(one)) for one in self._records.values()]
        for record, part in [*kept, *((one, usage_after_deletion(one)) for one in self._deleted)]:
            account = account_of(record)
            sums[account] = sums.get(account, Usage()) + part
        return sums

    def usage_by_label(self, key: str) -> dict[str | None, Usage]:
        """Return the sums by the value of a label, computed from all operations."""
        sums: dict[str | None, Usage] = {}
        kept = [(one, usage_of(one)) for one in self._records.values()]
        for record, part in [*kept, *((one, usage_after_deletion(one)) for one in self._deleted)]:
            value = record.labels.get(key)
            sums[value] = sums.get(value, Usage()) + part
        return sums

    def list(self, wanted: Filter) -> list[OperationRecord]:
        matching = [record for record in self._records.values() if wanted.matches(record)]
        return sorted(matching, key=lambda one: (one.create_time, one.name), reverse=True)

    def changes(self, after: int) -> Sequence[tuple[int, str, OperationRecord | None]]:
        return sorted(
            (position, name, self._records.get(name))
            for name, position in self._positions.items()
            if position > after
        )

    def take(self, owner: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Work]:
        free = sorted(
            (work.due, name)
            for name, work in self._work.items()
            if work.due <= now and (work.lease_until is None or work.lease_until <= now)
        )
        taken: list[Work] = []
        for due, name in free[:limit]:
            self._leases += 1
            self._work[name] = _Queued(due, owner, lease_until, lease=self._leases)
            taken.append(Work(name, owner, due, self._leases))
        return taken

    def extend(self, work: Work, lease_until: datetime) -> None:
        self._leased(work).lease_until = lease_until

    def again(self, work: Work, due: datetime) -> None:
        wake_due = self._leased(work).wake_due
        self._work[work.name] = _Queued(due if wake_due is None else min(due, wake_due))

    def wake(self, name: str, due: datetime) -> None:
        work = self._work.get(name)
        if work is None:
            return
        if work.owner is None:
            work.due = min(work.due, due)
        else:
            work.wake_due = due if work.wake_due is None else min(work.wake_due, due)

    def next_due(self, now: datetime) -> datetime | None:
        return min((work.ready(now) for work in self._work.values()), default=None)

    def expired(self, now: datetime) -> Sequence[str]:
        return [
            name
            for name, record in self._records.items()
            if record.expire_time is not None and record.expire_time <= now
        ]

    def release_leases(self) -> None:
        """Release all leases, as a new engine does."""
        for name, work in self._work.items():
            if work.owner is not None:
                self._work[name] = _Queued(work.due)

    def _put(self, record: OperationRecord) -> None:
        self.position += 1
        self._positions[record.name] = self.position
        self._records[record.name] = record

    def _leased(self, work: Work) -> _Queued:
        queued = self._work.get(work.name)
        if queued is None or queued.owner != work.owner or queued.lease != work.lease:
            raise LeaseLost(work.name)
        return queued
