# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the Model Context Protocol by its SDK. Imported with the first request of an agent.

The SDK takes 25 MiB and a second of processor time, which servers without agents save.
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from longtake_server.http.mcp.calls import Calls
from longtake_server.http.mcp.failures import failed_call, failed_request
from longtake_server.http.mcp.resources import TEMPLATES, Resources
from longtake_server.http.mcp.tasks import (
    EXTENSION,
    TaskParams,
    Tasks,
    TaskUpdateParams,
    require_tasks,
    takes_tasks,
)
from longtake_server.http.mcp.tools import GENERATE, Tools, described

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from mcp.server.context import HandlerResult, ServerRequestContext
    from starlette.types import Receive, Scope, Send

    from longtake_server.http.mcp.calls import Call
    from longtake_server.http.parts import DoorParts
    from longtake_server.operations.model import OperationRecord

    Context = ServerRequestContext[Any, Any]

_INSTRUCTIONS = (
    "Longtake generates videos. generate_video starts one and returns at once; get_video waits for "
    "it and returns its address. Generating costs money: respect the user's limit with max_cost, "
    "and repeat a call that failed with the same idempotency_key."
)

Result = TypeVar("Result")

# It would log each request, and what clients send that is malformed.
logging.getLogger("mcp").setLevel(logging.ERROR)


class AgentServer:
    """Serves requests of agents, each by itself, so that any replica can serve any of them.

    Args:
        parts: The parts of the listener.
        most_bytes: The size of the largest body.

    """

    def __init__(self, parts: DoorParts, most_bytes: int) -> None:
        calls = Calls(parts)
        self._calls = calls
        self._tools = Tools(calls, parts.clock)
        self._resources = Resources(calls, parts.clock)
        self._tasks = Tasks(calls, self._tools, parts.clock)
        self._described = described(parts.service.models())
        self._most_bytes = most_bytes
        self._server = self._create()

    def _create(self) -> Server[Any]:
        server: Server[Any] = Server(
            "longtake",
            version=version("longtake-server"),
            title="Longtake",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            get_tool_input_schema=lambda _: None,
        )
        # Spans and metrics are the listener's.
        server.middleware.clear()
        server.extensions[EXTENSION] = {}
        server.add_request_handler("tools/call", CallToolRequestParams, self._call_tool)
        for method, kind, run in (
            ("tasks/get", TaskParams, self._tasks.get),
            ("tasks/update", TaskUpdateParams, self._tasks.update),
            ("tasks/cancel", TaskParams, self._tasks.cancel),
        ):
            server.add_request_handler(method, kind, _task_handler(run))
        return server

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whose state has the call of the agent.

        Nothing is kept between requests, so each one has a manager that ends with it, and with it
        all tasks of the request.
        """
        manager = StreamableHTTPSessionManager(
            self._server, stateless=True, max_request_body_size=self._most_bytes
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    async def _list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        del context, params
        return ListToolsResult(tools=self._described)

    async def _call_tool(self, context: Context, params: CallToolRequestParams) -> HandlerResult:
        if not self._tools.has(params.name):
            known = ", ".join(tool.name for tool in self._described)
            raise MCPError(INVALID_PARAMS, f"there is no such tool; accepted are {known}")
        call, arguments = _call_of(context), params.arguments or {}
        if params.name == GENERATE and takes_tasks(context):
            try:
                return self._tasks.created(await self._calls.generate(call, arguments))
            except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
                return failed_call(error)

        async def progress(seconds: float, record: OperationRecord) -> None:
            await context.session.report_progress(seconds, None, record.state.value)

        return await self._tools.run(params.name, call, arguments, progress)

    async def _list_resources(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        cursor = (params.cursor if params else None) or ""
        return await _answered(self._resources.list(_call_of(context), cursor))

    async def _list_templates(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        del context, params
        return TEMPLATES

    async def _read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        return await _answered(self._resources.read(_call_of(context), params.uri))


def _task_handler(
    run: Callable[[Call, Any], Awaitable[dict[str, Any]]],
) -> Callable[[Context, Any], Awaitable[HandlerResult]]:
    async def handle(context: Context, params: Any) -> HandlerResult:
        require_tasks(context)
        return await _answered(run(_call_of(context), params))

    return handle


async def _answered(answer: Awaitable[Result]) -> Result:
    """Await an answer, and turn its error into one of the protocol."""
    try:
        return await answer
    except MCPError:
        raise
    except Exception as error:
        raise failed_request(error) from error


def _call_of(context: Context) -> Call:
    """Return the call, which the door has put into the state of the HTTP request."""
    request: Any = context.request
    call: Call = request.state.call
    return call
