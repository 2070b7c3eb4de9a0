# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An agent that gives up on a tool after a minute gets a video of five, and pays once.

The simulator holds the video back for as long as the agent's first wait takes, which the test makes
short. No time is measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from agents.agents_client import MODES, ORDER, agent, called
from processes.running import GUARD_SECONDS, simulator
from sdk.sdk_door import door

if TYPE_CHECKING:
    from pathlib import Path

    from mcp.client.client import ConnectMode

# Costs the simulator the least rendering.
SHORT = {**ORDER, "duration_seconds": 4}
pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)


@MODES
async def test_a_long_video_arrives_with_the_second_get_video_and_is_paid_once(
    tmp_path: Path, mode: ConnectMode
) -> None:
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as served:
        await upstream.tell("hold")
        address = served.base_url.removeprefix("http://")
        async with agent(address, mode, key=served.key) as client:
            name = (await called(client, "generate_video", **SHORT))["operation"]
            # The agent has lost the answer, and repeats itself.
            repeated = (await called(client, "generate_video", **SHORT))["operation"]
            first = await called(client, "get_video", operation=name, wait_seconds=1)
            await upstream.tell("release")
            (generation,) = await upstream.operations()
            await upstream.wait(operation=generation)
            second = await called(client, "get_video", operation=name, wait_seconds=45)
        async with httpx.AsyncClient() as player:
            played = await player.get(second["videos"][0]["url"])
        statistics = await upstream.statistics()

    assert repeated == name
    assert first["done"] is False
    assert second["state"] == "SUCCEEDED"
    assert played.content[4:8] == b"ftyp"
    assert statistics["submissions_received"] == 1
