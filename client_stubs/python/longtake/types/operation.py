# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A generation: its state, result and error. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, Protocol, cast

from typing_extensions import TypedDict

from longtake._documents import Documented
from longtake._durations import Seconds
from longtake._pydantic import InstanceSchema
from longtake._wording import Violation, error_line, shortened
from longtake.types.response import (
    GenerateVideosResponse,
    ResultSoFar,
    VideoT_co,
    without_connection,
)
from longtake.types.stored_video import AsyncStoredVideo, StoredVideo

_KEYS_OF_AN_ERROR = ("code", "message", "details")


class Money(TypedDict):
    """An amount of money.

    Attributes:
        currency_code: The three-letter code of ISO 4217, for example 'USD'.
        amount: The amount in units of the currency.
    """

    currency_code: str
    amount: Decimal


class OperationMetadata(TypedDict):
    """What is known about a generation besides its outcome. None: not known, or not yet.

    `last_error` is why a queued generation waits for its upstream: a refusal, or an outage.
    `principal` is who started it. `late_success` is whether the upstream finished it after it
    had failed here: its videos are not kept, but billed. `webhook` is the id of the webhook
    that gets its events.
    """

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
    last_error: OperationError | None
    labels: dict[str, str]
    prompt_excerpt: str | None
    principal: str | None
    billed_seconds: float | None
    estimated_cost: Money | None
    late_success: bool
    cancel_requested: bool
    warnings: list[str]
    webhook: str | None
    webhook_metadata: dict[str, str]


class GenerateVideosOptions(TypedDict, total=False):
    """The less common keyword arguments of `generate_videos`.

    Attributes:
        resubmit_if_unknown: Whether to submit again if it is unknown whether the upstream
            accepted the generation, at the risk of paying twice. Default: False.
        queue_timeout: How long it may wait to be submitted: seconds, or a timedelta.
            Default: no limit.
        priority: From -100 to 100; higher ones are submitted first. Default: 0.
        allow_model_fallback: Whether another model may serve the request. Default: False.
        previous_operation: The name of the operation whose result this one edits.
        max_cost: The most that the generation may cost by list price, in US dollars: a
            number, or a string such as '1.50'. If it could cost more, the call raises
            CostOverMaximum. Default: no limit but your budgets.
        validate_only: Whether only to check the request, your budgets included. The operation
            then has no name, and `metadata["estimated_cost"]` is the most that the generation
            can cost. Default: False.
        webhook: The id or the name of a webhook that gets the events of the operation.
            Default: none.
        webhook_metadata: Up to 16 strings by name that the events repeat, in
            `operation.metadata.webhookMetadata`.
    """

    resubmit_if_unknown: bool
    queue_timeout: float | timedelta
    priority: int
    allow_model_fallback: bool
    previous_operation: str
    max_cost: Decimal | float | str
    validate_only: bool
    webhook: str
    webhook_metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationError(Documented, Mapping[str, Any]):
    """Why a generation failed.

    It can also be read as google-genai's dict: `error["message"]`, and `code` and `details`.

    Attributes:
        code: The number of a google.rpc.Code, for example 13.
        message: What happened.
        details: The google.rpc details as dicts, each with its `@type`.
        status: The name of the code, for example 'INTERNAL'.
        reason: The machine-readable cause, for example 'UPSTREAM_FAILED', or ''.
        metadata: The variable parts of the message, by name.
        violations: The fields of the request that the upstream refused.
    """

    code: int
    message: str
    details: list[dict[str, Any]] = field(hash=False)
    status: str
    reason: str
    metadata: Mapping[str, str] = field(hash=False)
    violations: tuple[Violation, ...] = ()

    def __getitem__(self, key: str) -> Any:
        if key not in _KEYS_OF_AN_ERROR:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(_KEYS_OF_AN_ERROR)

    def __len__(self) -> int:
        return len(_KEYS_OF_AN_ERROR)

    def __str__(self) -> str:
        return error_line(self.status, self.reason, self.message, self.violations)

    def __repr__(self) -> str:
        return (
            f"OperationError(status={self.status!r}, reason={shortened(self.reason)}, "
            f"message={shortened(self.message)})"
        )


def _nothing_known() -> OperationMetadata:
    known: dict[str, Any] = {
        **dict.fromkeys(OperationMetadata.__annotations__),
        "state": "STATE_UNSPECIFIED",
        "model": "",
        "attempts": 0,
        "labels": {},
        "late_success": False,
        "cancel_requested": False,
        "warnings": [],
    }
    return cast("OperationMetadata", known)


