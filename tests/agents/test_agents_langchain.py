# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""LangChain's own client library calls each tool of a server process.

It comes with the SDK of the older protocol, version 1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes.environments import locked_environment
from processes.running import GUARD_SECONDS, simulator
from sdk.sdk_door import door

pytestmark = pytest.mark.timeout(3 * GUARD_SECONDS)
HERE = Path(__file__).parent
PACKAGE = "langchain-mcp-adapters==0.3.2"


async def test_an_agent_of_langchain_calls_each_tool(tmp_path: Path) -> None:
    lock = HERE / "langchain-mcp-adapters-0.3.2.lock"
    python = locked_environment("langchain", lock, PACKAGE)
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as served:
        printed = await served.output(
            python, HERE / "langchain_calls.py", served.base_url, served.key, variables={}
        )
        told: dict[str, Any] = json.loads(printed)
        (video,) = told["video"]["structured"]["videos"]
        async with httpx.AsyncClient() as player:
            played = await player.get(video["url"])
        statistics = await upstream.statistics()

    assert told["tools"] == [
        "cancel_video",
        "estimate_cost",
        "generate_video",
        "get_video",
        "list_models",
    ]
    assert told["estimate"]["structured"]["max_cost_usd"] == 1.6
    assert told["started"]["structured"]["done"] is False
    assert told["video"]["structured"]["state"] == "SUCCEEDED"
    assert played.content[4:8] == b"ftyp"
    assert told["cancelled"]["structured"]["operation"].startswith("operations/")
    assert "max_cost is 0.01 USD" in told["refused"]
    assert statistics["submissions_received"] <= 2
