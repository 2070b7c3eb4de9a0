# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Creates interactions at the HTTP listener, and reads their events."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx
    from door.door_serving import HttpDoor

Tree = dict[str, Any]

PATH = "/v1beta1/projects/p/locations/global/interactions"
OMNI = "gemini-omni-1.2-flash"
ORDER: Tree = {
    "model": OMNI,
    "input": "a paper boat",
    "background": True,
    "response_format": {"type": "video", "duration": "3s", "resolution": "360p"},
}
UNKNOWN: Tree = {"error": {"code": "invalid_request", "message": "Invalid interaction name"}}


def key(text: str) -> dict[str, str]:
    """Return the headers of a call with an API key."""
    return {"x-goog-api-key": text}


async def created(door: HttpDoor, headers: dict[str, str] | None = None, **fields: Any) -> Tree:
    """Create an interaction in the background, and return what was answered."""
    answer = await door.client.post(PATH, json={**ORDER, **fields}, headers=headers)
    assert answer.status_code == 200, answer.text
    tree: Tree = answer.json()
    return tree


async def completed(door: HttpDoor, *videos: bytes, **fields: Any) -> Tree:
    """Create an interaction that has ended with these videos, and return it as created."""
    tree = await created(door, **fields)
    await run(door, tree["metadata"]["operation"])
    await door.grpc.succeed(tree["metadata"]["operation"], *videos)
    return tree


async def run(door: HttpDoor, name: str) -> None:
    """Let the upstream accept an operation."""
    await door.grpc.parts.ledger.commit(name, SubmissionStarted())
    await door.grpc.parts.ledger.commit(name, SubmissionAccepted("up/1"))


async def events_of(response: httpx.Response) -> AsyncGenerator[Tree]:
    """Yield the events of a stream as they come, each checked; the end of the stream is {}."""
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data" and value == "[DONE]":
            yield {}
        elif field == "data":
            event: Tree = json.loads(value)
            assert event["event_type"] == name
            yield event


async def all_events(door: HttpDoor, interaction: str, last: str | None = None) -> list[Tree]:
    """Return the events of an interaction that has ended, which must end as they should."""
    parameters = {"stream": "true", **({} if last is None else {"last_event_id": last})}
    async with door.client.stream("GET", f"{PATH}/{interaction}", params=parameters) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [event async for event in events_of(response)]
    assert events.pop() == {}
    assert all(events)
    return events


async def until_watched(door: HttpDoor, watches: int) -> None:
    """Wait until so many watch or wait."""
    while door.grpc.parts.watching.watches != watches:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)


async def read_until_broken(response: httpx.Response, seen: list[Tree]) -> None:
    """Add the events of a stream to `seen`. Raises what the stream breaks off with."""
    async for event in events_of(response):
        seen.append(event)  # noqa: PERF401 - what came before the error is wanted


def types(events: list[Tree]) -> list[str]:
    return [event["event_type"] for event in events]
