# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a worker of a process pool does with the client. A worker imports this module anew."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from longtake import Client


def ask(address: str) -> str:
    """Return the name of an operation that the server does not have, so raise its refusal."""
    with Client(address) as client:
        return client.operations.get("operations/none").name


def outcome(operation: Any) -> Any:
    """Return the operation as it arrived and what `result` returns or raises."""
    try:
        result = operation.result()
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
    except RuntimeError as error:
        return operation, str(error)
    return operation, result


def fetch(video: Any) -> str:
    """Return why the bytes of a video cannot be fetched here."""
    try:
        result = getattr(video, "read", lambda: video.data)()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except RuntimeError as error:
        return str(error)
    return ""
