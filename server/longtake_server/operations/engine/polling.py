# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Polls a running operation and stores its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from longtake_server.operations.engine.ending import log_not_set_up
from longtake_server.operations.model import Code, Failure
from longtake_server.operations.upstream import (
    Broken,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from longtake_server.clock import Clock
    from longtake_server.operations.breaker import Breakers
    from longtake_server.operations.engine.ending import Ending
    from longtake_server.operations.engine.limits import Limits
    from longtake_server.operations.engine.poll_call import PollCall
    from longtake_server.operations.engine.retries import Retries
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.polling.scheduler import PollScheduler
    from longtake_server.operations.topics import Topics
    from longtake_server.operations.upstream import PollResult, Upstream
    from longtake_server.telemetry import Telemetry


class Polling:
    """Runs the steps of an operation that runs at its upstream."""

    def __init__(
        self,
        *,
        topics: Topics,
        upstreams: Mapping[str, Upstream],
        poll_scheduler: PollScheduler,
        breakers: Breakers,
        call: PollCall,
        ending: Ending,
        retries: Retries,
        clock: Clock,
        telemetry: Telemetry,
        limits: Limits,
    ) -> None:
        self._topics = topics
        self._upstreams = upstreams
        self._poll_scheduler = poll_scheduler
        self._breakers = breakers
        self._call = call
        self._ending = ending
        self._retries = retries
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits
        self._final_polls: set[str] = set()

    async def poll(self, record: OperationRecord) -> datetime | None:
        """Poll a running operation if the budget allows it; return when it is due again.

        Raises as Driver.step.
        """
        upstream = self._upstreams.get(record.upstream)
        is_over = self._running_for(record) > self._limits.generation
        had_final_poll = upstream is None or record.name in self._final_polls
        if is_over and (had_final_poll or self._outage_outlasted_limits(record)):
            failure = _generation_timeout(self._limits.generation)
            return await self._fail(record, failure)
        if upstream is None:
            log_not_set_up(record)
            return self._retries.later(record.name)
        if (wait := self._call.wait(record)) is not None:
            return self._clock.now() + wait
        if is_over:
            # It may have ended while no server ran, and it is billed: poll it once more.
            self._final_polls.add(record.name)
        try:
            result = await self._call.poll(record, upstream)
        except Rejected as error:
            # The upstream accepted it earlier and may bill it in spite of the rejection.
            return await self._fail(record, error.failure)
        except NotNow as error:
            return self._retries.later(record.name, error.retry_after)
        except OutcomeUnknown:
            return self._retries.later(record.name)
        self._retries.forget(record.name)
        self._topics.note_poll(record.name)
        return await self._polled(record, result)

    async def _fail(self, record: OperationRecord, failure: Failure) -> datetime | None:
        """End an operation whose generation may go on and be billed."""
        due = await self._ending.fail(record, failure, may_be_billed=True)
        self._retries.forget(record.name)
        self.forget(record.name)
        return due

    def _running_for(self, record: OperationRecord) -> timedelta:
        return self._clock.now() - (record.submit_time or record.create_time)

    def _outage_outlasted_limits(self, record: OperationRecord) -> bool:
        """Return whether an outage has lasted too long to wait for the result."""
        longest = self._limits.generation + self._limits.queue
        is_closed = self._breakers.is_closed(record.upstream)
        return not is_closed and self._running_for(record) > longest

    async def _polled(self, record: OperationRecord, result: PollResult) -> datetime | None:
        match result:
            case Running():
                return await self._poll_scheduler.seen_running(record)
            case Finished():
                due = await self._ending.finish(record, result)
            case Broken():
                due = await self._ending.fail(record, result.failure)
            case _:
                assert_never(result)
        unseen = await self._poll_scheduler.seen_ended(record.name)
        if unseen is not None:
            self._telemetry.detected(record.upstream, unseen)
        return due

    def forget(self, name: str) -> None:
        """Drop the in-memory state of an operation that is no longer polled."""
        self._final_polls.discard(name)
        self._call.forget(name)
        self._poll_scheduler.forget(name)


def _generation_timeout(limit: timedelta) -> Failure:
    seconds = f"{limit.total_seconds():g}"
    return Failure(
        Code.DEADLINE_EXCEEDED,
        "GENERATION_TIMEOUT",
        f"the generation did not end within {seconds} seconds",
        {"limit_seconds": seconds},
    )
