# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the Interactions API, whose code is a string."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from collections.abc import Awaitable

_CODES = {
    "INVALID_ARGUMENT": "invalid_request",
    "OUT_OF_RANGE": "invalid_request",
    "RESOURCE_EXHAUSTED": "too_many_requests",
}


def as_json(error: GoogleError) -> dict[str, str]:
    """Return the code and the message of an error."""
    code = _CODES.get(error.status, error.status.lower())
    return {"code": code, "message": error.message}


def unknown() -> GoogleError:
    """Return the error of an unknown interaction."""
    return GoogleError("INVALID_ARGUMENT", "Invalid interaction name")


async def worded(answer: Awaitable[Response]) -> Response:
    """Return an answer, or the error that it raises in the form of this API."""
    try:
        return await answer
    except GoogleError as error:
        headers = {}
        for detail in error.details:
            if "retryDelay" in detail:
                delay = float(detail["retryDelay"].removesuffix("s"))
                headers["retry-after"] = str(math.ceil(delay))
        return JSONResponse({"error": as_json(error)}, error.http_status, headers)
