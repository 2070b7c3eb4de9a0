# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells agents of errors: in one sentence that the model reads, and as data in `_meta`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.rpc import code_pb2
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent

from longtake_server.http.statuses import details_of, retry_seconds
from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from typing import Any

_SERVER_FAULTS = frozenset({"INTERNAL", "UNAVAILABLE"})

META = "longtake.dev/error"
"""The member of `_meta` that has the google.rpc.Status of an error as JSON."""


def failed_call(error: Exception) -> CallToolResult:
    """Return the result of a tool that failed. That of an unexpected error has only an id."""
    text, data = _told(error)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], is_error=True, _meta={META: data}
    )


def failed_request(error: Exception) -> MCPError:
    """Return the error of a request that is no tool call."""
    text, data = _told(error)
    code = INTERNAL_ERROR if data["code"] in _SERVER_FAULTS else INVALID_PARAMS
    return MCPError(code, text, {META: data})


def _told(error: Exception) -> tuple[str, dict[str, Any]]:
    status = status_of(error)
    data: dict[str, Any] = {
        "code": code_pb2.Code.Name(status.code),
        "message": status.message,
        "details": details_of(status),
    }
    text = status.message
    if (seconds := retry_seconds(status)) is not None:
        data["retry_after_seconds"] = seconds
        text += f" (try again after {seconds} s)"
    return text, data
