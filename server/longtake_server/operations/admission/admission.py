# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides which queued operations may be submitted now.

The store is authoritative. This module holds an index of the operations that have not ended: it
is built at the start, and the ledger updates it after each commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.admission.concurrency import Concurrency
from longtake_server.operations.admission.quota import Quota, QuotaLimits
from longtake_server.operations.model import OperationRecord, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.operations.breaker import Breakers
    from longtake_server.operations.model import Failure
    from longtake_server.operations.polling.backoff import Backoff
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.upstream import NotNow


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of an operation in the queue for its quota.

    Attributes:
        record: The operation.
        position: The position in the queue; 1 is next.
        start_time: The estimated time of submission, None if unknown.
    """

    record: OperationRecord
    position: int
    start_time: datetime | None


class Admission:
    """Grants submissions within the quota of each model at each upstream. Does no I/O.

    Args:
        catalogue: The models and their quota limits.
        clock: The time source.
        backoff: The waits after refusals. A longer wait that the upstream asks for wins.
        chance: Returns a number from 0 to 1 for jitter.
        breakers: Track which upstreams answer.
        regions: For each upstream name, the other regions that may serve in its place, in the
            order in which they are tried.

    Attributes:
        changed: Set when a waiting operation may be submitted, or a queue position changed.
        concurrency: The limits of the callers.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Clock,
        backoff: Backoff,
        chance: Callable[[], float],
        breakers: Breakers,
        regions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._breakers = breakers
        self._regions = regions or {}
        self.changed = asyncio.Event()
        self.concurrency = Concurrency()
        self._catalogue = catalogue
        self._clock = clock
        self._backoff = backoff
        self._chance = chance
        self._quotas: dict[tuple[str, str], Quota] = {}
        self._records: dict[str, OperationRecord] = {}
        self._waiting: set[str] = set()
        self._to_wake: set[str] = set()

    def resume(self, records: Sequence[OperationRecord], recent: Sequence[OperationRecord]) -> None:
        """Build the index after a start.

        Args:
            records: All operations that have not ended.
            recent: All operations, ended or not, that may have been submitted in the last minute.

        """
        for record in sorted(records, key=lambda record: record.update_time):
            self.committed(record.name, record)
            # It may have changed since it was read.
            present = self._records[record.name]
            if present.state is State.QUEUED and not self._is_postponed(present):
                self._enqueue(present)
                self.changed.set()
        self._breakers.suspect({each.upstream for each in records if each.state is State.QUEUED})
        now, clock = self._clock.now(), self._clock.monotonic()
        submitted = [(time, record) for record in recent if (time := _submission_time(record))]
        for time, record in sorted(submitted, key=lambda each: each[0]):
            quota = self._quota(record)
            quota.queue.served(record.caller)
            quota.count_submission(
                record.name, clock - max(0.0, (now - time).total_seconds()), clock
            )

    def committed(self, name: str, record: OperationRecord | None) -> None:
        """Update the index with a stored record, or None if the operation was deleted."""
        known = self._records.get(name)
        if known is not None and record is not None:
            if record.revision <= known.revision:
                return
            if record.state is known.state and self._quota(record) is self._quota(known):
                self._records[name] = record
                return
        if known is not None:
            self._leave(known, record)
        if record is not None and not record.done:
            self._enter(record)
            if known is not None and known.state is record.state is State.QUEUED:
                self._grant_moved(record)

    def _grant_moved(self, record: OperationRecord) -> None:
        """Grant an operation that moved here from another quota, if this quota is still open."""
        quota = self._quota(record)
        may_start = self.concurrency.may_start(record.caller)
        if may_start and not quota.queue and self._is_open(record.upstream, quota):
            self._grant_one(quota, record)

    def _grant_one(self, quota: Quota, record: OperationRecord) -> None:
        self._breakers.begin(record.upstream, record.name)
        self.concurrency.begin(record.caller, record.name)
        quota.granted.add(record.name)

    def _leave(self, known: OperationRecord, record: OperationRecord | None) -> None:
        name, quota = known.name, self._quota(known)
        del self._records[name]
        if name in self._waiting:
            self._waiting.discard(name)
            quota.queue.remove(known)
        self._to_wake.discard(name)
        quota.leave(name, self._clock.monotonic())
        self.concurrency.end(known.caller, name)
        if record is None or record.done or record.upstream != known.upstream:
            self._breakers.release(known.upstream, name)
        if record is not None and self._quota(record) is not quota:
            # It moved to another quota, so its caller used a turn of this one.
            quota.queue.served(known.caller)
        if record is not None and known.submit_time is not None and record.state is State.SUCCEEDED:
            quota.record_duration((record.update_time - known.submit_time).total_seconds())
        if self._waiting:
            # Capacity that frees up here may also serve operations queued for another region.
            self.changed.set()

    def _enter(self, record: OperationRecord) -> None:
        self._records[record.name] = record
        quota = self._quota(record)
        if record.state is State.SUBMITTING:
            self.concurrency.begin(record.caller, record.name)
            quota.start_submission(record.name, self._clock.monotonic())
        elif record.state is State.RUNNING:
            self.concurrency.begin(record.caller, record.name)
            quota.start_running(record.name)

    def in_progress(self) -> Sequence[OperationRecord]:
        """Return the operations that have not ended. Safe to call in any thread."""
        return list(self._records.values())

    def known(self, name: str) -> OperationRecord | None:
        """Return the record of an operation that has not ended, or None."""
        return self._records.get(name)

    def may_go(self, record: OperationRecord) -> bool:
        """Return whether a new operation is due now, rather than only once it is woken."""
        quota, now = self._quota(record), self._clock.monotonic()
        if not self._breakers.allows(record.upstream, record.name):
            return False
        if not self.concurrency.may_start(record.caller):
            return False
        may_start = quota.is_backing_off(now) or (quota.is_open(now) and not quota.queue)
        return may_start or self.elsewhere(record) is not None

    def elsewhere(self, record: OperationRecord) -> str | None:
        """Return the next region with an open quota and an empty queue, or None.

        None also if the upstream itself does not answer, since the other regions may not answer
        either, and if the caller has as many generations in progress as it may.
        """
        regions = self._regions.get(record.upstream)
        if not regions or not self._breakers.is_closed(record.upstream):
            return None
        if not self.concurrency.may_start(record.caller):
            return None
        for upstream in regions:
            quota = self._quota_of(upstream, record.served_model)
            if not quota.queue and self._is_open(upstream, quota):
                return upstream
        return None

    def created(self, record: OperationRecord, due: datetime) -> None:
        """Queue a new operation whose first step is not due yet."""
        if due > record.create_time and record.name in self._records:
            self._enqueue(record)
            is_open = self._is_open(record.upstream, self._quota(record))
            if is_open or self.elsewhere(record) is not None:
                # The quota opened while the operation was being stored.
                self.changed.set()

    def queue_overlooked(self, before: datetime) -> Sequence[str]:
        """Queue the operations that wait, have not changed since `before` and are in no queue.

        A replica that takes itself for the engine stores a new operation for its own queue, to be
        woken from there. If another one is the engine by then, or if the answer to the commit is
        lost, no queue has it.

        Returns:
            Their names.

        """
        overlooked = [
            record
            for record in self._records.values()
            if record.state is State.QUEUED
            and record.name not in self._waiting
            and record.update_time < before
            and not self._is_postponed(record)
            and record.name not in self._quota(record).granted
        ]
        for record in overlooked:
            self._enqueue(record)
        return [record.name for record in overlooked]

    def watched(self, name: str) -> None:
        """Note that an operation got its first watcher, who wants its queue position."""
        if name in self._waiting:
            self.changed.set()

    def admit(self, record: OperationRecord) -> bool:
        """Return whether a queued operation may be submitted now; queue it if not.

        `granted` returns its name once it may be submitted.
        """
        if record.name not in self._records:
            # It has ended or was deleted, so the commit that starts its submission fails.
            return True
        quota = self._quota(record)
        if not self._breakers.allows(record.upstream, record.name):
            quota.granted.discard(record.name)
            self.concurrency.end(record.caller, record.name)
        if record.name not in quota.granted:
            self._enqueue(record)
            self._grant(quota)
        may_start = record.name in quota.granted
        self._to_wake.discard(record.name)
        if self._to_wake or not may_start:
            self.changed.set()
        return may_start

    def _enqueue(self, record: OperationRecord) -> None:
        if record.name not in self._waiting:
            self._waiting.add(record.name)
            self._quota(record).queue.add(record)

    def _grant(self, quota: Quota) -> None:
        while (name := quota.queue.next()) is not None:
            record = self._records[name]
            if not self._is_open(record.upstream, quota):
                return
            self._grant_one(quota, record)
            self._waiting.discard(name)
            quota.queue.remove(record)
            quota.queue.served(record.caller)
            self._to_wake.add(name)

    def granted(self) -> frozenset[str]:
        """Return the queued operations that may be submitted now, here or in another region.

        Each one is returned once.
        """
        for quota in tuple(self._quotas.values()):
            self._grant(quota)
            first = quota.queue.next()
            if first is not None and self.elsewhere(self._records[first]):
                self._to_wake.add(first)
        names, self._to_wake = frozenset(self._to_wake), set()
        return names

    @property
    def callers(self) -> frozenset[str]:
        """The callers with operations that have not ended."""
        waiting = (quota.queue.callers for quota in self._quotas.values())
        return frozenset().union(self.concurrency.callers, *waiting)

    def limit_concurrency(self, limits: Mapping[str, int | None] | None) -> None:
        """Replace the limits of the callers. See Concurrency.replace."""
        if self.concurrency.replace(limits):
            self.changed.set()

    def seconds_to_next(self) -> float | None:
        """Return in how many seconds a quota or breaker opens with time alone, or None."""
        now = self._clock.monotonic()
        opening = [
            self._opens_at(region, self._quota_of(region, model))
            for (upstream, model), home in tuple(self._quotas.items())
            if home.queue.next() is not None
            for region in (upstream, *self._regions.get(upstream, ()))
        ]
        return min((time - now for time in opening if time is not None), default=None)

    def _is_open(self, upstream: str, quota: Quota) -> bool:
        opens = self._opens_at(upstream, quota)
        return opens is not None and opens <= self._clock.monotonic()

    def _opens_at(self, upstream: str, quota: Quota) -> float | None:
        """Return when both the quota and the breaker allow a submission. See Quota.opens_at."""
        by_quota = quota.opens_at(self._clock.monotonic())
        if by_quota is None:
            return None
        by_breaker = self._breakers.opens_at(upstream)
        return None if by_breaker is None else max(by_quota, by_breaker)

    def standings(self, wanted: Callable[[str], bool]) -> Iterator[Standing]:
        """Yield the standing of each queued operation whose name is wanted.

        The queues of an upstream that does not answer are left out: nothing moves in them.
        """
        now, clock = self._clock.now(), self._clock.monotonic()
        for (upstream, _), quota in self._quotas.items():
            if not self._breakers.is_closed(upstream):
                continue
            for position, name in enumerate(quota.queue.order(), 1):
                if wanted(name):
                    wait = quota.seconds_until_start(position, clock)
                    start = None if wait is None else now + timedelta(seconds=wait)
                    yield Standing(self._records[name], position, start)

    def not_now(self, record: OperationRecord, error: NotNow) -> float:
        """Note a submission that started nothing, for lack of quota or because of an outage.

        Returns:
            The seconds until the next submission; 0 if an outage is not certain yet.

        """
        quota = self._quota(record)
        quota.uncount_submission(record.name)
        wait = self._breakers.not_now(record.upstream, record.name, error)
        if not error.lacks_quota:
            return wait
        return quota.refused(
            self._clock.monotonic(), error.retry_after, self._backoff, self._chance()
        )

    def withheld(self, record: OperationRecord) -> None:
        """Note a submission that was not sent, because the term of this engine may be over."""
        self._quota(record).uncount_submission(record.name)
        self._breakers.release(record.upstream, record.name)

    def is_exhausted(self, record: OperationRecord) -> bool:
        """Return whether submissions are held back after a refusal."""
        return self._quota(record).is_backing_off(self._clock.monotonic())

    def outcome_unknown(self, record: OperationRecord, failure: Failure) -> None:
        """Note a submission that was sent but not answered."""
        self._breakers.unanswered(record.upstream, record.name, failure)

    def rejected(self, record: OperationRecord) -> None:
        """Note that the upstream rejected a submission for good."""
        self._breakers.answered(record.upstream)

    def accepted(self, record: OperationRecord) -> None:
        """Note that the upstream accepted a submission."""
        self._breakers.answered(record.upstream)
        self._quota(record).accepted()

    def _is_postponed(self, record: OperationRecord) -> bool:
        return record.next_retry_time is not None and record.next_retry_time > self._clock.now()

    def _quota(self, record: OperationRecord) -> Quota:
        return self._quota_of(record.upstream, record.served_model)

    def _quota_of(self, upstream: str, model: str) -> Quota:
        key = (upstream, model)
        if (known := self._quotas.get(key)) is None:
            entry = self._catalogue.get(model)
            limits = (
                QuotaLimits(entry.max_concurrent, entry.requests_per_minute)
                if entry
                else QuotaLimits()
            )
            known = self._quotas[key] = Quota(limits, self.concurrency.may_start)
        return known


def _submission_time(record: OperationRecord) -> datetime | None:
    """Return when an operation was submitted, or the latest time at which it may have been."""
    if record.state is State.SUBMITTING or record.has_unknown_outcome:
        return record.update_time
    return record.submit_time
