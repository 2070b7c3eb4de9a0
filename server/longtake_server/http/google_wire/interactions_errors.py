# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers errors as the Interactions API does: with a code in words.

Google's SDKs read no other code from this API. The rest of google.rpc.Status is beside it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from google.rpc import code_pb2
from starlette.responses import Response

from longtake_server.http.google_wire.google_errors import google_status
from longtake_server.http.statuses import details_of, http_status_of, retry_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "INVALID_ARGUMENT": "invalid_request",
    "OUT_OF_RANGE": "invalid_request",
    "RESOURCE_EXHAUSTED": "too_many_requests",
}
UNKNOWN_INTERACTION = {"code": "invalid_request", "message": "Invalid interaction name"}
"""What Google says of an id that it does not know. It says no more."""
_UNKNOWN_STATUS = 400


def word_of(code: str) -> str:
    """Return the word of a canonical code, for example of `RESOURCE_EXHAUSTED`."""
    return _WORDS.get(code, code.lower())


def error_answer(error: Exception) -> Response:
    """Return the answer for an error. That for an unexpected error has only an id to look up."""
    status = google_status(error)
    name = code_pb2.Code.Name(status.code)
    said: dict[str, object] = {
        "code": word_of(name),
        "message": status.message,
        "status": name,
        "details": details_of(status),
    }
    seconds = retry_seconds(status)
    headers = {} if seconds is None else {"retry-after": str(seconds)}
    return _answer(said, http_status_of(status.code), headers)


def event_error(error: Exception) -> dict[str, str]:
    """Return an error as the event of a stream has it."""
    status = google_status(error)
    return {"code": word_of(code_pb2.Code.Name(status.code)), "message": status.message}


def unknown_answer() -> Response:
    """Return the answer for an id without an interaction, whatever the reason."""
    return _answer(UNKNOWN_INTERACTION, _UNKNOWN_STATUS, {})


def _answer(said: Mapping[str, object], http_status: int, headers: Mapping[str, str]) -> Response:
    return Response(
        json.dumps({"error": said}), http_status, headers, media_type="application/json"
    )
