# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations as tasks, for clients that declare the extension `io.modelcontextprotocol/tasks`.

The id of a task is that of its operation, so a task is as durable, is known to every replica and is
seen by the same principals. See https://modelcontextprotocol.github.io/ext-tasks/.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from longtake_server.http.mcp import answers
from longtake_server.operations.model import State

if TYPE_CHECKING:
    from typing import Any

    from mcp.server.context import ServerRequestContext

    from longtake_server.clock import Clock
    from longtake_server.http.mcp.calls import Call, Calls
    from longtake_server.http.mcp.tools import Tools
    from longtake_server.operations.model import OperationRecord

EXTENSION = "io.modelcontextprotocol/tasks"
"""The extension."""

_OPERATIONS = "operations/"
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SHORTEST_POLL_SECONDS, _LONGEST_POLL_SECONDS, _USUAL_POLL_SECONDS = 1, 30, 10
_MILLISECOND = timedelta(milliseconds=1)


class TaskParams(RequestParams):
    """The parameters of tasks/get and tasks/cancel."""

    task_id: str


class TaskUpdateParams(TaskParams):
    """The parameters of tasks/update."""

    input_responses: dict[str, object]


class Tasks:
    """Serves the methods of the extension.

    Args:
        calls: The calls of agents.
        tools: Returns an operation as the result of its tool.
        clock: Time.

    """

    def __init__(self, calls: Calls, tools: Tools, clock: Clock) -> None:
        self._calls = calls
        self._tools = tools
        self._clock = clock

    def created(self, record: OperationRecord) -> dict[str, Any]:
        """Return the result of a tool call that has become a task."""
        return {"resultType": "task", **self._described(record)}

    async def get(self, call: Call, params: TaskParams) -> dict[str, Any]:
        """Return a task, with the result of its tool once it has ended.

        Raises:
            MCPError: There is no such task.

        Raises also as VideoOperations.get.

        """
        record = await self._calls.get(call, _operation_of(params))
        task = self._described(record)
        if task["status"] == "completed":
            result = await self._tools.of_operation(call, record)
            result.is_error = record.state is State.FAILED
            task["result"] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return task

    async def update(self, call: Call, params: TaskUpdateParams) -> dict[str, Any]:
        """Acknowledge an input. No task of this server asks for one.

        Raises as `get`.
        """
        await self._calls.get(call, _operation_of(params))
        return {}

    async def cancel(self, call: Call, params: TaskParams) -> dict[str, Any]:
        """Cancel the operation of a task.

        Raises:
            RoleMissing: The principal may not cancel it.

        Raises also as `get`.

        """
        await self._calls.cancel_named(call, _operation_of(params))
        return {}

    def _described(self, record: OperationRecord) -> dict[str, Any]:
        now = self._clock.now()
        left = answers.seconds_left(record, now)
        seconds = _USUAL_POLL_SECONDS if left is None else left
        lasts = record.expire_time
        return {
            "taskId": record.name.removeprefix(_OPERATIONS),
            "status": _status(record),
            "statusMessage": answers.told(record, (), now)
            if not record.done
            else record.state.value,
            "createdAt": record.create_time.isoformat(),
            "lastUpdatedAt": record.update_time.isoformat(),
            "ttlMs": None if lasts is None else (lasts - record.create_time) // _MILLISECOND,
            "pollIntervalMs": 1000
            * min(max(seconds, _SHORTEST_POLL_SECONDS), _LONGEST_POLL_SECONDS),
        }


def takes_tasks(context: ServerRequestContext[Any, Any]) -> bool:
    """Return whether the client of a request declares the extension."""
    capabilities = context.session.client_capabilities
    return (
        context.protocol_version in MODERN_PROTOCOL_VERSIONS
        and capabilities is not None
        and EXTENSION in (capabilities.extensions or {})
    )


def require_tasks(context: ServerRequestContext[Any, Any]) -> None:
    """Return if the client of a request declares the extension.

    Raises:
        MCPError: It does not, or its protocol has no extensions.

    """
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(METHOD_NOT_FOUND, "Method not found", context.method)
    if not takes_tasks(context):
        needed: Any = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        message = f"the client must declare the extension {EXTENSION}"
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, message, needed)


def _status(record: OperationRecord) -> str:
    if record.state is State.CANCELLED:
        return "cancelled"
    # A tool that failed has a result that says so. "failed" is for errors of the protocol.
    return "completed" if record.done else "working"


def _operation_of(params: TaskParams) -> str:
    if not _ID.fullmatch(params.task_id):
        raise MCPError(INVALID_PARAMS, "taskId: accepted is the taskId that a tool call returned")
    return _OPERATIONS + params.task_id
