# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Submits a queued operation to its upstream."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from longtake_server.errors import ResourceError, StorageUnavailable
from longtake_server.operations.admission.fallback import rerouted
from longtake_server.operations.admission.regions import home_of
from longtake_server.operations.engine.ending import generation_of, log_not_set_up, no_answer
from longtake_server.operations.model import (
    OUTCOME_UNKNOWN,
    Code,
    Failure,
    IllegalTransition,
    Relocated,
    SubmissionAccepted,
    SubmissionPostponed,
)
from longtake_server.operations.store import RevisionConflict
from longtake_server.operations.upstream import (
    Earlier,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Withheld,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.admission.admission import Admission
    from longtake_server.operations.engine.ending import Ending
    from longtake_server.operations.engine.limits import Limits
    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.engine.term import Term
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.model import Event, OperationRecord
    from longtake_server.operations.polling.scheduler import PollScheduler
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.upstream import Upstream
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_COMMIT_ATTEMPTS = 8


class Submission:
    """Runs the steps of an operation until its upstream accepts it."""

    def __init__(
        self,
        *,
        store: OperationStore,
        ledger: Ledger,
        upstreams: Mapping[str, Upstream],
        catalogue: Catalogue,
        admission: Admission,
        poll_scheduler: PollScheduler,
        ending: Ending,
        retries: Retries,
        clock: Clock,
        telemetry: Telemetry,
        limits: Limits,
        term: Term,
    ) -> None:
        self._term = term
        self._store = store
        self._ledger = ledger
        self._upstreams = upstreams
        self._catalogue = catalogue
        self._admission = admission
        self._poll_scheduler = poll_scheduler
        self._ending = ending
        self._retries = retries
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits

    async def submit(self, record: OperationRecord) -> datetime | None:
        """Submit a queued operation if admission allows it.

        Returns:
            When the next step is due, or None if the operation has ended.

        Raises as Driver.step.
        """
        now = self._clock.now()
        if record.queue_deadline is not None and now >= record.queue_deadline:
            return await self._ending.fail(record, _queue_timeout(record))
        if record.next_retry_time is not None and now < record.next_retry_time:
            return min(record.next_retry_time, record.queue_deadline or record.next_retry_time)
        if (pause := self._term.pause()) is not None:
            return now + pause
        if record.upstream not in self._upstreams:
            return await self._return_to_home_region(record)
        if not self._admission.admit(record):
            return await self._wait_in_queue(record)
        request = await self._store.get_request(record.name)
        upstream = self._upstreams[record.upstream]
        try:
            earlier = await self._previous(request)
        except ResourceError as error:
            return await self._ending.fail(record, _earlier_gone(error))
        with self._term.starting(record.name):
            fence = self._term.fence(record.name)
            record = await self._ledger.start_submission(record, fence)
        return await self._send(record, request, upstream, earlier)

    async def _send(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        upstream: Upstream,
        earlier: Earlier | None,
    ) -> datetime | None:
        """Send a submission that is stored as started, and store its outcome."""
        with self._telemetry.submission(generation_of(record, upstream)) as span:
            try:
                accepted = await upstream.submit(
                    record.name,
                    record.served_model,
                    request,
                    earlier,
                    partial(self._term.last_look, record.name),
                )
            except asyncio.CancelledError:
                if not self._term.has_sent(record.name):
                    await self._hand_back(record)
                raise
            except Withheld:
                span.outcome("withheld")
                return await self._hand_back(record)
            except Rejected as error:
                span.outcome("rejected", error.failure.reason)
                self._admission.rejected(record)
                return await self._ending.fail(record, error.failure)
            except NotNow as error:
                span.outcome("not_now", error.failure.reason)
                return await self._postpone(record, error)
            except OutcomeUnknown as error:
                failure = no_answer(record.upstream, error)
                span.outcome("unknown", failure.reason)
                self._admission.outcome_unknown(record, failure)
                return await self.outcome_unknown(record)
            span.outcome("accepted")
        return await self._accepted(record, request, accepted)

    async def _hand_back(self, record: OperationRecord) -> datetime:
        """Queue an operation again whose submission was not sent.

        By revision only: the epoch may be over. If the commit fails, the next engine takes the
        outcome for unknown, which bills nothing twice.
        """
        now = self._clock.now()
        self._admission.withheld(record)
        await self._ledger.commit(record.name, SubmissionPostponed(now), record)
        return now

    async def _return_to_home_region(self, record: OperationRecord) -> datetime | None:
        """Move a queued operation whose region has no settings any more to its home region."""
        home = home_of(record.upstream)
        if home not in self._upstreams:
            log_not_set_up(record)
            return await self._wait_in_queue(record)
        await self._ledger.commit(record.name, Relocated(home), record)
        return self._clock.now()

    async def _wait_in_queue(self, record: OperationRecord) -> datetime | None:
        """Return when the wait ends. Admission wakes the operation earlier if it can."""
        if self._clock.now() >= record.create_time + self._limits.queue:
            return await self._ending.fail(record, _queue_limit(record, self._limits.queue))
        if await self._move_to_another_region(record):
            return self._clock.now()
        return record.waits_until(self._limits.queue)

    async def _previous(self, request: GenerateVideosRequest) -> Earlier | None:
        if not request.previous_operation:
            return None
        record = await self._store.get(request.previous_operation)
        return Earlier(record.upstream_operation, record.videos)

    async def _accepted(
        self, record: OperationRecord, request: GenerateVideosRequest, upstream_operation: str
    ) -> datetime | None:
        estimate = self._poll_scheduler.estimated_finish(record, request)
        accepted = SubmissionAccepted(upstream_operation, estimate)
        try:
            record = await self._commit_with_retries(record, accepted)
        except (IllegalTransition, RevisionConflict):
            _log.error(
                "the upstream accepted a submission that another engine has given up; the "
                "generation may be billed",
                extra={"operation": record.name, "upstream_operation": upstream_operation},
            )
            raise
        self._admission.accepted(record)
        if record.done:
            return None
        if record.cancel_requested:
            return self._clock.now()
        return await self._poll_scheduler.started(record, request)

    async def _commit_with_retries(self, record: OperationRecord, event: Event) -> OperationRecord:
        """Commit with retries: without this event the upstream's name of a billed job is lost."""
        for failures in range(1, _COMMIT_ATTEMPTS):
            try:
                return await self._ledger.commit(record.name, event, record)
            except StorageUnavailable:
                await self._clock.sleep(self._retries.seconds(failures))
        return await self._ledger.commit(record.name, event, record)

    async def _postpone(self, record: OperationRecord, error: NotNow) -> datetime | None:
        wait = self._postponed_for(record, error)
        due = self._clock.now() + timedelta(seconds=wait)
        if due > record.create_time + self._limits.queue:
            attempts = {"attempts": str(record.attempts)}
            failure = replace(error.failure, metadata={**error.failure.metadata, **attempts})
            return await self._ending.fail(record, failure)
        postponed = SubmissionPostponed(due, refusal=_refusal(error))
        record = await self._ledger.commit(record.name, postponed, record)
        if record.done:
            return None
        # Move only after a refusal. In an outage, other regions may not answer either.
        if self._admission.is_exhausted(record) and await self._move_to_another_region(record):
            return self._clock.now()
        return min(due, record.queue_deadline or due)

    async def _move_to_another_region(self, record: OperationRecord) -> bool:
        """Move a queued operation to another region, or else to a fallback model, if it can."""
        if (region := self._admission.elsewhere(record)) is not None:
            await self._ledger.commit(record.name, Relocated(region), record)
            return True
        return self._admission.is_exhausted(record) and await self._fall_back(record)

    async def _fall_back(self, record: OperationRecord) -> bool:
        """Move a queued operation to its next fallback model, if it has one."""
        request = await self._store.get_request(record.name)
        upstream = self._upstreams[record.upstream]
        change = rerouted(record, request, self._catalogue, upstream)
        if change is not None:
            await self._ledger.commit(record.name, change, record)
        return change is not None

    def _postponed_for(self, record: OperationRecord, error: NotNow) -> float:
        return self._admission.not_now(record, error) or self._retries.seconds(
            record.attempts, error.retry_after
        )

    async def outcome_unknown(self, record: OperationRecord) -> datetime | None:
        """End an operation whose submission has an unknown outcome, or queue it again.

        It is queued again only if its caller set resubmit_if_unknown.

        Raises as Driver.step.
        """
        again = (
            record.resubmit_if_unknown
            and not record.cancel_requested
            and record.attempts < self._limits.submissions
        )
        if not again:
            return await self._ending.fail(record, _outcome_unknown(), may_be_billed=True)
        due = self._retries.after(record.attempts)
        postponed = SubmissionPostponed(due, may_have_started=True)
        await self._ledger.commit(record.name, postponed, record)
        return due


def _refusal(error: NotNow) -> Failure:
    """Return the failure that callers see as last_error while the operation waits."""
    reason = "UPSTREAM_QUOTA" if error.lacks_quota else "UPSTREAM_UNAVAILABLE"
    return replace(error.failure, reason=reason)


def _earlier_gone(error: ResourceError) -> Failure:
    message = f"previous_operation: {error}"
    return Failure(Code.FAILED_PRECONDITION, error.reason, message, error.metadata)


def _billing_note(record: OperationRecord) -> str:
    if record.may_have_started:
        return "an earlier submission has an unknown outcome and may be billed"
    return "nothing was submitted"


def _queue_timeout(record: OperationRecord) -> Failure:
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "QUEUE_TIMEOUT",
        "queue_timeout passed before the upstream accepted the generation; "
        f"{_billing_note(record)}",
    )


def _queue_limit(record: OperationRecord, limit: timedelta) -> Failure:
    seconds = f"{limit.total_seconds():g}"
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "QUEUE_TIMEOUT",
        f"the upstream did not accept the generation within {seconds} seconds, the queue limit of "
        f"this server; {_billing_note(record)}",
        {"limit_seconds": seconds},
    )


def _outcome_unknown() -> Failure:
    return Failure(
        Code.ABORTED,
        OUTCOME_UNKNOWN,
        "the generation was submitted, but it is not known whether the upstream accepted it; it "
        "was not submitted again, because both could be billed (set resubmit_if_unknown to "
        "allow that)",
    )
