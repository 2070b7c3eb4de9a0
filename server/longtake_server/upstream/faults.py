# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Classifies failed calls: rejected for good, not started, or outcome unknown."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import httpx

from longtake_server.operations.model import Code, Failure
from longtake_server.operations.upstream import NotNow, OutcomeUnknown, Rejected, UpstreamFailure
from longtake_server.upstream.google_error import bounded_retry, parse_error, readable_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longtake_server.clock import Clock
    from longtake_server.upstream.google_error import GoogleError

_NO_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# A timeout of the connection pool says nothing about the upstream.
_NEVER_SENT = (*_NO_CONNECTION, httpx.PoolTimeout)
# A 303 follows a request that was served; 408 and 499 report one that broke off.
_AMBIGUOUS = frozenset({303, 408, 499})
_CODES = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    409: Code.ABORTED,
    413: Code.INVALID_ARGUMENT,
    422: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    501: Code.UNIMPLEMENTED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response. The body of an error may be truncated.

    Attributes:
        status: The status code.
        headers: The headers; names are case-insensitive.
        body: The bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray


class Faults(Protocol):
    """Maps what happened to a call to the error to raise."""

    def unsent(self, cause: str) -> Exception:
        """Return the error for a call that was not sent."""

    def interrupted(self, error: Exception) -> Exception:
        """Return the error for a call that broke off, by an httpx error or at its deadline."""

    def refused(self, answer: Answer) -> Exception:
        """Return the error for an answer with another status than 200."""


class SubmitFaults:
    """Failures of a submission, which may start a paid generation."""

    def __init__(self, upstream: str, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def unsent(self, cause: str) -> UpstreamFailure:
        """Return NotNow: nothing has started."""
        return _not_now(self._upstream, cause)

    def interrupted(self, error: Exception) -> UpstreamFailure:
        """Return NotNow if no connection was made, otherwise OutcomeUnknown."""
        if isinstance(error, _NEVER_SENT):
            cause = f"it cannot be reached ({type(error).__name__})"
            return _not_now(self._upstream, cause, reached=not isinstance(error, _NO_CONNECTION))
        return OutcomeUnknown(_broke_off(self._upstream, error))

    def refused(self, answer: Answer) -> UpstreamFailure:
        """Return the kind of failure that the HTTP status and Google's status prove."""
        error = parse_error(answer.body)
        message = _message(self._upstream, answer, error)
        named = error.status if error else ""
        client_fault = 300 <= answer.status < 500 and answer.status not in _AMBIGUOUS
        if answer.status == 429 or (client_fault and named == "RESOURCE_EXHAUSTED"):
            wait = _retry_after(answer, error, self._clock.now())
            return NotNow(_exhausted(self._upstream, message, error, 429), wait)
        if answer.status == 503 and named == "UNAVAILABLE":
            wait = _retry_after(answer, error, self._clock.now())
            return NotNow(_exhausted(self._upstream, message, error, 503), wait)
        if client_fault or (answer.status == 501 and named == "UNIMPLEMENTED"):
            return Rejected(_rejection(self._upstream, answer, message, error))
        return OutcomeUnknown(message)


class PollFaults:
    """Failures of a call about a generation that was started, such as a poll.

    Args:
        upstream: The upstream's name.
        clock: For Retry-After dates.
        lost: Whether an HTTP status with Google's error means that the generation does
            not exist.

    """

    def __init__(
        self,
        upstream: str,
        clock: Clock,
        lost: Callable[[int, GoogleError], bool] = lambda status, _: status in {404, 410},
    ) -> None:
        self._upstream = upstream
        self._clock = clock
        self._lost = lost

    def unsent(self, cause: str) -> UpstreamFailure:
        """Return NotNow."""
        return _not_now(self._upstream, cause)

    def interrupted(self, error: Exception) -> UpstreamFailure:
        """Return NotNow, or OutcomeUnknown if the answer cannot be decoded."""
        if isinstance(error, httpx.DecodingError):
            return OutcomeUnknown(_broke_off(self._upstream, error))
        cause = f"the call broke off ({type(error).__name__})"
        return _not_now(self._upstream, cause, reached=not isinstance(error, _NO_CONNECTION))

    def refused(self, answer: Answer) -> UpstreamFailure:
        """Return Rejected only if Google says that the generation does not exist."""
        error = parse_error(answer.body)
        message = _message(self._upstream, answer, error)
        if error is not None and self._lost(answer.status, error):
            # A 404 without Google's JSON comes from a wrong address, not from Google.
            metadata = {"upstream": self._upstream}
            lost = f"the upstream no longer knows the generation: {message}"
            return Rejected(Failure(Code.ABORTED, "UPSTREAM_LOST", lost, metadata, error.details))
        if answer.status < 300:
            return OutcomeUnknown(message)
        wait = _retry_after(answer, error, self._clock.now())
        return NotNow(_exhausted(self._upstream, message, error, answer.status), wait)


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Return the seconds of a RetryInfo or of a Retry-After header, or None."""
    return _retry_after(answer, parse_error(answer.body), now)


def _retry_after(answer: Answer, error: GoogleError | None, now: datetime) -> float | None:
    if error is not None and error.retry_delay is not None:
        return error.retry_delay
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return bounded_retry(float(value))
    try:
        due = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError, IndexError):
        return None
    due = due.replace(tzinfo=UTC) if due.tzinfo is None else due
    return bounded_retry((due - now).total_seconds())


def _message(upstream: str, answer: Answer, error: GoogleError | None) -> str:
    if error is not None and error.message:
        return error.message
    said = "" if error is not None else readable_body(answer.body)
    try:
        status = f"HTTP {answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        status = f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return f"{upstream} answered {status}, a redirect; correct its base URL"
    return f"{upstream} answered {status}" + (f": {said}" if said else " without a message")


def _broke_off(upstream: str, error: Exception) -> str:
    return f"the call to {upstream} broke off after it was sent ({type(error).__name__})"


def _not_now(upstream: str, cause: str, *, reached: bool = False) -> NotNow:
    message = f"the upstream {upstream} is not available: {cause}"
    failure = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", message, {"upstream": upstream})
    return NotNow(failure, reached=reached)


def _exhausted(upstream: str, message: str, error: GoogleError | None, status: int) -> Failure:
    code = Code.RESOURCE_EXHAUSTED if status == 429 else Code.UNAVAILABLE
    details = error.details if error else ()
    return Failure(code, "ATTEMPTS_EXHAUSTED", message, {"upstream": upstream}, details)


def _rejection(upstream: str, answer: Answer, message: str, error: GoogleError | None) -> Failure:
    named = error.code if error else None
    code = named or _CODES.get(answer.status, Code.FAILED_PRECONDITION)
    details = error.details if error else ()
    return Failure(code, "UPSTREAM_REJECTED", message, {"upstream": upstream}, details)
