# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Interactions over a socket: created, asked for, cancelled, deleted, and refused."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from door.door_serving import http_serving
from google_wire.interactions_calls import (
    OMNI,
    ORDER,
    PATH,
    UNKNOWN,
    all_events,
    completed,
    created,
    key,
    run,
    until_watched,
)
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.model import Code, Failed, Failure, StoredVideo, Succeeded
from longtake_server.operations.store import Filter
from rpc.rpc_isolation import ADA

if TYPE_CHECKING:
    from pathlib import Path

    from door.door_serving import HttpDoor

PATHS = (
    "/v1/interactions",
    "/v1beta/interactions",
    "/v1beta1/interactions",
    "/v1beta1/locations/global/interactions",
    "/v1/projects/p/locations/global/interactions",
    "/v1beta1/projects/another/locations/us-central1/interactions",
)


def inline(*videos: bytes) -> list[dict[str, Any]]:
    contents = [
        {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(video).decode()}
        for video in videos
    ]
    return [{"type": "model_output", "content": contents}]


async def failed(door: HttpDoor, failure: Failure) -> dict[str, Any]:
    tree = await created(door)
    await run(door, tree["metadata"]["operation"])
    await door.grpc.parts.ledger.commit(tree["metadata"]["operation"], Failed(failure))
    answer = await door.client.get(f"{PATH}/{tree['id']}")
    told: dict[str, Any] = answer.json()
    return told


async def test_an_interaction_is_created_and_found_at_each_of_googles_paths(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        for path in PATHS:
            made = (await door.client.post(path, json=ORDER)).json()
            found = await door.client.get(f"{path}/{made['id']}")
            elsewhere = await door.client.get(f"{PATH}/{made['id']}", params={"stream": "false"})
            assert found.json() == elsewhere.json() == {**made, "steps": []}


async def test_a_background_interaction_is_answered_at_once(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door, labels={"team": "a"})
        operation = await door.grpc.parts.store.get(made["metadata"]["operation"])

    assert made["id"] == f"v1_{operation.name.removeprefix('operations/')}"
    assert (made["object"], made["status"], made["model"]) == ("interaction", "in_progress", OMNI)
    assert made["created"] == made["updated"] == "2026-11-24T12:00:00Z"
    assert made["labels"] == {"team": "a"}
    metadata = made["metadata"]
    assert (metadata["state"], metadata["revision"]) == ("QUEUED", 1)
    assert metadata["estimated_cost"]["currency_code"] == "USD"


async def test_a_completed_interaction_has_its_videos_inline(tmp_path: Path) -> None:
    videos = (bytes(range(256)) * 5000, b"short")
    async with http_serving(tmp_path) as door:
        made = await completed(door, *videos)
        found = (await door.client.get(f"{PATH}/{made['id']}")).json()

    assert found["steps"] == inline(*videos)
    assert (found["status"], found["usage"]) == ("completed", {})
    assert found["metadata"]["state"] == "SUCCEEDED"


async def test_a_video_in_the_callers_bucket_is_told_by_its_address(tmp_path: Path) -> None:
    stored = StoredVideo("gs://bucket/video.mp4")
    async with http_serving(tmp_path) as door:
        made = await created(door)
        name = made["metadata"]["operation"]
        await run(door, name)
        await door.grpc.parts.ledger.commit(name, Succeeded((stored,)))
        found = (await door.client.get(f"{PATH}/{made['id']}")).json()

    content = {"type": "video", "mime_type": "video/mp4", "uri": stored.location}
    assert found["steps"] == [{"type": "model_output", "content": [content]}]


async def test_a_video_is_told_by_a_signed_address_if_that_was_asked_for(tmp_path: Path) -> None:
    form = {"type": "video", "delivery": "uri"}
    async with http_serving(tmp_path) as door:
        made = await completed(door, b"a video", response_format=form)
        found = (await door.client.get(f"{PATH}/{made['id']}")).json()
        events = await all_events(door, made["id"])
        video = await door.client.get(found["steps"][0]["content"][0]["uri"])
        door.grpc.parts.signer._base = None
        without = (await door.client.get(f"{PATH}/{made['id']}")).json()

    ((content,),) = [step["content"] for step in found["steps"]]
    assert content.keys() == {"type", "mime_type", "uri"}
    assert content["uri"].startswith(f"http://{door.address}/v1/signed/operations/")
    assert video.content == b"a video"
    (delta,) = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    assert delta.keys() == content.keys()
    # A server that knows no address of its own does not leave the video out of reach.
    assert without["steps"] == inline(b"a video")


async def test_a_key_may_get_its_videos_by_address_unless_a_call_asks_for_them_inline(
    tmp_path: Path,
) -> None:
    ada = Principal("ada", frozenset({Role.GENERATOR}), google_results="addresses")
    form = {"type": "video", "delivery": "inline"}
    async with http_serving(tmp_path, proofs=Proofs(keys=KnownKeys({ADA: ada}))) as door:
        found = []
        for fields in ({}, {"response_format": form}):
            made = await created(door, key(ADA), **fields)
            await run(door, made["metadata"]["operation"])
            await door.grpc.succeed(made["metadata"]["operation"], b"a video")
            found.append((await door.client.get(f"{PATH}/{made['id']}", headers=key(ADA))).json())

    assert found[0]["steps"][0]["content"][0]["uri"].startswith("http://")
    assert found[1]["steps"] == inline(b"a video")


async def test_a_withheld_video_is_a_text_as_from_google(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        name = made["metadata"]["operation"]
        await run(door, name)
        await door.grpc.parts.ledger.commit(name, Succeeded((), 1, ("Support codes: 58061214",)))
        found = (await door.client.get(f"{PATH}/{made['id']}")).json()

    content = {"type": "text", "text": "Support codes: 58061214"}
    assert found["steps"] == [{"type": "model_output", "content": [content]}]
    assert found["status"] == "completed"
    assert found["metadata"]["rai_media_filtered_count"] == 1


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (Code.INVALID_ARGUMENT, "invalid_request"),
        (Code.RESOURCE_EXHAUSTED, "too_many_requests"),
        (Code.INTERNAL, "internal"),
    ],
)
async def test_a_failed_interaction_says_why(tmp_path: Path, code: Code, word: str) -> None:
    async with http_serving(tmp_path) as door:
        found = await failed(door, Failure(code, "UPSTREAM_FAILED", "it is broken"))

    assert (found["status"], found["steps"]) == ("failed", [])
    assert found["errors"] == [{"code": word, "message": "it is broken"}]


