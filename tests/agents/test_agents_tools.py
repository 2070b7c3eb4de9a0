# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The official client calls each tool over a socket, in front of the real use cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from agents.agents_client import MODEL, MODES, ORDER, agent, called, text_of
from door.door_serving import http_serving
from longtake_server.operations.model import (
    Code,
    Failed,
    Failure,
    QueueMoved,
    StoredVideo,
    Succeeded,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mcp.client.client import ConnectMode
    from mcp_types import Tool


async def tools(folder: Path, mode: ConnectMode = "auto") -> dict[str, Tool]:
    async with http_serving(folder) as door, agent(door.address, mode) as client:
        return {tool.name: tool for tool in (await client.list_tools()).tools}


@MODES
async def test_an_agent_sees_five_tools_with_their_schemas(
    tmp_path: Path, mode: ConnectMode
) -> None:
    listed = await tools(tmp_path, mode)

    assert list(listed) == [
        "generate_video",
        "get_video",
        "cancel_video",
        "list_models",
        "estimate_cost",
    ]
    for tool in listed.values():
        assert tool.description
        assert tool.output_schema is not None
        assert tool.input_schema["additionalProperties"] is False


async def test_the_arguments_have_descriptions_bounds_and_choices(tmp_path: Path) -> None:
    listed = await tools(tmp_path)
    generate = listed["generate_video"].input_schema
    arguments = generate["properties"]

    assert generate["required"] == ["idempotency_key", "model", "prompt"]
    assert MODEL in arguments["model"]["enum"]
    assert "veo-2.0-generate-001" not in arguments["model"]["enum"]
    assert arguments["resolution"]["enum"] == ["720p", "360p", "1080p", "4k"]
    assert (arguments["number_of_videos"]["minimum"], arguments["max_cost"]["minimum"]) == (1, 0)
    assert "nothing is paid twice" in arguments["idempotency_key"]["description"]
    assert listed["get_video"].input_schema["properties"]["wait_seconds"]["maximum"] == 45
    assert "idempotency_key" not in listed["estimate_cost"].input_schema["properties"]


async def test_the_annotations_say_what_changes_something(tmp_path: Path) -> None:
    hints = {
        name: tool.annotations.model_dump(exclude_none=True)
        for name, tool in (await tools(tmp_path)).items()
        if tool.annotations
    }

    assert [name for name, each in hints.items() if each["read_only_hint"]] == [
        "get_video",
        "list_models",
        "estimate_cost",
    ]
    assert [name for name, each in hints.items() if each["destructive_hint"]] == ["cancel_video"]
    assert all(each["idempotent_hint"] for each in hints.values())


@MODES
async def test_a_video_is_generated_and_found_at_its_address(
    tmp_path: Path, mode: ConnectMode
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        started = await called(client, "generate_video", **ORDER, max_cost=5)
        name = started["operation"]
        before = await called(client, "get_video", operation=name, wait_seconds=0)
        await door.grpc.run(name)
        await door.grpc.succeed(name, b"video")
        result = await client.call_tool("get_video", {"operation": name})
        (video,) = result.structured_content["videos"]
        async with httpx.AsyncClient() as player:
            played = await player.get(video["url"])

    assert (started["state"], started["done"], started["estimated_cost_usd"]) == (
        "QUEUED",
        False,
        3.2,
    )
    assert (before["operation"], before["done"]) == (name, False)
    assert result.structured_content["state"] == "SUCCEEDED"
    assert (played.content, video["size_bytes"]) == (b"video", 5)
    assert video["url"] in text_of(result)
    assert [block.uri for block in result.content if block.type == "resource_link"] == [
        f"longtake://{name}/videos/0"
    ]


@MODES
async def test_an_operation_is_cancelled(tmp_path: Path, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        name = (await called(client, "generate_video", **ORDER))["operation"]
        cancelled = await called(client, "cancel_video", operation=name)
        again = await called(client, "cancel_video", operation=name)
        result = await client.call_tool("get_video", {"operation": name})

    assert cancelled["state"] == again["state"] == "CANCELLED"
    assert result.structured_content["done"] is True
    assert "was cancelled" in text_of(result)


@MODES
async def test_the_models_have_prices(tmp_path: Path, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        result = await client.call_tool("list_models", {})

    models = {model["model"]: model for model in result.structured_content["models"]}
    assert models[MODEL]["durations_seconds"] == [4, 6, 8]
    assert {"resolution": "720p", "audio": True, "usd_per_second": 0.4} in models[MODEL]["prices"]
    assert f"{MODEL} (GENERALLY_AVAILABLE): 4, 6, 8 seconds" in text_of(result)


@MODES
async def test_an_estimate_starts_nothing(tmp_path: Path, mode: ConnectMode) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        estimate = await called(
            client,
            "estimate_cost",
            model=MODEL,
            prompt="a dog",
            duration_seconds=4,
            number_of_videos=2,
        )
        listed = await client.list_resources()

    assert estimate == {"model": MODEL, "served_model": MODEL, "max_cost_usd": 3.2}
    assert listed.resources == []


async def test_a_queued_operation_tells_its_position_and_what_is_left(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = (await called(client, "generate_video", **ORDER))["operation"]
        starts = door.grpc.parts.clock.now()
        await door.grpc.parts.ledger.commit(name, QueueMoved(3, starts))
        result = await client.call_tool("get_video", {"operation": name, "wait_seconds": 0})

    assert result.structured_content["queue_position"] == 3
    assert result.structured_content["estimated_start_time"].endswith("Z")
    assert "QUEUED, at position 3" in text_of(result)
    assert "do not start it again" in text_of(result)


async def test_a_failed_generation_is_told_with_its_reason(tmp_path: Path) -> None:
    failure = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "busy", {"upstream": "a"})
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.running()
        await door.grpc.parts.ledger.commit(name, Failed(failure))
        result = await client.call_tool("get_video", {"operation": name})

    # The question was answered, so the tool did not fail.
    assert result.is_error is False
    assert result.structured_content["error"] == {
        "code": "UNAVAILABLE",
        "reason": "ATTEMPTS_EXHAUSTED",
        "message": "busy",
    }
    assert text_of(result) == f"{name} failed: busy"


async def test_withheld_videos_are_counted_and_explained(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.running()
        await door.grpc.parts.ledger.commit(name, Succeeded((), 2, ("Support codes: 29310472",)))
        result = await client.call_tool("get_video", {"operation": name})

    assert result.structured_content["withheld_videos"] == 2
    assert "Withheld by a safety filter: 2. Support codes: 29310472" in text_of(result)


async def test_a_video_in_the_callers_bucket_is_its_address(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = await door.grpc.running()
        stored = StoredVideo("gs://bucket/folder/sample_0.mp4")
        await door.grpc.parts.ledger.commit(name, Succeeded((stored,)))
        videos = (await called(client, "get_video", operation=name))["videos"]

    assert [video["url"] for video in videos] == ["gs://bucket/folder/sample_0.mp4"]


async def test_a_name_without_its_beginning_is_understood(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = (await called(client, "generate_video", **ORDER))["operation"]
        identifier = name.removeprefix("operations/")
        found = await called(client, "get_video", operation=identifier, wait_seconds=0)

    assert found["operation"] == name


async def test_all_arguments_reach_the_request(tmp_path: Path) -> None:
    order = {
        **ORDER,
        "duration_seconds": 8,
        "aspect_ratio": "9:16",
        "resolution": "1080p",
        "number_of_videos": 2,
        "negative_prompt": "fog",
        "generate_audio": False,
        "seed": 7,
        "person_generation": "allow_adult",
        "image": {"uri": "gs://bucket/first.png", "mime_type": "image/png"},
        "last_frame": {"uri": "gs://bucket/last.png", "mime_type": "image/png"},
        "allow_model_fallback": True,
        "labels": {"team": "film"},
        "max_cost": 12.5,
    }
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        name = (await called(client, "generate_video", **order))["operation"]
        request = await door.grpc.parts.store.get_request(name)

    config = request.config
    assert (request.model, request.prompt, request.max_cost.units) == (MODEL, "a dog", 12)
    assert request.max_cost.nanos == 500_000_000
    assert (config.duration_seconds, config.aspect_ratio, config.resolution) == (8, "9:16", "1080p")
    assert (config.number_of_videos, config.negative_prompt, config.seed) == (2, "fog", 7)
    assert (config.generate_audio, config.person_generation) == (False, 2)
    assert request.image.file_data.file_uri == "gs://bucket/first.png"
    assert config.last_frame.file_data.mime_type == "image/png"
    assert request.allow_model_fallback
    assert dict(config.labels) == {"team": "film"}
