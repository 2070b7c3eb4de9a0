# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls each tool as an agent of LangChain does. Run with an address, a key and a prompt.

Runs in an environment of its own, so it imports nothing of ours. Prints what the tools said.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from langchain_core.tools import ToolException
from langchain_mcp_adapters.client import MultiServerMCPClient


async def _main(address: str, key: str) -> None:
    client = MultiServerMCPClient(
        {
            "longtake": {
                "transport": "streamable_http",
                "url": f"{address}/mcp",
                "headers": {"Authorization": f"Bearer {key}"},
            }
        }
    )
    tools = {tool.name: tool for tool in await client.get_tools()}

    async def call(name: str, **arguments: Any) -> Any:
        content, artifact = await tools[name].coroutine(**arguments)
        return {"content": content, "structured": artifact["structured_content"]}

    order = {"model": "veo-3.1-generate-001", "prompt": "a dog", "duration_seconds": 4}
    told = {
        "tools": sorted(tools),
        "models": await call("list_models"),
        "estimate": await call("estimate_cost", **order),
        "started": await call("generate_video", idempotency_key="first", max_cost=5, **order),
    }
    name = told["started"]["structured"]["operation"]
    while True:
        told["video"] = await call("get_video", operation=name, wait_seconds=45)
        if told["video"]["structured"]["done"]:
            break
    second = await call("generate_video", idempotency_key="second", **order)
    told["cancelled"] = await call("cancel_video", operation=second["structured"]["operation"])
    try:
        await tools["generate_video"].coroutine(idempotency_key="third", max_cost=0.01, **order)
    except ToolException as error:
        told["refused"] = str(error)
    print(json.dumps(told, default=str))


asyncio.run(_main(*sys.argv[1:]))
