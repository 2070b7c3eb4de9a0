# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The extension of tasks for the official client, which has none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp_types import CallToolResult, Request, RequestParams, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.client.session import ClientSession


class CreatedTask(Result):
    """What a tool call returns that has become a task."""

    result_type: Literal["task"] = "task"
    task_id: str
    status: str
    status_message: str
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    poll_interval_ms: int


class Task(Result):
    """What tasks/get returns."""

    result_type: Literal["complete"]
    task_id: str
    status: str
    status_message: str
    poll_interval_ms: int
    result: dict[str, Any] | None = None


class Acknowledged(Result):
    """What tasks/update and tasks/cancel return."""

    result_type: Literal["complete"]


class _Params(RequestParams):
    task_id: str
    input_responses: dict[str, Any] | None = None


class TaskRequest(Request[_Params, str]):
    """A request about a task."""

    name_param: ClassVar[str | None] = "taskId"


async def asked(session: ClientSession, method: str, task_id: str, **params: Any) -> Any:
    """Send a request about a task, and return its result."""
    kind: type[Result] = Task if method == "tasks/get" else Acknowledged
    request = TaskRequest(method=method, params=_Params(task_id=task_id, **params))
    return await session.send_request(request, kind)


class Tasks(ClientExtension):
    """Follows each task to its end, as a client with the extension does.

    Attributes:
        created: The tasks that tool calls have become.
        polled: The states that were seen.
    """

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, on_created: Any) -> None:
        self._on_created = on_created
        self.created: list[CreatedTask] = []
        self.polled: list[str] = []

    def claims(self) -> Sequence[ResultClaim[Any]]:
        """Claim what a tool call returns in place of its result."""
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self._follow)]

    async def _follow(self, created: CreatedTask, context: ClaimContext) -> CallToolResult:
        self.created.append(created)
        await self._on_created(created.task_id)
        while True:
            task = await asked(context.session, "tasks/get", created.task_id)
            self.polled.append(task.status)
            if task.result is not None:
                return CallToolResult.model_validate(task.result)
