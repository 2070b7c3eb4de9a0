# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's errors, as exceptions and as JSON on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

# From google/rpc/code.proto: the number of each name and its HTTP status.
_CODES = {
    "INVALID_ARGUMENT": (3, HTTPStatus.BAD_REQUEST),
    "NOT_FOUND": (5, HTTPStatus.NOT_FOUND),
    "PERMISSION_DENIED": (7, HTTPStatus.FORBIDDEN),
    "RESOURCE_EXHAUSTED": (8, HTTPStatus.TOO_MANY_REQUESTS),
    "FAILED_PRECONDITION": (9, HTTPStatus.BAD_REQUEST),
    "OUT_OF_RANGE": (11, HTTPStatus.BAD_REQUEST),
    "UNIMPLEMENTED": (12, HTTPStatus.NOT_IMPLEMENTED),
    "INTERNAL": (13, HTTPStatus.INTERNAL_SERVER_ERROR),
    "UNAVAILABLE": (14, HTTPStatus.SERVICE_UNAVAILABLE),
    "UNAUTHENTICATED": (16, HTTPStatus.UNAUTHORIZED),
}
_TYPE = "type.googleapis.com/google.rpc."


@dataclass(frozen=True, slots=True)
class Violation:
    """A wrong field of a request.

    Attributes:
        field: The path of the field in the JSON, for example parameters.durationSeconds.
        description: What is wrong and what is accepted.
    """

    field: str
    description: str


class GoogleError(Exception):
    """An error of Google's APIs.

    Attributes:
        status: The name of a google.rpc.Code.
        message: What happened.
        details: The google.rpc details, in JSON.
    """

    def __init__(self, status: str, message: str, *details: dict[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = list(details)

    @property
    def http_status(self) -> int:
        """The HTTP status."""
        return _CODES[self.status][1].value

    def http_body(self) -> dict[str, Any]:
        """Return the body of an HTTP error."""
        error: dict[str, Any] = {
            "code": self.http_status,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def operation_error(self) -> dict[str, Any]:
        """Return the error of a google.longrunning.Operation."""
        error: dict[str, Any] = {"code": _CODES[self.status][0], "message": self.message}
        if self.details:
            error["details"] = self.details
        return error


def invalid(*violations: Violation) -> GoogleError:
    """Return the error that names every field that is wrong."""
    message = "; ".join(f"{one.field}: {one.description}" for one in violations)
    fields = [{"field": one.field, "description": one.description} for one in violations]
    return GoogleError(
        "INVALID_ARGUMENT",
        message,
        {"@type": f"{_TYPE}BadRequest", "fieldViolations": fields},
    )


def retry_info(seconds: float) -> dict[str, Any]:
    """Return the detail that says when to try again."""
    return {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{seconds:g}s"}


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    """Return the detail that names the cause, in the domain of Google's APIs."""
    return {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }
