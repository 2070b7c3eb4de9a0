# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Moves an operation on by one call to its upstream, and stores what came of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from longtake_server.errors import (
    ResourceError,
    StorageUnavailable,
    UpstreamUnavailable,
    VideoExpired,
)
from longtake_server.operations.admission.fallback import rerouted
from longtake_server.operations.admission.regions import home_of
from longtake_server.operations.model import (
    CancelConfirmed,
    Code,
    Failed,
    Failure,
    Relocated,
    State,
    SubmissionAccepted,
    SubmissionPostponed,
    SubmissionStarted,
    Succeeded,
)
from longtake_server.operations.polling.backoff import Backoff
from longtake_server.operations.upstream import (
    Broken,
    Earlier,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
    UpstreamFailure,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.operations.admission.admission import Admission
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.model import Event, OperationRecord, StoredVideo
    from longtake_server.operations.polling.budget import PollBudget
    from longtake_server.operations.polling.scheduler import PollScheduler
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.upstream import PollResult, Upstream
    from longtake_server.telemetry import Telemetry

_log = logging.getLogger(__name__)

_COMMIT_ATTEMPTS = 8
# One that waits for its poll is woken when it has its turn; this is for a process that dies.
_POLLED_WITHIN = timedelta(seconds=15)
_MAY_BE_BILLED = "the upstream cannot be told to stop, so it may bill this generation"
_WAS_TOLD = "the upstream was told to stop; what it had generated may be billed"


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long an operation is tried.

    Attributes:
        submissions: How often one whose outcome is unknown is begun at most,
            where the caller allowed that.
        queue: How long an operation may wait to be accepted by its upstream.
        generation: How long it may run there.
        backoff: Waiting after a call that started nothing.
    """

    submissions: int = 5
    queue: timedelta = timedelta(days=1)
    generation: timedelta = timedelta(hours=1)
    backoff: Backoff = field(default_factory=Backoff)


class Driver:
    """Knows what an operation needs next.

    Args:
        retained_in: Where results are copied to that lie at an upstream; None leaves them.
        chance: Returns a number from 0 to 1, for jitter.

    """

    def __init__(
        self,
        *,
        store: OperationStore,
        ledger: Ledger,
        upstreams: Mapping[str, Upstream],
        catalogue: Catalogue,
        admission: Admission,
        poll_scheduler: PollScheduler,
        poll_budget: PollBudget,
        clock: Clock,
        telemetry: Telemetry,
        limits: Limits,
        chance: Callable[[], float],
        retained_in: MediaStore | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._upstreams = upstreams
        self._catalogue = catalogue
        self._admission = admission
        self._poll_scheduler = poll_scheduler
        self._poll_budget = poll_budget
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits
        self._chance = chance
        self._retained_in = retained_in
        self._failures: dict[str, int] = {}
        self._last_polls: set[str] = set()

    async def step(self, name: str) -> datetime | None:
        """Move an operation on by one call to its upstream.

        Returns:
            When the next step is due, or None if the operation has ended.

        Raises:
            ResourceError: It was deleted.
            IllegalTransition: It was changed meanwhile; step again.
            StorageUnavailable: Nothing was changed; step again.

        """
        due = await self._step(await self._ledger.get(name))
        if due is None:
            self.forget(name)
        return due

    async def _step(self, record: OperationRecord) -> datetime | None:
        match record.state:
            case State.QUEUED:
                return await self._submit(record)
            case State.SUBMITTING:
                return await self._submission_unknown(record)
            case State.RUNNING if record.cancel_requested:
                return await self._cancel(record)
            case State.RUNNING:
                return await self._poll(record)
            case _:
                return None

    async def _submit(self, record: OperationRecord) -> datetime | None:
        now = self._clock.now()
        if record.queue_deadline is not None and now >= record.queue_deadline:
            return await self._fail(record, _queue_timeout(record))
        if record.next_retry_time is not None and now < record.next_retry_time:
            return min(record.next_retry_time, record.queue_deadline or record.next_retry_time)
        if record.upstream not in self._upstreams:
            return await self._return_to_home_region(record)
        if not self._admission.admit(record):
            return await self._wait_in_queue(record)
        request = await self._store.get_request(record.name)
        upstream = self._upstreams[record.upstream]
        try:
            earlier = await self._previous(request)
        except ResourceError as error:
            return await self._fail(record, _earlier_gone(error))
        record = await self._ledger.commit(record.name, SubmissionStarted(), record)
        with self._telemetry.submission(record.name, record.upstream, record.traceparent) as span:
            try:
                accepted = await upstream.submit(record.name, record.served_model, request, earlier)
            except Rejected as error:
                span.outcome("rejected")
                return await self._fail(record, error.failure)
            except NotNow as error:
                span.outcome("not_now")
                return await self._postpone(record, error)
            except OutcomeUnknown:
                span.outcome("unknown")
                return await self._submission_unknown(record)
            span.outcome("accepted")
        return await self._accepted(record, request, accepted)

    async def _return_to_home_region(self, record: OperationRecord) -> datetime | None:
        """Have the upstream itself serve a queued operation whose region is not set up any more."""
        home = home_of(record.upstream)
        if home not in self._upstreams:
            _tell_not_set_up(record)
            return await self._wait_in_queue(record)
        await self._ledger.commit(record.name, Relocated(home), record)
        return self._clock.now()

    async def _wait_in_queue(self, record: OperationRecord) -> datetime | None:
        """Return when the wait ends at the latest; admission has it woken before, if it can."""
        if self._clock.now() >= record.create_time + self._limits.queue:
            return await self._fail(record, _queue_limit(record, self._limits.queue))
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
    ) -> datetime:
        estimate = self._poll_scheduler.estimated_finish(record, request)
        accepted = SubmissionAccepted(upstream_operation, estimate)
        record = await self._commit_surely(record, accepted)
        self._admission.accepted(record)
        if record.cancel_requested:
            return self._clock.now()
        return await self._poll_scheduler.started(record, request)

    async def _commit_surely(self, record: OperationRecord, event: Event) -> OperationRecord:
        """Commit what would be lost for good: the upstream's name of a paid generation."""
        for failures in range(1, _COMMIT_ATTEMPTS):
            try:
                return await self._ledger.commit(record.name, event, record)
            except StorageUnavailable:
                await self._clock.sleep(self._limits.backoff.after(failures, self._chance()))
        return await self._ledger.commit(record.name, event, record)

    async def _postpone(self, record: OperationRecord, error: NotNow) -> datetime | None:
        wait = self._postponed_for(record, error)
        due = self._clock.now() + timedelta(seconds=wait)
        if due > record.create_time + self._limits.queue:
            attempts = {"attempts": str(record.attempts)}
            failure = replace(error.failure, metadata={**error.failure.metadata, **attempts})
            return await self._fail(record, failure)
        record = await self._ledger.commit(record.name, SubmissionPostponed(due), record)
        if record.done:
            return None
        # Where nobody answers, another region may be as far away: only a refusal moves it.
        if self._admission.is_exhausted(record) and await self._move_to_another_region(record):
            return self._clock.now()
        return min(due, record.queue_deadline or due)

    async def _move_to_another_region(self, record: OperationRecord) -> bool:
        """Have another region serve a queued operation, else another model if one may."""
        if (region := self._admission.elsewhere(record)) is not None:
            await self._ledger.commit(record.name, Relocated(region), record)
            return True
        return self._admission.is_exhausted(record) and await self._fall_back(record)

    async def _fall_back(self, record: OperationRecord) -> bool:
        """Have another model serve a queued operation, if there is one that may."""
        request = await self._store.get_request(record.name)
        upstream = self._upstreams[record.upstream]
        change = rerouted(record, request, self._catalogue, upstream)
        if change is not None:
            await self._ledger.commit(record.name, change, record)
        return change is not None

    def _postponed_for(self, record: OperationRecord, error: NotNow) -> float:
        if error.failure.code is Code.RESOURCE_EXHAUSTED:
            return self._admission.refused(record, error.retry_after)
        self._admission.submission_not_started(record)
        return self._limits.backoff.after(record.attempts, self._chance(), error.retry_after)

    async def _submission_unknown(self, record: OperationRecord) -> datetime | None:
        again = (
            record.resubmit_if_unknown
            and not record.cancel_requested
            and record.attempts < self._limits.submissions
        )
        if not again:
            return await self._fail(record, _outcome_unknown(), may_be_billed=True)
        wait = self._limits.backoff.after(record.attempts, self._chance())
        due = self._clock.now() + timedelta(seconds=wait)
        postponed = SubmissionPostponed(due, may_have_started=True)
        await self._ledger.commit(record.name, postponed, record)
        return due

    async def _cancel(self, record: OperationRecord) -> datetime | None:
        upstream = self._upstreams.get(record.upstream)
        try:
            told = upstream is not None and await upstream.cancel(record.upstream_operation)
        except UpstreamFailure:
            told = False
        return await self._end(record, CancelConfirmed(_WAS_TOLD if told else _MAY_BE_BILLED))

    async def _poll(self, record: OperationRecord) -> datetime | None:
        upstream = self._upstreams.get(record.upstream)
        is_over = self._is_over(record)
        if is_over and (upstream is None or record.name in self._last_polls):
            failure = _generation_timeout(self._limits.generation)
            return await self._fail(record, failure, may_be_billed=True)
        if upstream is None:
            _tell_not_set_up(record)
            return self.later(record.name)
        if not self._poll_budget.admit(record):
            return self._clock.now() + _POLLED_WITHIN
        if is_over:
            # It may have ended while no server ran, and is paid for: it is asked for once more.
            self._last_polls.add(record.name)
        with self._telemetry.poll(record.name, record.upstream, record.traceparent) as span:
            try:
                result = await upstream.poll(record.name, record.upstream_operation)
            except Rejected as error:
                span.outcome("rejected")
                # It was accepted once, and the upstream does not say that it bills nothing.
                return await self._fail(record, error.failure, may_be_billed=True)
            except NotNow as error:
                span.outcome("not_now")
                return self.later(record.name, error.retry_after)
            except OutcomeUnknown:
                span.outcome("unknown")
                return self.later(record.name)
            span.outcome(type(result).__name__.lower())
        self._failures.pop(record.name, None)
        self._ledger.note_poll(record.name)
        return await self._polled(record, result)

    def _is_over(self, record: OperationRecord) -> bool:
        running_since = record.submit_time or record.create_time
        return self._clock.now() - running_since > self._limits.generation

    async def _polled(self, record: OperationRecord, result: PollResult) -> datetime | None:
        match result:
            case Running():
                return await self._poll_scheduler.seen_running(record)
            case Finished():
                due = await self._finish(record, result)
            case Broken():
                due = await self._fail(record, result.failure)
            case _:
                assert_never(result)
        await self._poll_scheduler.seen_ended(record.name)
        return due

    async def _finish(self, record: OperationRecord, result: Finished) -> datetime | None:
        try:
            videos = tuple(
                [await self._retained(record, *numbered) for numbered in enumerate(result.videos)]
            )
        except UpstreamUnavailable:
            return self.later(record.name)
        return await self._end(record, await self._success(record, replace(result, videos=videos)))

    async def _retained(
        self, record: OperationRecord, index: int, video: StoredVideo
    ) -> StoredVideo:
        """Return a video as it is kept: a copy of one at the upstream, if that is wished."""
        if self._retained_in is None or not video.at_upstream:
            return video
        upstream = self._upstreams[record.upstream]
        try:
            async with upstream.open_video(video, 0, None) as reading:
                return await self._retained_in.put_stream(
                    record.name, index, video.mime_type, reading.chunks
                )
        except VideoExpired:
            return video

    async def _success(self, record: OperationRecord, result: Finished) -> Succeeded:
        request = await self._store.get_request(record.name)
        bill = self._catalogue.bill(record.served_model, request, len(result.videos))
        return Succeeded(
            videos=result.videos,
            filtered_count=result.filtered_count,
            filtered_reasons=result.filtered_reasons,
            billed_seconds=bill.seconds,
            cost_micros=bill.cost_micros,
        )

    async def _fail(
        self, record: OperationRecord, failure: Failure, *, may_be_billed: bool = False
    ) -> datetime | None:
        return await self._end(record, Failed(failure, may_be_billed=may_be_billed))

    async def _end(self, record: OperationRecord, event: Event) -> datetime | None:
        ended = await self._ledger.commit(record.name, event, record)
        seconds = (ended.update_time - ended.create_time).total_seconds()
        self._telemetry.finished(ended.model, ended.state.value, seconds)
        return None

    def forget(self, name: str) -> None:
        """Forget what is known only here of an operation that has ended or is gone."""
        self._failures.pop(name, None)
        self._last_polls.discard(name)
        self._poll_budget.forget(name)
        self._poll_scheduler.forget(name)

    def later(self, name: str, retry_after: float | None = None) -> datetime:
        """Return when to try a call again that starts nothing."""
        failures = self._failures.get(name, 0) + 1
        self._failures[name] = failures
        wait = self._limits.backoff.after(failures, self._chance(), retry_after)
        return self._clock.now() + timedelta(seconds=wait)


def _tell_not_set_up(record: OperationRecord) -> None:
    _log.error(
        "the upstream of an operation is not set up; with its settings it goes on",
        extra={"operation": record.name, "upstream": record.upstream},
    )


def _earlier_gone(error: ResourceError) -> Failure:
    message = f"previous_operation: {error}"
    return Failure(Code.FAILED_PRECONDITION, error.reason, message, error.metadata)


def _what_was_submitted(record: OperationRecord) -> str:
    if record.may_have_started:
        return "whether it took one that was sent earlier is not known, and that may be billed"
    return "nothing was submitted"


def _queue_timeout(record: OperationRecord) -> Failure:
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "QUEUE_TIMEOUT",
        "queue_timeout passed before the upstream took the generation; "
        f"{_what_was_submitted(record)}",
    )


def _queue_limit(record: OperationRecord, limit: timedelta) -> Failure:
    seconds = f"{limit.total_seconds():g}"
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "QUEUE_TIMEOUT",
        f"the generation had no turn within {seconds} seconds, which is as long as this server "
        f"lets one wait; {_what_was_submitted(record)}",
        {"limit_seconds": seconds},
    )


def _outcome_unknown() -> Failure:
    return Failure(
        Code.ABORTED,
        "SUBMISSION_OUTCOME_UNKNOWN",
        "the generation was sent, and whether the upstream took it is not known; it was not "
        "sent again because that could bill twice (resubmit_if_unknown allows it)",
    )


def _generation_timeout(limit: timedelta) -> Failure:
    seconds = f"{limit.total_seconds():g}"
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "GENERATION_TIMEOUT",
        f"the generation did not end within {seconds} seconds",
        {"limit_seconds": seconds},
    )
