# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The events of an interaction, to the end, and again after a cut."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from processes.running import GUARD_SECONDS
from simulator.interaction_calls import FPS, PLATFORM, Caller, events, shape

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

TYPES = [
    "interaction.created",
    "interaction.status_update",
    "step.start",
    "step.delta",
    "step.stop",
    "interaction.completed",
]


async def resumed(calls: Caller, name: str, after: str) -> list[dict[str, Any]]:
    query = {"stream": "true", "last_event_id": after}
    answer = await calls.http.get(f"{PLATFORM}/{name}", params=query)
    return events(answer.raise_for_status().text)


async def until_cut(calls: Caller, body: dict[str, Any]) -> list[dict[str, Any]]:
    text = ""
    async with calls.http.stream("POST", PLATFORM, json=body) as answer:
        try:
            async for part in answer.aiter_text():
                text += part
        except httpx.RemoteProtocolError:
            return events(text)
    raise AssertionError(f"it was not cut: {text}")


async def test_a_stream_tells_all_that_happens(calls: Caller) -> None:
    answer = await calls.create("a dog", stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")
    told = events(answer.text)
    assert [event["event_type"] for event in told] == TYPES
    name = told[0]["interaction"]["id"]
    assert told[1] == {
        "event_type": "interaction.status_update",
        "interaction_id": name,
        "status": "in_progress",
        "event_id": told[1]["event_id"],
    }
    delta = told[3]["delta"]
    assert (told[3]["index"], delta["type"], delta["mime_type"]) == (0, "video", "video/mp4")
    assert shape(base64.b64decode(delta["data"])) == (640, 360, 3 * FPS)
    completed = told[-1]["interaction"]
    assert (completed["status"], completed["id"]) == ("completed", name)
    assert completed["usage"]["total_output_tokens"] > 0


async def test_a_stream_that_was_cut_goes_on_after_the_last_event(calls: Caller) -> None:
    body = {
        "model": "gemini-omni-1.2-flash",
        "input": "x [sim:cut events=2]",
        "response_format": {"type": "video", "duration": "3s", "resolution": "360p"},
        "stream": True,
        "background": True,
    }
    seen = await until_cut(calls, body)
    assert [event["event_type"] for event in seen] == TYPES[:2]
    name = seen[0]["interaction"]["id"]
    rest = await resumed(calls, name, seen[-1]["event_id"])
    assert [event["event_type"] for event in rest] == TYPES[2:]
    assert await resumed(calls, name, "") == await resumed(calls, name, "") != rest
    assert (await resumed(calls, name, ""))[2:] == rest


async def test_a_stream_waits_for_what_is_still_to_come(calls: Caller) -> None:
    await calls.running.tell("hold")
    name = await calls.background("x [sim:filter]")
    query = {"stream": "true"}
    async with calls.http.stream("GET", f"{PLATFORM}/{name}", params=query) as answer:
        lines = answer.aiter_lines()
        assert "interaction.created" in await anext(lines)
        await calls.running.tell("release")
        rest = "\n".join([line async for line in lines])
    assert [event["event_type"] for event in events(rest.lstrip() + "\n")] == TYPES[1:]


async def test_a_stream_tells_of_a_failure_and_of_a_cancellation(calls: Caller) -> None:
    failed = events((await calls.create("x [sim:fail]", stream=True)).text)
    assert failed[2]["status"] == "failed"
    assert failed[3]["event_type"] == "error"
    assert failed[3]["error"]["code"] == "internal"
    name = await calls.background("x [sim:never]")
    await calls.http.post(f"{PLATFORM}/{name}/cancel")
    told = await resumed(calls, name, "")
    assert [one["status"] for one in told[1:]] == ["in_progress", "cancelled"]


@pytest.mark.parametrize(
    "query",
    [{"last_event_id": "x-1"}, {"stream": "true", "last_event_id": "x-1"}, {"stream": "perhaps"}],
)
async def test_a_wrong_resumption_names_its_parameter(calls: Caller, query: dict[str, str]) -> None:
    name = await calls.background("x [sim:filter]")
    answer = await calls.http.get(f"{PLATFORM}/{name}", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(list(query)[-1])
