# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers calls of Google's methods that this server does not have, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.rpc import code_pb2, status_pb2
from starlette.responses import PlainTextResponse

from longtake_server.http.google_wire.google_errors import google_answer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_VERSIONS = ("/v1/", "/v1beta/", "/v1beta1/")
_SERVED = (
    "this server has no such method; of Google's it has predictLongRunning and "
    "fetchPredictOperation on the paths of the Agent Platform, which SDKs use with vertexai=True, "
    "and interactions"
)


async def not_found(request: Request, _: Exception) -> Response:
    """Answer a path that no route has: on the paths of Google's APIs, as Google does."""
    if not request.url.path.startswith(_VERSIONS):
        return PlainTextResponse("Not Found", 404)
    return google_answer(status_pb2.Status(code=code_pb2.NOT_FOUND, message=_SERVED))
