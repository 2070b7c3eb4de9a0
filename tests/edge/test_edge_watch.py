# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches as server-sent events, through the real Envoy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from edge.edge_running import events, read
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    import httpx
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


async def test_a_watch_is_resumed_by_its_revision_and_ends_with_the_video(edge: Edge) -> None:
    await edge.simulator.tell("hold")
    name = (await edge.generate())["name"]
    seen: list[int] = []

    async with edge.http.stream("GET", f"/v1/{name}:watch") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        async for event in events(answer):
            seen.append(int(event["operation"]["revision"]))
            if event["operation"]["metadata"]["state"] == "RUNNING":
                break
    await edge.simulator.tell("release")
    after = {"after_revision": str(seen[-1])}
    async with edge.http.stream("GET", f"/v1/{name}:watch", params=after) as answer:
        rest = [event["operation"] async for event in events(answer)]
    seen += [int(one["revision"]) for one in rest]

    assert seen == sorted(set(seen))
    assert [one.get("done", False) for one in rest][-1]
    assert len(rest[-1]["response"]["generatedVideos"]) == 1


async def test_a_silent_watch_has_heartbeats(edge: Edge) -> None:
    await edge.simulator.tell("hold")
    name = (await edge.generate())["name"]
    query = {"heartbeat_interval": "1s"}

    async with edge.http.stream("GET", f"/v1/{name}:watch", params=query) as answer:
        async for event in events(answer):
            if "heartbeat" in event:
                break
    await edge.simulator.tell("release")

    assert int(event["heartbeat"]["revision"]) > 0


async def test_a_watch_of_all_tells_of_deletions_and_is_resumed_by_its_position(edge: Edge) -> None:
    first, second = [(await edge.generated())["name"] for _ in range(2)]

    async with edge.http.stream("GET", "/v1/operations:watch") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        initial = []
        async for event in events(answer):
            if "initialSetComplete" in event:
                break
            initial.append(event["operation"]["name"])
    read(await edge.http.delete(f"/v1/{first}"))
    after = {"after_position": event["position"]}
    async with edge.http.stream("GET", "/v1/operations:watch", params=after) as answer:
        change = await anext(events(answer))

    assert {first, second} <= set(initial)
    assert change["deletion"] == {"name": first}


async def test_a_stream_that_breaks_off_says_so_in_its_trailers(edge: Edge) -> None:
    await edge.simulator.tell("hold")
    name = (await edge.generate())["name"]
    host, _, port = edge.url.removeprefix("http://").rpartition(":")

    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /v1/{name}:watch HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await reader.readuntil(b'"state":"RUNNING"')
    await edge.server.process.terminate()
    await reader.readuntil(b"\r\n0\r\n")
    trailers = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await edge.server.start()
    await edge.simulator.tell("release")
    while (await edge.http.get("/v1/models")).status_code == 503:
        pass

    assert trailers.startswith(b"grpc-status: 14\r\n")
    assert b"grpc-status-details-bin" in trailers


async def test_a_server_that_comes_back_is_found_and_the_watch_goes_on(edge: Edge) -> None:
    await edge.simulator.tell("hold")
    name = (await edge.generate())["name"]
    seen = 0

    async with edge.http.stream("GET", f"/v1/{name}:watch") as answer:
        async for event in events(answer):
            seen = int(event["operation"]["revision"])
            if event["operation"]["metadata"]["state"] == "RUNNING":
                break
        await edge.server.process.terminate()
    refused = await edge.http.get(f"/v1/{name}")
    await edge.server.start()
    await edge.simulator.tell("release")
    answers: list[httpx.Response] = []
    while not answers or answers[-1].status_code == 503:
        answers.append(
            await edge.http.get(f"/v1/{name}:watch", params={"after_revision": str(seen)})
        )

    assert refused.status_code == 503
    assert refused.json()["code"] == 14
    assert '"done":true' in answers[-1].text
