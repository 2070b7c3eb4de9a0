# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers as gRPC does, in JSON: the same codes, words and details."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from google.protobuf import json_format

from longtake_server.http.google_wire.google_errors import google_answer
from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.protobuf.message import Message
    from starlette.requests import Request
    from starlette.responses import Response

    Endpoint = Callable[[Request], Awaitable[Response]]


def answering(take: Endpoint) -> Endpoint:
    """Return the handler of a route, which answers errors with their google.rpc.Status."""

    async def answer(request: Request) -> Response:
        try:
            return await take(request)
        except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
            return google_answer(status_of(error))

    return answer


def text_of(message: Message) -> bytes:
    """Return a message as JSON in one line."""
    tree = json_format.MessageToDict(message)
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode()


def error_line(error: Exception) -> bytes:
    """Return the last line of a stream that ends with an error."""
    return b'{"error":%b}' % text_of(status_of(error))
