# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors that the client raises.

Wrong values that the client itself can tell are ValueError, files that cannot be
read or written OSError, waits that were limited TimeoutError. All else is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longtake._wording import Violation, error_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.types import OperationError

__all__ = [
    "ClientClosed",
    "ClientError",
    "ErrorDetails",
    "LongtakeError",
    "OperationFailed",
    "ServerError",
    "VideoCorrupted",
    "Violation",
]

_HTTP_CODES = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetails:
    """The google.rpc details of an error, decoded.

    Attributes:
        reason: ErrorInfo's, or ''. See ErrorReason in the contract.
        metadata: ErrorInfo's.
        violations: BadRequest's.
        retry_after: RetryInfo's delay in seconds, or None.
        raw: Every detail as a dict with its `@type`.
    """

    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    retry_after: float | None = None
    raw: list[dict[str, Any]] = field(default_factory=list)


class LongtakeError(Exception):
    """Something that the server refused, or that went wrong on the way.

    Attributes:
        code: The HTTP status that stands for `status`, 400 to 599.
        status: The name of the gRPC code, for example 'INVALID_ARGUMENT'.
        reason: The machine-readable cause, for example 'INVALID_FIELD', or '' where the
            error was made on the way and not by the server.
        message: What happened.
        metadata: What varies in the message.
        details: The google.rpc details as dicts, each with its `@type`.
        violations: Every field of the request that is wrong.
        retry_after: Seconds after which the server asks to call again, or None.
    """

    def __init__(self, status: str, message: str, details: ErrorDetails | None = None) -> None:
        details = details or ErrorDetails()
        super().__init__(error_line(status, details.reason, message, details.violations))
        self.status = status
        self.code = _HTTP_CODES.get(status, _SERVER_ERRORS)
        self.message = message
        self.reason = details.reason
        self.metadata = details.metadata
        self.details = details.raw
        self.violations = list(details.violations)
        self.retry_after = details.retry_after


class ClientClosed(RuntimeError):
    """The client was closed, before the call or during it."""

    def __init__(self, message: str = "the client is closed; create another one") -> None:
        super().__init__(message)


class ClientError(LongtakeError):
    """The request is at fault: `code` is 4xx."""


class ServerError(LongtakeError):
    """The server or the way to it is at fault: `code` is 5xx."""


class OperationFailed(LongtakeError):
    """A generation failed or was cancelled.

    Attributes:
        operation: Its name.
        error: Its error, as the operation holds it.
    """

    def __init__(self, operation: str, error: OperationError) -> None:
        details = ErrorDetails(
            reason=error.reason,
            metadata=error.metadata,
            violations=error.violations,
            raw=error.details,
        )
        super().__init__(error.status, error.message, details)
        self.operation = operation
        self.error = error


class VideoCorrupted(LongtakeError):
    """The bytes that arrived are not those that the server stored. Nothing was saved."""

    def __init__(self, message: str) -> None:
        super().__init__("DATA_LOSS", message)


def call_error(status: str, message: str, details: ErrorDetails) -> LongtakeError:
    """Return the error of a call that ended with a status other than OK."""
    at_fault = ServerError if _HTTP_CODES.get(status, 500) >= _SERVER_ERRORS else ClientError
    return at_fault(status, message, details)
