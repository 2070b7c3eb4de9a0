# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An upstream that follows a script. An answer left over fails the test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from longtake_server.operations.upstream import PollResult, VideoReading, Withheld, always

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from longtake_server.errors import Violation
    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.upstream import Earlier

Answer = TypeVar("Answer")

_CHUNK = 1 << 20


class _Script(Generic[Answer]):
    """Returns answers in order."""

    def __init__(self, answers: Sequence[Answer | Exception]) -> None:
        self.left = list(answers)

    def next(self) -> Answer:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class ScriptedUpstream:
    """Implements longtake_server.operations.upstream.Upstream.

    `submissions`, `polls` and `cancels` are answers in order. An exception among them is raised.
    """

    def __init__(
        self,
        *,
        submissions: Sequence[str | Exception] = (),
        polls: Sequence[PollResult | Exception] = (),
        cancels: Sequence[bool | Exception] = (),
        video: bytes = b"",
        name: str = "scripted",
    ) -> None:
        self._name = name
        self._submissions = _Script[str](submissions)
        self._polls = _Script[PollResult](polls)
        self._cancels = _Script[bool](cancels)
        self._video = video
        self.submitted: list[str] = []
        self.polled: list[str] = []
        self.earlier: Earlier | None = None
        self.readings: list[Exception] = []
        self.submitting = asyncio.Event()
        self.let_submit = asyncio.Event()
        self.let_submit.set()
        self.poll_begun = asyncio.Event()
        self.preparing = asyncio.Event()
        self.let_prepare = asyncio.Event()
        self.let_prepare.set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def provider(self) -> str:
        return "gcp.vertex_ai"

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        return []

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
        last_look: Callable[[], bool] = always,
    ) -> str:
        self.preparing.set()
        await self.let_prepare.wait()
        if not last_look():
            raise Withheld
        self.earlier = earlier
        self.submitted.append(operation)
        self.submitting.set()
        await self.let_submit.wait()
        return self._submissions.next()

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        self.polled.append(operation)
        self.poll_begun.set()
        return self._polls.next()

    async def cancel(self, upstream_operation: str) -> bool:
        return self._cancels.next()

    @asynccontextmanager
    async def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AsyncIterator[VideoReading]:
        if self.readings:
            raise self.readings.pop(0)
        end = len(self._video) if limit is None else offset + limit

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(offset, min(end, len(self._video)), _CHUNK):
                yield self._video[start : min(end, start + _CHUNK)]

        yield VideoReading(len(self._video), chunks())

    def forget_left(self) -> None:
        """Drop unused answers, for tests that provide more than they need."""
        for script in (self._submissions, self._polls, self._cancels):
            script.left.clear()

    def assert_all_used(self) -> None:
        left = (self._submissions.left, self._polls.left, self._cancels.left)
        assert not any(left), f"left over: {left}"
