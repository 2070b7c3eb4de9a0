# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors that the client raises.

The client also raises ValueError for a value that it can tell is wrong by itself, OSError
for a file that cannot be read or written, and TimeoutError when a wait takes too long.

Every error can be copied and pickled, so it can be raised in a worker of a process pool.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from longtake._pydantic import InstanceSchema
from longtake._wording import Violation, error_line, shortened
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
        reason: The reason in ErrorInfo, or ''. See ErrorReason in the contract.
        metadata: The metadata in ErrorInfo.
        violations: The field violations in BadRequest.
        retry_after: The delay in RetryInfo, in seconds, or None.
        raw: Every detail as a dict with its `@type`.
    """

    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    violations: tuple[Violation, ...] = ()
    retry_after: float | None = None
    raw: list[dict[str, Any]] = field(default_factory=list, hash=False)

    def __repr__(self) -> str:
        return (
            f"ErrorDetails(reason={shortened(self.reason)}, "
            f"violations={len(self.violations)}, details={len(self.raw)})"
        )


class LongtakeError(Exception, InstanceSchema):
    """The server refused a call, or the call failed on the way.

    Attributes:
        code: The HTTP status that corresponds to `status`, from 400 to 599.
        status: The name of the gRPC code, for example 'INVALID_ARGUMENT'.
        reason: The machine-readable cause, for example 'INVALID_FIELD'; '' if the error
            did not come from the server.
        message: What happened.
        metadata: The variable parts of the message, by name.
        details: The google.rpc details as dicts, each with its `@type`.
        violations: Every field of the request that is wrong.
        retry_after: The number of seconds after which the server asks to call again, or None.
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shortened(str(self))})"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is otherwise rebuilt by calling its class with `args`, the one line.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # typeshed lacks it; pickle documents it


class ClientClosed(RuntimeError, InstanceSchema):
    """The client was closed, before the call or during it."""

    def __init__(self, message: str = "the client is closed; create another one") -> None:
        super().__init__(message)


class ClientError(LongtakeError):
    """The request is at fault: `code` is 4xx."""


class ServerError(LongtakeError):
    """The server or the connection to it is at fault: `code` is 5xx."""


class OperationFailed(LongtakeError):
    """A generation failed or was cancelled.

    Attributes:
        operation: The name of the operation.
        error: The error that the operation holds.
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
    """The bytes that arrived differ from those that the server stored. No file was written."""

    def __init__(self, message: str) -> None:
        super().__init__("DATA_LOSS", message)


def call_error(status: str, message: str, details: ErrorDetails) -> LongtakeError:
    """Return the error for a call that ended with a status other than OK."""
    at_fault = ServerError if _HTTP_CODES.get(status, 500) >= _SERVER_ERRORS else ClientError
    return at_fault(status, message, details)