async def test_calls_with_one_idempotency_key_are_one_interaction(tmp_path: Path) -> None:
    headers = {"idempotency-key": "any text: 1"}
    async with http_serving(tmp_path) as door:
        made = [await created(door, headers) for _ in range(2)]
        reused = await door.client.post(PATH, json={**ORDER, "input": "another"}, headers=headers)
        names = await _names(door)

    assert made[0] == made[1]
    assert names == [made[0]["metadata"]["operation"]]
    assert (reused.status_code, reused.json()["error"]["code"]) == (400, "invalid_request")
    assert reused.json()["error"]["message"].startswith("Idempotency-Key: it was used for a")


async def test_a_deleted_interaction_is_unknown_from_then_on(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await completed(door, b"a video")
        path = f"{PATH}/{made['id']}"
        deleted = await door.client.delete(path)
        answers = [await door.client.get(path), await door.client.delete(path)]
        left = list((tmp_path / "media").rglob("*.mp4"))

    assert (deleted.status_code, deleted.json()) == (200, {})
    assert [(answer.status_code, answer.json()) for answer in answers] == [(400, UNKNOWN)] * 2
    assert left == []


async def test_a_queued_interaction_is_cancelled(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        answer = await door.client.post(f"{PATH}/{made['id']}/cancel")
        again = await door.client.post(f"{PATH}/{made['id']}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert again.status_code == 400
    assert "still running" in again.json()["error"]["message"]


async def test_a_completed_interaction_is_not_cancelled(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        made = await completed(door, b"a video")
        answer = await door.client.post(f"{PATH}/{made['id']}/cancel")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_an_interaction_whose_upstream_is_slow_to_cancel_is_still_in_progress(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        made = await created(door)
        await run(door, made["metadata"]["operation"])
        answering = asyncio.create_task(door.client.post(f"{PATH}/{made['id']}/cancel"))
        await until_watched(door, 1)
        await door.grpc.parts.clock.sleeping()
        door.grpc.parts.clock.advance(5.0)
        answer = await answering

    assert (answer.status_code, answer.json()["status"]) == (200, "in_progress")
    assert answer.json()["metadata"]["cancel_requested"] is True


async def test_an_interaction_that_is_not_in_the_background_is_answered_at_its_end(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        order = {**ORDER, "background": False}
        async with door.client.stream("POST", PATH, json=order) as answer:
            (name,) = await _names(door)
            await run(door, name)
            await door.grpc.succeed(name, b"a video")
            told = json.loads(await answer.aread())

    assert told["status"] == "completed"
    assert told["steps"] == inline(b"a video")


async def test_white_space_keeps_a_waiting_answer_open(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        order = {**ORDER, "background": False}
        async with door.client.stream("POST", PATH, json=order) as answer:
            (name,) = await _names(door)
            texts = answer.aiter_raw()
            await door.grpc.parts.clock.sleeping()
            door.grpc.parts.clock.advance(8.0)
            first = await anext(texts)
            await run(door, name)
            await door.grpc.succeed(name, b"a video")
            rest = b"".join([text async for text in texts])

    assert first == b"\n"
    assert json.loads(first + rest)["steps"] == inline(b"a video")


async def test_a_waiting_answer_tells_the_id_when_the_server_stops(tmp_path: Path) -> None:
    """An error would make Google's SDKs send the request again, and start a second generation."""
    async with http_serving(tmp_path) as door:
        order = {**ORDER, "background": False}
        async with door.client.stream("POST", PATH, json=order) as answer:
            (name,) = await _names(door)
            door.grpc.parts.watching.drain()
            told = json.loads(await answer.aread())

    assert (told["status"], told["steps"]) == ("in_progress", [])
    assert told["metadata"]["operation"] == name


async def test_a_client_that_leaves_a_waiting_answer_leaves_its_operation(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        order = {**ORDER, "background": False}
        async with door.client.stream("POST", PATH, json=order):
            (name,) = await _names(door)
        await until_watched(door, 0)
        record = await door.grpc.parts.store.get(name)

    assert (record.done, record.cancel_requested) == (False, False)


async def test_an_interaction_goes_on_from_an_earlier_one(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        first = await completed(door, b"a video")
        order = {"model": OMNI, "input": "at night", "previous_interaction_id": first["id"]}
        answer = await door.client.post(PATH, json={**order, "background": True})
        stored = await door.grpc.parts.store.get_request(answer.json()["metadata"]["operation"])

    assert stored.previous_operation == first["metadata"]["operation"]


async def _names(door: HttpDoor) -> list[str]:
    """Return the names of the operations, of which there is at least one."""
    page = await door.grpc.parts.store.list(Filter(), 10, None)
    assert page.records
    return [record.name for record in page.records]