@dataclass(frozen=True, kw_only=True, repr=False)
class Operation(Documented, InstanceSchema, Generic[VideoT_co]):
    """A generation as it was when the server answered.

    It can be copied, and pickled for another process. An unpickled operation has everything
    but the connection: `result()` returns or raises if the generation has ended, and raises
    RuntimeError otherwise. `client.operations.get(operation)` returns a connected one.

    Attributes:
        name: `operations/{id}`.
        done: Whether it has ended.
        error: Why it failed, if it did.
        response: Its result, if it succeeded.
        metadata: State, times and progress, as a dict.
        revision: Increases with every change.
    """

    name: str
    done: bool = False
    error: OperationError | None = None
    response: GenerateVideosResponse[VideoT_co] | None = None
    metadata: OperationMetadata = field(hash=False, default_factory=_nothing_known)
    revision: int = 0

    def __repr__(self) -> str:
        failure = (
            f", error={shortened(self.error.reason or self.error.status)}" if self.error else ""
        )
        return (
            f"{type(self).__name__}({self.name!r}, state={self.metadata['state']!r}, "
            f"revision={self.revision}{failure})"
        )


class Results(Protocol):
    """Waits for the result of an operation."""

    def result(
        self, operation: GenerateVideosOperation, /, timeout: Seconds | None = None
    ) -> GenerateVideosResponse:
        """See `Result`."""
        ...


class AsyncResults(Protocol):
    """Waits for the result of an operation on an event loop."""

    async def result(
        self, operation: AsyncGenerateVideosOperation, /, timeout: Seconds | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """See `AsyncResult`."""
        ...


class Result(ResultSoFar[StoredVideo]):
    """The result of an operation: `operation.result()` waits for it.

    Without the call it is the response so far, as in google-genai. See ResultSoFar.
    """

    __slots__ = ("_operation",)

    def __init__(self, operation: GenerateVideosOperation) -> None:
        super().__init__(operation.name, operation.response)
        self._operation = operation

    def __call__(self, timeout: Seconds | None = None) -> GenerateVideosResponse:
        """Wait until the generation has ended and return its response.

        Args:
            timeout: The longest wait: seconds, or a timedelta. Default: no limit.

        Raises:
            ValueError: `timeout` is not a length of time.
            OperationFailed: The generation failed or was cancelled.
            LongtakeError: The server cannot be reached or refuses the call.
            TimeoutError: The generation has not ended in time; it continues.
            RuntimeError: The operation was made or unpickled here and has not ended.

        """
        results = self._operation._results  # noqa: SLF001 - of this module
        if results is None:
            raise without_connection(self._operation.name)
        return results.result(self._operation, timeout)


class AsyncResult(ResultSoFar[AsyncStoredVideo]):
    """The result of an operation: `await operation.result()` waits for it.

    Without the call it is the response so far, as in google-genai. See ResultSoFar.
    """

    __slots__ = ("_operation",)

    def __init__(self, operation: AsyncGenerateVideosOperation) -> None:
        super().__init__(operation.name, operation.response)
        self._operation = operation

    async def __call__(
        self, timeout: Seconds | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """Wait until the generation has ended and return its response.

        Args:
            timeout: The longest wait: seconds, or a timedelta. Default: no limit.

        Raises:
            ValueError: `timeout` is not a length of time.
            OperationFailed: The generation failed or was cancelled.
            LongtakeError: The server cannot be reached or refuses the call.
            TimeoutError: The generation has not ended in time; it continues.
            RuntimeError: The operation was made or unpickled here and has not ended.

        """
        results = self._operation._results  # noqa: SLF001 - of this module
        if results is None:
            raise without_connection(self._operation.name)
        return await results.result(self._operation, timeout)


@dataclass(frozen=True, kw_only=True, repr=False)
class GenerateVideosOperation(Operation[StoredVideo]):
    """A generation, as `client` returns it.

    You may make one of a `name` alone, to pass it to `client.operations`.
    """

    _results: Results | None = field(default=None, repr=False, compare=False)

    @property
    def result(self) -> Result:
        """The result: `result()` waits for it. Without the call, the response so far."""
        return Result(self)


@dataclass(frozen=True, kw_only=True, repr=False)
class AsyncGenerateVideosOperation(Operation[AsyncStoredVideo]):
    """A generation, as `client.aio` returns it.

    You may make one of a `name` alone, to pass it to `client.aio.operations`.
    """

    _results: AsyncResults | None = field(default=None, repr=False, compare=False)

    @property
    def result(self) -> AsyncResult:
        """The result: `await result()` waits for it. Without the call, the response so far."""
        return AsyncResult(self)
