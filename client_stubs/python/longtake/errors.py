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
from datetime import datetime
from decimal import Decimal
from typing import Any

from longtake._amounts import moment_of, scaled
from longtake._pydantic import InstanceSchema
from longtake._wording import Violation, error_line, shortened
from longtake.types import OperationError

__all__ = [
    "APIError",
    "BudgetExceeded",
    "ClientClosed",
    "ClientError",
    "CostOverMaximum",
    "ErrorDetails",
    "LongtakeError",
    "OperationFailed",
    "PermissionDenied",
    "PriceUnknown",
    "RateLimited",
    "RequestOverBudget",
    "ServerError",
    "TooManyQueued",
    "Unauthenticated",
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


APIError = LongtakeError
"""The name that google-genai has."""


class ClientClosed(RuntimeError, InstanceSchema):
    """The client was closed, before the call or during it."""

    def __init__(self, message: str = "the client is closed; create another one") -> None:
        super().__init__(message)


class ClientError(LongtakeError):
    """The request is at fault: `code` is 4xx."""


class Unauthenticated(ClientError):
    """The server does not accept the credential of the call, or the call has none.

    `reason` tells why: CREDENTIAL_MISSING, _MALFORMED, _UNKNOWN, _REVOKED or _EXPIRED, or
    CREDENTIALS_DIFFER. Nothing was done.
    """


class PermissionDenied(ClientError):
    """The principal lacks the role that the call requires. Nothing was done."""


class BudgetExceeded(ClientError):
    """The generation would exceed what is left of a budget. Nothing was started.

    The client never repeats the call: the next period may be weeks away. An amount is None if
    the server does not tell it.
    """

    @property
    def budget(self) -> str:
        """What the budget limits: `principal/{id}`, or `label/{key}={value}`."""
        return self.metadata.get("budget", "")

    @property
    def period(self) -> str:
        """The period of the budget, for example '2026-11-28', '2026-W48' or '2026-11'."""
        return self.metadata.get("period", "")

    @property
    def resets_at(self) -> datetime | None:
        """When the next period begins. None if the server does not tell."""
        return moment_of(self.metadata.get("resets_at", ""))

    @property
    def unit(self) -> str:
        """The unit of the amounts: 'USD', or 'seconds' of video."""
        return "seconds" if "limit_milliseconds" in self.metadata else "USD"

    @property
    def limit(self) -> Decimal | None:
        """The most that may be spent in the period."""
        return self._amount("limit")

    @property
    def spent(self) -> Decimal | None:
        """What the operations of the period that have ended have cost."""
        return self._amount("spent")

    @property
    def reserved(self) -> Decimal | None:
        """The most that those may cost that have not ended."""
        return self._amount("reserved")

    @property
    def requested(self) -> Decimal | None:
        """The most that this generation could have cost."""
        return self._amount("requested")

    def _amount(self, name: str) -> Decimal | None:
        if self.unit == "seconds":
            return scaled(self.metadata.get(f"{name}_milliseconds", ""), -3)
        return scaled(self.metadata.get(f"{name}_micros", ""), -6)


class RequestOverBudget(BudgetExceeded):
    """The generation alone exceeds a budget, so it fits in no period. `resets_at` is None."""


class CostOverMaximum(ClientError):
    """The generation could cost more than its `max_cost`. Nothing was started."""

    @property
    def maximum(self) -> Decimal | None:
        """The `max_cost` of the request, in US dollars. None if the server does not tell it."""
        return scaled(self.metadata.get("max_micros", ""), -6)

    @property
    def requested(self) -> Decimal | None:
        """The most that the generation could cost, in US dollars."""
        return scaled(self.metadata.get("requested_micros", ""), -6)


class PriceUnknown(ClientError):
    """A budget or `max_cost` limits the cost, and the model has no known price."""


class RateLimited(ClientError):
    """The principal started too many generations in a minute.

    `retry_after` is the number of seconds until the next one is accepted. The client does not
    wait for it by itself.
    """


class TooManyQueued(ClientError):
    """The principal has as many queued operations as it may have."""


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


_BY_REASON: dict[tuple[str, str], type[LongtakeError]] = {
    ("RESOURCE_EXHAUSTED", "BUDGET_EXCEEDED"): BudgetExceeded,
    ("RESOURCE_EXHAUSTED", "REQUEST_OVER_BUDGET"): RequestOverBudget,
    ("RESOURCE_EXHAUSTED", "RATE_LIMITED"): RateLimited,
    ("RESOURCE_EXHAUSTED", "TOO_MANY_QUEUED"): TooManyQueued,
    ("FAILED_PRECONDITION", "COST_OVER_MAXIMUM"): CostOverMaximum,
    ("FAILED_PRECONDITION", "PRICE_UNKNOWN"): PriceUnknown,
}
_BY_STATUS: dict[str, type[LongtakeError]] = {
    "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
}


def call_error(status: str, message: str, details: ErrorDetails) -> LongtakeError:
    """Return the error for a call that ended with a status other than OK."""
    kind = _BY_REASON.get((status, details.reason)) or _BY_STATUS.get(status)
    if kind is None:
        is_fault_of_server = _HTTP_CODES.get(status, _SERVER_ERRORS) >= _SERVER_ERRORS
        kind = ServerError if is_fault_of_server else ClientError
    return kind(status, message, details)
