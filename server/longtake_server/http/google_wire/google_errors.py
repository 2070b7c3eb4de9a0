# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers errors as Google does: with the JSON of google.rpc.Status and its HTTP status.

Google's SDKs repeat a call after 408, 429 and 5xx, and after 409 where they speak to the
Interactions API. So an error that the same call would get again never has one of these:

| error | in gRPC | here |
| --- | --- | --- |
| RequestIdReused | ALREADY_EXISTS | 400 INVALID_ARGUMENT |
| RequestTooLarge, VideoTooLarge | RESOURCE_EXHAUSTED | 400 INVALID_ARGUMENT |
| NotSupported | UNIMPLEMENTED | 400 INVALID_ARGUMENT |
| BudgetExceeded, RequestOverBudget | RESOURCE_EXHAUSTED | 400 FAILED_PRECONDITION |
| OutcomeUnknown | UNAVAILABLE | 400 FAILED_PRECONDITION |

OutcomeUnknown is among them because a second call without an Idempotency-Key could start a second
generation. All other errors have the code that they have in gRPC, and the HTTP status that
google/rpc/code.proto gives that code. 429 and 503 are left for what another try may change.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from google.rpc import code_pb2
from starlette.responses import Response

from longtake_server import errors
from longtake_server.http.statuses import details_of, http_status_of, retry_seconds
from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.rpc import status_pb2
    from starlette.requests import Request

# The first row whose class matches decides.
FINAL: tuple[tuple[type[errors.LongtakeError], code_pb2.Code], ...] = (
    (errors.RequestIdReused, code_pb2.INVALID_ARGUMENT),
    (errors.RequestTooLarge, code_pb2.INVALID_ARGUMENT),
    (errors.VideoTooLarge, code_pb2.INVALID_ARGUMENT),
    (errors.NotSupported, code_pb2.INVALID_ARGUMENT),
    (errors.BudgetExceeded, code_pb2.FAILED_PRECONDITION),
    (errors.RequestOverBudget, code_pb2.FAILED_PRECONDITION),
    (errors.OutcomeUnknown, code_pb2.FAILED_PRECONDITION),
)
"""The codes of errors that the same call would get again, where gRPC's would be repeated."""


def answering(
    take: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a route, which answers errors as Google does."""

    async def answer(request: Request) -> Response:
        try:
            return await take(request)
        except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
            return google_error(error)

    return answer


def google_error(error: Exception) -> Response:
    """Return the answer for an error. That for an unexpected error has only an id to look up."""
    return google_answer(google_status(error))


def google_status(error: Exception) -> status_pb2.Status:
    """Return the status of an error on Google's wire."""
    status = status_of(error)
    for kind, code in FINAL:
        if isinstance(error, kind):
            status.code = code
            break
    return status


def google_answer(status: status_pb2.Status) -> Response:
    """Return a status as Google's error JSON."""
    http_status = http_status_of(status.code)
    error = {
        "code": http_status,
        "message": status.message,
        "status": code_pb2.Code.Name(status.code),
    }
    if status.details:
        error["details"] = details_of(status)
    headers = {}
    if (seconds := retry_seconds(status)) is not None:
        headers["retry-after"] = str(seconds)
    return Response(
        json.dumps({"error": error}), http_status, headers, media_type="application/json"
    )
