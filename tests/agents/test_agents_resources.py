# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations and videos are resources that tell what they are, and never hold bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from agents.agents_client import MODES, agent, called
from door.door_serving import http_serving
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

if TYPE_CHECKING:
    from pathlib import Path

    from mcp import Client
    from mcp.client.client import ConnectMode


async def read(client: Client, uri: str) -> dict[str, Any]:
    (contents,) = (await client.read_resource(uri)).contents
    assert contents.mime_type == "application/json"
    told: dict[str, Any] = json.loads(contents.model_dump()["text"])
    return told


@MODES
async def test_what_a_result_links_to_can_be_read(tmp_path: Path, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        name = await door.grpc.succeeded(b"first", b"second")
        result = await client.call_tool("get_video", {"operation": name})
        links = [block.uri for block in result.content if block.type == "resource_link"]
        videos = [await read(client, uri) for uri in links]
        played = [(await door.client.get(video["url"])).content for video in videos]
        operation = await read(client, f"longtake://{name}")

    assert links == [f"longtake://{name}/videos/{index}" for index in (0, 1)]
    assert [video["resource"] for video in videos] == links
    assert played == [b"first", b"second"]
    assert operation["state"] == "SUCCEEDED"
    assert [video["name"] for video in operation["videos"]] == [
        f"{name}/videos/{index}" for index in (0, 1)
    ]


@MODES
async def test_the_operations_are_listed_in_pages(tmp_path: Path, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        names = [await door.grpc.accepted() for _ in range(51)]
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)

    listed = [each.name for each in (*first.resources, *second.resources)]
    assert sorted(listed) == sorted(names)
    assert (len(first.resources), second.next_cursor) == (50, None)
    assert first.resources[0].uri.startswith("longtake://operations/")
    assert first.resources[0].description == "QUEUED: a dog"


async def test_the_templates_lead_to_what_is_served(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.succeeded(b"video")
        templates = (await client.list_resource_templates()).resource_templates
        identifier = name.removeprefix("operations/")
        uris = [
            template.uri_template.replace("{id}", identifier).replace("{index}", "0")
            for template in templates
        ]
        told = [await read(client, uri) for uri in uris]

    assert [each.get("operation") or each.get("name") for each in told] == [
        name,
        f"{name}/videos/0",
    ]


@pytest.mark.parametrize(
    "uri",
    [
        "longtake://operations/none",
        "longtake://operations/../x",
        "longtake://models/x",
        "https://operations/x",
        "",
    ],
)
@MODES
async def test_what_does_not_exist_is_invalid(tmp_path: Path, uri: str, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        with pytest.raises(MCPError) as raised:
            await client.read_resource(uri)

    assert raised.value.error.code == INVALID_PARAMS


async def test_a_video_that_an_operation_lacks_is_named(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.succeeded(b"video")
        with pytest.raises(MCPError, match=f"{name}/videos/7"):
            await client.read_resource(f"longtake://{name}/videos/7")


async def test_a_cursor_of_another_list_is_refused(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        with pytest.raises(MCPError, match="cursor: accepted is the nextCursor"):
            await client.list_resources(cursor="x")


async def test_an_operation_that_runs_has_no_videos_yet(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.running()
        found = await called(client, "get_video", operation=name, wait_seconds=0)
        with pytest.raises(MCPError) as raised:
            await client.read_resource(f"longtake://{name}/videos/0")

    assert "videos" not in found
    assert raised.value.error.code == INVALID_PARAMS
