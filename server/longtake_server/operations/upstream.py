# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The port to an API that generates videos, and its three kinds of failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from longtake_server.operations.model import Code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.errors import Violation
    from longtake_server.operations.model import Failure, StoredVideo


class UpstreamFailure(Exception):
    """A call to the upstream failed. Always raised as one of the subclasses."""


class Rejected(UpstreamFailure):
    """The upstream refused the call for good: the same call would fail again.

    Nothing has started. `failure` is the failure for the caller.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class NotNow(UpstreamFailure):
    """Nothing has started, and the same call may succeed later.

    Attributes:
        failure: The failure for the caller if the server gives up.
        retry_after: The seconds that the upstream asked to wait, None if it did not.
        reached: Whether the upstream answered. If not, other calls would not reach it either:
            there are no credentials, or there is no connection.
    """

    def __init__(
        self, failure: Failure, retry_after: float | None = None, *, reached: bool = True
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.retry_after = retry_after
        self.reached = reached

    @property
    def lacks_quota(self) -> bool:
        """Whether the upstream answered that it has no quota left. Otherwise it is unavailable."""
        return self.failure.code is Code.RESOURCE_EXHAUSTED


class Withheld(UpstreamFailure):
    """The caller's last look forbade the call. Nothing was sent."""


class OutcomeUnknown(UpstreamFailure):
    """The call was sent, but its outcome is unknown: a generation may have started.

    After a poll or a read, which start nothing, it is safe to call again.
    """


@dataclass(frozen=True, slots=True)
class Running:
    """The generation is running. Google's APIs report no progress."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The generation finished with the videos that the upstream did not withhold.

    Attributes:
        videos: The videos. Each is at the upstream, or the adapter has put it into the media
            store while it read the response.
        filtered_count: The number of videos withheld by the upstream's filters.
        filtered_reasons: The reasons in the upstream's words.
    """

    videos: tuple[StoredVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """The upstream accepted the request, and the generation failed."""

    failure: Failure


PollResult = Running | Finished | Broken


@dataclass(frozen=True, slots=True)
class VideoReading:
    """An open read of a video.

    Attributes:
        size_bytes: The size of the whole video.
        chunks: The bytes of the requested range.
    """

    size_bytes: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier generation, at the same upstream, that a new one continues.

    Attributes:
        upstream_operation: The upstream's name of the earlier generation.
        videos: The videos of the earlier generation.
    """

    upstream_operation: str
    videos: tuple[StoredVideo, ...]


class IncomingVideo(Protocol):
    """A video that is stored while it arrives. It is no video of its operation until it is kept."""

    async def write(self, data: bytes) -> None:
        """Append bytes. Raises StorageUnavailable."""

    async def finish(self) -> None:
        """Store what was appended durably. Nothing follows. Raises StorageUnavailable."""

    async def keep(self, index: int, mime_type: str) -> StoredVideo:
        """Make it the video with this index, which replaces an earlier one.

        Finishes it first. Returns its location, its size and its SHA-256 digest. Raises
        StorageUnavailable.
        """


class ResultSink(Protocol):
    """Stores videos that come inline in a response of the upstream."""

    def receive(self, operation: str) -> AbstractAsyncContextManager[IncomingVideo]:
        """Begin a video. When the block ends, it is removed unless it was kept."""


def always() -> bool:
    """Return True: a last look that forbids nothing."""
    return True


class Upstream(Protocol):
    """An API that generates videos. Implementations set a deadline for every call."""

    @property
    def name(self) -> str:
        """The name in records and errors, for example `agent_platform`."""

    @property
    def provider(self) -> str:
        """The provider as OpenTelemetry's `gen_ai.provider.name` names it."""

    def check(self, request: GenerateVideosRequest) -> list[Violation]:
        """Return a violation for each field of a request that the API cannot express."""

    async def submit(
        self,
        operation: str,
        model: str,
        request: GenerateVideosRequest,
        earlier: Earlier | None = None,
        last_look: Callable[[], bool] = always,
    ) -> str:
        """Start a generation, and return the upstream's name of it.

        Sends at most one request that can start a generation.

        Args:
            operation: The name of the operation.
            model: The id of the model that serves the request.
            request: The request.
            earlier: The generation that `request.previous_operation` names, if it is set.
            last_look: Called immediately before each request is sent. If it returns False, that
                request is not sent.

        Raises:
            Withheld: The last look forbade it. Nothing has started.
            Rejected: The upstream refused the request for good.
            NotNow: Nothing has started; the request can be submitted again.
            OutcomeUnknown: A generation may have started; submit again only if the caller
                allows it.

        """

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        """Return the state of a generation. Starts nothing.

        Args:
            operation: The name of the operation. Inline results are put into the sink under it.
            upstream_operation: The result of `submit`.

        Raises:
            Rejected: The upstream does not know the generation any more.
            NotNow, OutcomeUnknown: There was no usable answer; poll again later.
            StorageUnavailable: An inline result could not be stored; poll again.

        """

    async def cancel(self, upstream_operation: str) -> bool:
        """Tell the upstream to stop. Return False if its API has no such call.

        Raises as `poll`.
        """

    def open_video(
        self, video: StoredVideo, offset: int, limit: int | None
    ) -> AbstractAsyncContextManager[VideoReading]:
        """Open a video at the upstream, with the server's credentials.

        Args:
            video: A video whose `at_upstream` is true.
            offset: The first byte to read.
            limit: The most bytes to read, None for all.

        Raises, on entry or while reading:
            VideoExpired: The upstream has deleted the video.
            OffsetPastEnd: The offset is greater than the size.
            UpstreamUnavailable: The read failed; read again from the next byte.

        """
