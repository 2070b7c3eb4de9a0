# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The tools: their descriptions, and what each one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mcp_types import CallToolResult, ResourceLink, TextContent, Tool, ToolAnnotations

from longtake_server.http.mcp import answers, schemas
from longtake_server.http.mcp.failures import failed_call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from longtake_server.clock import Clock
    from longtake_server.http.mcp.calls import Call, Calls, Progress
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.requests.catalogue import ModelEntry

    Run = Callable[[Call, Mapping[str, Any], Progress], Awaitable[CallToolResult]]

GENERATE = "generate_video"
"""The tool that a task can stand for."""

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def described(models: Sequence[ModelEntry]) -> list[Tool]:
    """Return the descriptions of the tools.

    Args:
        models: The models, whose values become the bounds of arguments.

    """
    return [
        Tool(
            name=GENERATE,
            title="Generate a video",
            description="Start to generate a video from a prompt, and perhaps from images. Returns "
            "at once with the name of an operation; a video takes from one to several minutes. "
            "Then call get_video with that name until done is true. This costs money: call "
            "estimate_cost first if the user has not agreed to the cost, and set max_cost.",
            input_schema=schemas.keyed_generation_input(models),
            output_schema=schemas.operation_output(),
            annotations=ToolAnnotations(
                read_only_hint=False,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=True,
            ),
        ),
        Tool(
            name="get_video",
            title="Get a video",
            description="Return the state of an operation, and the addresses of its videos once it "
            "has succeeded. Waits for the end for up to wait_seconds. If done is false, call it "
            "again; the generation goes on meanwhile.",
            input_schema=schemas.waiting_input(),
            output_schema=schemas.operation_output(),
            annotations=_READS,
        ),
        Tool(
            name="cancel_video",
            title="Cancel a video",
            description="Cancel an operation that has not ended. What the upstream has begun may "
            "still be paid. An operation that has ended stays as it is.",
            input_schema=schemas.operation_input(),
            output_schema=schemas.operation_output(),
            annotations=ToolAnnotations(
                read_only_hint=False,
                destructive_hint=True,
                idempotent_hint=True,
                open_world_hint=True,
            ),
        ),
        Tool(
            name="list_models",
            title="List the models",
            description="List the models with their durations, resolutions, aspect ratios and "
            "prices. The first value of each list is the default.",
            input_schema=schemas.empty_input(),
            output_schema=schemas.models_output(),
            annotations=_READS,
        ),
        Tool(
            name="estimate_cost",
            title="Estimate the cost",
            description="Check a request as generate_video does, with the caller's budget, and "
            "return the most that it can cost. Starts nothing.",
            input_schema=schemas.generation_input(models),
            output_schema=schemas.estimate_output(),
            annotations=_READS,
        ),
    ]


class Tools:
    """Runs the tools.

    Args:
        calls: The calls of agents.
        clock: Time.

    """

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._by_name: dict[str, Run] = {
            GENERATE: self._generate,
            "get_video": self._get,
            "cancel_video": self._cancel,
            "list_models": self._list_models,
            "estimate_cost": self._estimate,
        }

    def has(self, name: str) -> bool:
        """Return whether there is a tool of this name."""
        return name in self._by_name

    async def run(
        self, name: str, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        """Run a tool. An error becomes its result.

        Args:
            name: The tool.
            call: The call.
            arguments: The arguments, unchecked.
            progress: Tells the agent how a wait is going.

        """
        try:
            return await self._by_name[name](call, arguments, progress)
        except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
            return failed_call(error)

    async def of_operation(self, call: Call, record: OperationRecord) -> CallToolResult:
        """Return an operation as the result of a tool."""
        located = await self._calls.located(call, record)
        now = self._clock.now()
        links = [
            ResourceLink(
                type="resource_link",
                uri=answers.video_uri(record.name, index),
                name=f"{record.name}/videos/{index}",
                description="The address, the size and the digest of the video.",
                mime_type="application/json",
            )
            for index in range(len(located))
        ]
        text = TextContent(type="text", text=answers.told(record, located, now))
        return CallToolResult(
            content=[text, *links], structured_content=answers.operation(record, located, now)
        )

    async def _generate(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        del progress
        return await self.of_operation(call, await self._calls.generate(call, arguments))

    async def _get(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        return await self.of_operation(call, await self._calls.wait(call, arguments, progress))

    async def _cancel(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        del progress
        return await self.of_operation(call, await self._calls.cancel(call, arguments))

    async def _list_models(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        del call, progress
        models = self._calls.models(arguments)
        return _result(
            "\n".join(map(answers.model_told, models)),
            {"models": [answers.model(entry) for entry in models]},
        )

    async def _estimate(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> CallToolResult:
        del progress
        record = await self._calls.estimate(call, arguments)
        return _result(answers.estimate_told(record), answers.estimate(record))


def _result(text: str, structured: dict[str, Any]) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured
    )


def as_json(tree: Mapping[str, Any]) -> str:
    """Return JSON for the text of a resource."""
    return json.dumps(tree, ensure_ascii=False)
