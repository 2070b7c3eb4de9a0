# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An upstream whose answer is chosen for each call, and whose calls can be held."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from fakes.upstream import ScriptedUpstream
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.model import Code, Failure, StoredVideo
from longtake_server.operations.upstream import (
    Broken,
    Finished,
    NotNow,
    OutcomeUnknown,
    Rejected,
    Running,
    Withheld,
    always,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from longtake_server.operations.upstream import Earlier, PollResult

_REFUSED = Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no such thing")
_BROKEN = Failure(Code.INTERNAL, "UPSTREAM_FAILED", "it failed")
_BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")

FAILED_CALLS: tuple[Exception, ...] = (
    Rejected(_REFUSED),
    NotNow(_BUSY),
    NotNow(_BUSY, retry_after=90),
    OutcomeUnknown("the connection broke off"),
    RuntimeError("a defect of the adapter"),
)
SUBMISSIONS: tuple[str | Exception, ...] = ("accepted", *FAILED_CALLS)
POLLS: tuple[PollResult | Exception, ...] = (
    Running(),
    Finished((StoredVideo("key"),)),
    Finished((), filtered_count=1, filtered_reasons=("a reason",)),
    Broken(_BROKEN),
    StorageUnavailable("the disk is full"),
    *FAILED_CALLS,
)
CANCELS: tuple[bool | Exception, ...] = (True, False, *FAILED_CALLS)


class ChosenUpstream(ScriptedUpstream):
    """Answers each call with the latest choice.

    Attributes:
        submission, polling, cancelling: What the next calls are answered.
        calling: Set by a call.
        let_answer: Calls wait until it is set.
        may_have_started: How often each operation was sent and not surely refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.submission = SUBMISSIONS[0]
        self.polling = POLLS[0]
        self.cancelling = CANCELS[0]
        self.calling = asyncio.Event()
        self.let_answer = asyncio.Event()
        self.may_have_started: Counter[str] = Counter()

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
        last_look: Callable[[], bool] = always,
    ) -> str:
        if not last_look():
            raise Withheld
        self.may_have_started[operation] += 1
        await self._answered()
        if isinstance(self.submission, NotNow | Rejected):
            self.may_have_started[operation] -= 1
        if isinstance(self.submission, Exception):
            raise self.submission
        return f"up/{operation}"

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        assert upstream_operation == f"up/{operation}"
        await self._answered()
        if isinstance(self.polling, Exception):
            raise self.polling
        return self.polling

    async def cancel(self, upstream_operation: str) -> bool:
        await self._answered()
        if isinstance(self.cancelling, Exception):
            raise self.cancelling
        return self.cancelling

    async def _answered(self) -> None:
        self.calling.set()
        await self.let_answer.wait()
