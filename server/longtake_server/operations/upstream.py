# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to an API that generates videos, and the three kinds of its failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.errors import Violation
    from longtake_server.operations.model import Failure, StoredVideo


class UpstreamFailure(Exception):
    """A call to the upstream did not work out. Raised as one of its three kinds."""


class Rejected(UpstreamFailure):
    """The upstream refused the call for good: the same call fails again.

    Nothing has started. `failure` is what the caller is told.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class NotNow(UpstreamFailure):
    """Nothing has started, and the same call may work later.

    Attributes:
        failure: What the caller is told if the server gives up.
        retry_after: Seconds to wait, if the upstream said so.
        reached: Whether the upstream answered. If not, no other call reaches it either:
            there are no credentials, or no connection.
    """

    def __init__(
        self, failure: Failure, retry_after: float | None = None, *, reached: bool = True
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.retry_after = retry_after
        self.reached = reached


class OutcomeUnknown(UpstreamFailure):
    """The call was sent and its effect is not known: it may have started.

    For a poll or a read, which start nothing, it is safe to call again.
    """


@dataclass(frozen=True, slots=True)
class Running:
    """The upstream has not finished. None of Google's tells how far it is."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The upstream finished, with as many videos as it did not withhold.

    Attributes:
        videos: Those that lie at the upstream, or that the adapter has put into
            the object store while it read the answer.
        filtered_count: Videos withheld.
        filtered_reasons: Why, in the upstream's words.
    """

    videos: tuple[StoredVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """The upstream took the request and failed."""

    failure: Failure


PollResult = Running | Finished | Broken


@dataclass(frozen=True, slots=True)
class VideoReading:
    """An open read of a video.

    Attributes:
        size_bytes: The size of the whole video.
        chunks: The bytes from the offset asked for to the end of the range.
    """

    size_bytes: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier generation of the same upstream, which a new one goes on from.

    Attributes:
        upstream_operation: The upstream's name of it.
        videos: What it brought.
    """

    upstream_operation: str
    videos: tuple[StoredVideo, ...]


class ResultSink(Protocol):
    """Where an adapter puts a result that comes inline."""

    async def put(self, operation: str, index: int, mime_type: str, data: bytes) -> StoredVideo:
        """Store the bytes of a result durably and return where they lie.

        Putting the same index twice replaces it. Raises StorageUnavailable.
        """


class Upstream(Protocol):
    """An API that generates videos. Every call has a deadline of its own."""

    @property
    def name(self) -> str:
        """The name in records and errors, for example `agent_platform`."""

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        """Return a violation for each field that the wire has no place for."""

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
    ) -> str:
        """Start a generation and return the upstream's name of it.

        Sends at most one request that can start something.

        Args:
            operation: Our name of it.
            model: The id of the model that serves it.
            request: What to generate.
            earlier: What `request.previous_operation` names, if it is set.

        Raises:
            Rejected: Refused for good.
            NotNow: Surely not started; may be submitted again.
            OutcomeUnknown: May have started; never submit again unasked.

        """

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        """Ask how far a generation is; starts nothing.

        Args:
            operation: Our name, under which inline results are put into the sink.
            upstream_operation: What `submit` returned.

        Raises:
            Rejected: The upstream no longer knows it.
            NotNow, OutcomeUnknown: Ask again later.
            StorageUnavailable: An inline result could not be stored; ask again.

        """

    async def cancel(self, upstream_operation: str) -> bool:
        """Tell the upstream to stop. False where it has no way to be told.

        Raises as `poll`.
        """

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Read a video that lies at the upstream, with our credentials.

        Args:
            video: One whose `at_upstream` is true.
            offset: The first byte.
            limit: The most bytes, or None for all.

        Raises, on entry or while reading:
            VideoExpired: The bytes are gone.
            OffsetPastEnd: The offset is greater than the size.
            UpstreamUnavailable: Read again from the next byte.

        """
