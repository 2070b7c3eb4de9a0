# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation: its state, its result, its error. Read-only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict

from longtake._wording import error_line
from longtake.types.stored_video import AsyncStoredVideo, StoredVideo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from typing_extensions import TypeVar

    from longtake._wording import Violation

    VideoT_co = TypeVar(
        "VideoT_co", bound=StoredVideo | AsyncStoredVideo, default=StoredVideo, covariant=True
    )
else:
    # typing's own TypeVar learns of defaults in Python 3.13; only type checkers need this one.
    from typing import TypeVar

    VideoT_co = TypeVar("VideoT_co", covariant=True)


class Money(TypedDict):
    """An amount of money.

    Attributes:
        currency_code: Three letters of ISO 4217.
        amount: In units of the currency.
    """

    currency_code: str
    amount: Decimal


class OperationMetadata(TypedDict):
    """What is known of a generation besides its outcome. None: not known, or not yet."""

    state: str
    model: str
    served_model: str | None
    create_time: datetime | None
    submit_time: datetime | None
    update_time: datetime | None
    end_time: datetime | None
    expire_time: datetime | None
    estimated_finish_time: datetime | None
    progress_percent: int | None
    queue_position: int | None
    estimated_start_time: datetime | None
    attempts: int
    next_retry_time: datetime | None
    labels: dict[str, str]
    billed_seconds: float | None
    estimated_cost: Money | None
    cancel_requested: bool
    warnings: list[str]


class GenerateVideosOptions(TypedDict, total=False):
    """The less usual keywords of `generate_videos`.

    Attributes:
        resubmit_if_unknown: Send it again when it is unknown whether the upstream took it,
            at the risk of a second bill. Default: False.
        queue_timeout: Seconds that it may wait to be submitted. Default: no limit.
        priority: From -100 to 100, higher first. Default: 0.
        allow_model_fallback: Whether another model may serve it. Default: False.
        previous_operation: The name of an operation whose result this one edits.
    """

    resubmit_if_unknown: bool
    queue_timeout: float
    priority: int
    allow_model_fallback: bool
    previous_operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationError:
    """Why a generation failed.

    Attributes:
        code: The number of a google.rpc.Code, for example 13.
        message: What happened.
        details: The google.rpc details as dicts, each with its `@type`.
        status: The name of the code, for example 'INTERNAL'.
        reason: The machine-readable cause, for example 'UPSTREAM_FAILED', or ''.
        metadata: What varies in the message.
        violations: The fields of the request that the upstream found wrong.
    """

    code: int
    message: str
    details: list[dict[str, Any]]
    status: str
    reason: str
    metadata: Mapping[str, str]
    violations: tuple[Violation, ...] = ()

    def __str__(self) -> str:
        return error_line(self.status, self.reason, self.message, self.violations)


@dataclass(frozen=True, slots=True)
class GeneratedVideo(Generic[VideoT_co]):
    """One generated video.

    Attributes:
        name: `operations/{id}/videos/{index}`.
        video: The video; its bytes are fetched when they are asked for.
        generation_seed: Its seed, where it is known.
    """

    name: str
    video: VideoT_co
    generation_seed: int | None = None


@dataclass(frozen=True, slots=True)
class GenerateVideosResponse(Generic[VideoT_co]):
    """What a generation made.

    Attributes:
        generated_videos: The videos. Fewer than asked for where some were withheld.
        rai_media_filtered_count: How many were withheld for usage guidelines.
        rai_media_filtered_reasons: Why, in the upstream's words.
    """

    generated_videos: list[GeneratedVideo[VideoT_co]]
    rai_media_filtered_count: int = 0
    rai_media_filtered_reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[VideoT_co]):
    """A generation as it was when the server was asked.

    Attributes:
        name: `operations/{id}`.
        done: Whether it has ended.
        error: Why it failed, once it has.
        response: What it made, once it has succeeded.
        metadata: State, times, progress; a dict.
        revision: Counts its changes.
    """

    name: str
    done: bool
    error: OperationError | None = None
    response: GenerateVideosResponse[VideoT_co] | None = None
    metadata: OperationMetadata
    revision: int


class Results(Protocol):
    """Waits for the response of an operation."""

    def result(
        self, operation: GenerateVideosOperation, /, timeout: float | None = None
    ) -> GenerateVideosResponse:
        """See `GenerateVideosOperation.result`."""
        ...


class AsyncResults(Protocol):
    """As Results, on an event loop."""

    async def result(
        self, operation: AsyncGenerateVideosOperation, /, timeout: float | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """See `AsyncGenerateVideosOperation.result`."""
        ...


@dataclass(frozen=True, kw_only=True)
class GenerateVideosOperation(Operation[StoredVideo]):
    """A generation, as the client returns it."""

    _results: Results = field(repr=False, compare=False)

    def result(self, timeout: float | None = None) -> GenerateVideosResponse:
        """Watch until the generation has ended and return what it made.

        Args:
            timeout: Seconds. Default: without end.

        Raises:
            OperationFailed: The generation failed or was cancelled.
            LongtakeError: The server cannot be asked.
            TimeoutError: It has not ended in time; it goes on.

        """
        return self._results.result(self, timeout)


@dataclass(frozen=True, kw_only=True)
class AsyncGenerateVideosOperation(Operation[AsyncStoredVideo]):
    """A generation, as the asynchronous client returns it."""

    _results: AsyncResults = field(repr=False, compare=False)

    async def result(
        self, timeout: float | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """Watch until the generation has ended and return what it made.

        Args:
            timeout: Seconds. Default: without end.

        Raises:
            OperationFailed: The generation failed or was cancelled.
            LongtakeError: The server cannot be asked.
            TimeoutError: It has not ended in time; it goes on.

        """
        return await self._results.result(self, timeout)
