# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the body of a call, which must be a JSON object."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from veo_simulator.errors import Violation, invalid

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_REQUEST_BYTES = 128 << 20


async def read_object(request: Request) -> dict[str, Any]:
    """Return the body of a call.

    Raises:
        GoogleError: The body is not a JSON object, or is longer than 128 MiB.

    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_REQUEST_BYTES:
            raise invalid(Violation("body", f"at most {MOST_REQUEST_BYTES} bytes"))
    try:
        value = await asyncio.to_thread(json.loads, body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid(Violation("body", "accepted is a JSON object"))
    return value
