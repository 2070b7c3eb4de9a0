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
    run,
    until_watched,
)
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.model import Code, Failed, Failure, StoredVideo, Succeeded
from longtake_server.operations.store import Filter
from rpc.rpc_isolation import ADA, ADMIN, BOB, READER, known_keys

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
NEVER = "v1_0199c5a0-0000-7000-8000-000000000001"


def inline(*videos: bytes) -> list[dict[str, Any]]:
    contents = [
        {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(video).decode()}
        for video in videos
    ]
    return [{"type": "model_output", "content": contents}]


def key(text: str) -> dict[str, str]:
    return {"x-goog-api-key": text}


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


async def test_a_wrong_body_starts_nothing_and_names_every_member(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.post(
            PATH, json={**ORDER, "response_format": {"type": "video", "duration": "99s"}}
        )
        listed = await door.grpc.parts.store.position()

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert error["message"].startswith("response_format.duration: 99; accepted by model")
    (violation,) = error["details"][1]["fieldViolations"]
    assert violation["field"] == "response_format.duration"
    assert listed == 0


async def test_a_body_that_is_no_json_object_is_refused(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        for body in (b"", b"{", b'["a"]', b'{"model":"m","model":"n"}', b"\xff"):
            answer = await door.client.post(PATH, content=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("letters", "said"), [(100_000, "body: it is too large"), (2000, "the request message has")]
)
async def test_a_body_that_is_too_large_is_refused(tmp_path: Path, letters: int, said: str) -> None:
    async with http_serving(tmp_path, max_request_bytes=1000) as door:
        answer = await door.client.post(PATH, json={**ORDER, "input": "a" * letters})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["message"].startswith(said)


async def test_a_model_that_is_not_served_is_not_found(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.post(PATH, json={**ORDER, "model": "omni-9"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


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


async def test_an_unknown_interaction_is_what_google_calls_an_invalid_name(
    tmp_path: Path,
) -> None:
    async with http_serving(tmp_path) as door:
        for identifier in (NEVER, "nothing", "v1_", "v1_a.b", "%00"):
            path = f"{PATH}/{identifier}"
            answers = [
                await door.client.get(path),
                await door.client.get(path, params={"stream": "true"}),
                await door.client.post(f"{path}/cancel"),
                await door.client.delete(path),
            ]
            assert [(one.status_code, one.json()) for one in answers] == [(400, UNKNOWN)] * 4


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


async def test_wrong_parameters_are_named(tmp_path: Path) -> None:
    wrong = {"stream": "maybe", "include_input": "true", "last_event_id": "1"}
    async with http_serving(tmp_path) as door:
        made = await created(door)
        for field, value in wrong.items():
            answer = await door.client.get(f"{PATH}/{made['id']}", params={field: value})
            assert answer.status_code == 400
            assert answer.json()["error"]["message"].startswith(f"{field}: ")


async def test_an_interaction_goes_on_from_an_earlier_one(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        first = await completed(door, b"a video")
        order = {"model": OMNI, "input": "at night", "previous_interaction_id": first["id"]}
        answer = await door.client.post(PATH, json={**order, "background": True})
        stored = await door.grpc.parts.store.get_request(answer.json()["metadata"]["operation"])

    assert stored.previous_operation == first["metadata"]["operation"]


async def test_anothers_interaction_is_byte_for_byte_one_that_never_was(tmp_path: Path) -> None:
    async with http_serving(tmp_path, proofs=Proofs(keys=known_keys())) as door:
        made = await created(door, key(ADA))
        answers = {}
        for identifier in (made["id"], NEVER):
            path = f"{PATH}/{identifier}"
            order = {"model": OMNI, "input": "at night", "previous_interaction_id": identifier}
            answers[identifier] = [
                await door.client.get(path, headers=key(BOB)),
                await door.client.get(path, params={"stream": "true"}, headers=key(BOB)),
                await door.client.post(f"{path}/cancel", headers=key(BOB)),
                await door.client.delete(path, headers=key(BOB)),
                await door.client.post(PATH, json=order, headers=key(BOB)),
            ]
        own = await door.client.get(f"{PATH}/{made['id']}", headers=key(ADA))

    told = [
        [(answer.status_code, answer.content, _without_date(answer.headers)) for answer in of_one]
        for of_one in answers.values()
    ]
    assert told[0] == told[1]
    assert own.json()["status"] == "in_progress"


async def test_a_role_is_required_as_in_grpc(tmp_path: Path) -> None:
    async with http_serving(tmp_path, proofs=Proofs(keys=known_keys())) as door:
        made = await created(door, key(ADA))
        path = f"{PATH}/{made['id']}"
        read = await door.client.get(path, headers=key(READER))
        refused = [
            await door.client.post(PATH, json=ORDER, headers=key(READER)),
            await door.client.post(f"{path}/cancel", headers=key(READER)),
            await door.client.delete(path, headers=key(READER)),
        ]
        admitted = await door.client.delete(path, headers=key(ADMIN))

    assert read.status_code == 200
    assert [answer.status_code for answer in refused] == [403] * 3
    assert {answer.json()["error"]["code"] for answer in refused} == {"permission_denied"}
    assert admitted.status_code == 200


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (key("ltk_nobody"), 401)])
async def test_a_call_without_a_valid_credential_is_refused_before_its_body(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async with http_serving(tmp_path, proofs=Proofs(keys=known_keys())) as door:
        answer = await door.client.post(PATH, content=b"{", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "unauthenticated")


async def _names(door: HttpDoor) -> list[str]:
    """Return the names of the operations, of which there is at least one."""
    page = await door.grpc.parts.store.list(Filter(), 10, None)
    assert page.records
    return [record.name for record in page.records]


def _without_date(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}
