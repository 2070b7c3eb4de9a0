# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""predictLongRunning and fetchPredictOperation over a socket, in front of the real use cases."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from door.door_serving import http_serving
from fakes.media import put
from identity.identity_known_keys import KnownKeys
from longtake.v1.video_service_pb2 import GetOperationRequest, ListOperationsRequest
from longtake_server.errors import StorageUnavailable
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.model import (
    Code,
    Failed,
    Failure,
    StoredVideo,
    SubmissionAccepted,
    SubmissionStarted,
    Succeeded,
)

if TYPE_CHECKING:
    from pathlib import Path

    from door.door_serving import HttpDoor

MODEL = "veo-3.1-generate-001"
EXPRESS = f"publishers/google/models/{MODEL}"
PROJECT = f"projects/my-project/locations/mars-north1/{EXPRESS}"
BODY = {"instances": [{"prompt": "a dog"}]}
RESOURCES = pytest.mark.parametrize("resource", [EXPRESS, PROJECT])
VERSIONS = pytest.mark.parametrize("version", ["v1", "v1beta1"])


async def submit(
    door: HttpDoor, body: Any = BODY, resource: str = EXPRESS, **headers: str
) -> httpx.Response:
    return await door.client.post(
        f"/v1beta1/{resource}:predictLongRunning", json=body, headers=headers
    )


async def poll(door: HttpDoor, name: str, resource: str = EXPRESS) -> httpx.Response:
    return await door.client.post(
        f"/v1beta1/{resource}:fetchPredictOperation", json={"operationName": name}
    )


def google_name(name: str, resource: str = EXPRESS) -> str:
    return f"{resource}/{name}"


def error_of(answer: httpx.Response, code: int, status: str) -> dict[str, Any]:
    """Return the error of an answer, whose code and status must be these."""
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (code, code, status)
    return error


def fields_of(error: dict[str, Any]) -> list[str]:
    details = {one["@type"].rpartition(".")[2]: one for one in error["details"]}
    return [one["field"] for one in details["BadRequest"]["fieldViolations"]]


async def operations(door: HttpDoor) -> int:
    listed = await door.grpc.videos.ListOperations(ListOperationsRequest())
    return len(listed.operations)


@RESOURCES
@VERSIONS
async def test_a_generation_is_started_and_its_name_leads_back(
    tmp_path: Path, resource: str, version: str
) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.post(f"/{version}/{resource}:predictLongRunning", json=BODY)
        name = answer.json()["name"]
        polled = await door.client.post(
            f"/{version}/{resource}:fetchPredictOperation", json={"operationName": name}
        )
        ours = "operations/" + name.rpartition("/")[2]
        stored = await door.grpc.videos.GetOperation(GetOperationRequest(name=ours))

    assert answer.json() == {"name": f"{resource}/{ours}"}
    assert polled.json()["name"] == name
    assert "done" not in polled.json()
    assert stored.metadata.model == MODEL


async def test_what_google_has_no_place_for_is_in_the_metadata(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        name = (await submit(door, {**BODY, "labels": {"team": "film"}})).json()["name"]
        metadata = (await poll(door, name)).json()["metadata"]

    assert metadata["operation"] == "operations/" + name.rpartition("/")[2]
    assert metadata["revision"] == 1
    assert metadata["state"] == "QUEUED"
    assert metadata["labels"] == {"team": "film"}
    assert metadata["estimatedCost"]["currencyCode"] == "USD"


@pytest.mark.parametrize("sizes", [(1,), (2, 3), (1 << 20, (1 << 21) + 1, 0 + 5, 196608)])
async def test_videos_come_inline_and_whole(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    videos = [hashlib.shake_128(bytes([size % 251])).digest(size) for size in sizes]
    async with http_serving(tmp_path) as door:
        name = google_name(await door.grpc.succeeded(*videos))
        answer = await poll(door, name)

    operation = answer.json()
    assert operation["done"] is True
    response = operation["response"]
    assert response["@type"].endswith("GenerateVideoResponse")
    assert response["raiMediaFilteredCount"] == 0
    assert [base64.b64decode(one["bytesBase64Encoded"]) for one in response["videos"]] == videos
    assert {one["mimeType"] for one in response["videos"]} == {"video/mp4"}


async def test_videos_may_come_as_addresses_that_play(tmp_path: Path) -> None:
    async with http_serving(tmp_path, google_results="addresses") as door:
        name = google_name(await door.grpc.succeeded(b"first", b"second"))
        videos = (await poll(door, name)).json()["response"]["videos"]
        played = [await door.client.get(video["gcsUri"]) for video in videos]

    assert [answer.content for answer in played] == [b"first", b"second"]
    assert all(set(video) == {"gcsUri", "mimeType"} for video in videos)


@pytest.mark.parametrize(
    ("of_server", "of_key", "member"),
    [
        ("inline", "", "bytesBase64Encoded"),
        ("inline", "addresses", "gcsUri"),
        ("addresses", "inline", "bytesBase64Encoded"),
    ],
)
async def test_a_key_may_have_its_own_way_to_get_videos(
    tmp_path: Path, of_server: str, of_key: str, member: str
) -> None:
    ann = Principal("", frozenset(Role), google_results=of_key)
    keys = KnownKeys({"ltk_ann": ann})
    proofs = Proofs(keys=keys)
    async with http_serving(tmp_path, proofs=proofs, google_results=of_server) as door:
        stored = await door.grpc.parts.accept()
        await door.grpc.parts.ledger.commit(stored.name, SubmissionStarted())
        await door.grpc.parts.ledger.commit(stored.name, SubmissionAccepted("up/1"))
        await door.grpc.succeed(stored.name, b"video")
        answer = await door.client.post(
            f"/v1/{EXPRESS}:fetchPredictOperation",
            json={"operationName": google_name(stored.name)},
            headers={"x-goog-api-key": "ltk_ann"},
        )

    (video,) = answer.json()["response"]["videos"]
    assert member in video


async def test_a_video_in_the_callers_bucket_is_its_address(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        name = await door.grpc.running()
        stored = StoredVideo("gs://bucket/folder/sample_0.mp4")
        await door.grpc.parts.ledger.commit(name, Succeeded((stored,)))
        operation = (await poll(door, google_name(name))).json()

    assert operation["response"]["videos"] == [
        {"gcsUri": "gs://bucket/folder/sample_0.mp4", "mimeType": "video/mp4"}
    ]


async def test_withheld_videos_are_counted_and_explained_verbatim(tmp_path: Path) -> None:
    reason = 'Support codes: 29310472 "bytesBase64Encoded":null'
    async with http_serving(tmp_path) as door:
        name = await door.grpc.running()
        video = await put(door.grpc.parts.media, name, 0, b"1234")
        await door.grpc.parts.ledger.commit(name, Succeeded((video,), 1, (reason,)))
        response = (await poll(door, google_name(name))).json()["response"]

        all_withheld = await door.grpc.running()
        await door.grpc.parts.ledger.commit(all_withheld, Succeeded((), 2, (reason,)))
        without = (await poll(door, google_name(all_withheld))).json()["response"]

    assert response["raiMediaFilteredCount"] == 1
    assert response["raiMediaFilteredReasons"] == [reason]
    assert len(response["videos"]) == 1
    assert without["raiMediaFilteredCount"] == 2
    assert "videos" not in without


async def test_a_failure_is_an_error_within_an_answer_that_succeeds(tmp_path: Path) -> None:
    failure = Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "busy", {"upstream": "a"})
    async with http_serving(tmp_path) as door:
        name = await door.grpc.running()
        await door.grpc.parts.ledger.commit(name, Failed(failure))
        answer = await poll(door, google_name(name))

    assert answer.status_code == 200
    operation = answer.json()
    assert operation["done"] is True
    assert "response" not in operation
    assert (operation["error"]["code"], operation["error"]["message"]) == (14, "busy")
    assert operation["error"]["details"][0]["reason"] == "ATTEMPTS_EXHAUSTED"


async def test_a_video_that_is_gone_is_an_error_before_the_first_byte(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        name = await door.grpc.succeeded(b"first", b"second")
        await door.grpc.parts.media.delete(name)
        answer = await poll(door, google_name(name))

    error_of(answer, 400, "FAILED_PRECONDITION")


async def test_a_video_that_breaks_off_ends_the_connection_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with http_serving(tmp_path) as door:
        name = google_name(await door.grpc.succeeded(b"x" * 1000))

        async def broken(_: object) -> Any:
            yield b"eHh4"
            raise StorageUnavailable("the disk is gone")

        monkeypatch.setattr("longtake_server.http.google_wire.inline_json.encoded", broken)
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
            await poll(door, name)

    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"instances": []}, "instances"),
        ({**BODY, "parameters": {"sampleCount": 9}}, "parameters.sampleCount"),
        ({**BODY, "parameters": {"durationSeconds": 3}}, "parameters.durationSeconds"),
        ({**BODY, "parameters": {"madeUp": {"deep": 1}}}, "parameters.madeUp"),
        ({"instances": [{}]}, "instances[0].prompt"),
        (
            {"instances": [{"image": {"bytesBase64Encoded": "aGVsbG8=", "mimeType": "image/png"}}]},
            "instances[0].image.bytesBase64Encoded",
        ),
        ({**BODY, "labels": {"Team": "film"}}, "labels"),
        ([], "body"),
    ],
)
async def test_a_wrong_body_is_refused_in_googles_form_and_starts_nothing(
    tmp_path: Path, body: Any, field: str
) -> None:
    async with http_serving(tmp_path) as door:
        error = error_of(await submit(door, body), 400, "INVALID_ARGUMENT")
        started = await operations(door)

    assert field in fields_of(error)
    assert started == 0


async def test_a_body_that_is_too_large_or_cut_off_starts_nothing(tmp_path: Path) -> None:
    whole = json.dumps(BODY).encode()
    path = f"/v1/{EXPRESS}:predictLongRunning"
    async with http_serving(tmp_path, max_request_bytes=100) as door:
        large = await submit(door, {"instances": [{"prompt": "x" * 200_000}]})
        inner = await submit(door, {"instances": [{"prompt": "x" * 200}]})
        cut = await door.client.post(path, content=whole[:-1])
        host, port = door.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(whole)}\r\n\r\n"
        writer.write(head.encode() + whole[:-1])
        writer.write_eof()
        unfinished = await reader.read()
        writer.close()
        started = await operations(door)

    assert "accepted are at most" in error_of(large, 400, "INVALID_ARGUMENT")["message"]
    assert "accepted are at most 100" in error_of(inner, 400, "INVALID_ARGUMENT")["message"]
    assert fields_of(error_of(cut, 400, "INVALID_ARGUMENT")) == ["body"]
    assert b"200 OK" not in unfinished
    assert started == 0


async def test_an_unknown_model_is_not_found_as_at_google(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        answer = await submit(door, resource="publishers/google/models/veo-9")

    error_of(answer, 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1beta/models/gemini-3-pro:generateContent"),
        ("POST", f"/v1beta/models/{MODEL}:predictLongRunning"),
        ("POST", f"/v1beta1/{PROJECT}:predict"),
        ("GET", "/v1beta/models"),
        ("DELETE", "/v1/files/a"),
    ],
)
async def test_a_method_that_only_google_has_is_not_found_in_words(
    tmp_path: Path, method: str, path: str
) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.request(method, path)
    error = error_of(answer, 404, "NOT_FOUND")
    assert "predictLongRunning" in error["message"]
    assert "vertexai=True" in error["message"]


@pytest.mark.parametrize(
    "name",
    [
        "", "operations/1", f"{EXPRESS}/operations/", f"{EXPRESS}/operations/a/b",
        f"{PROJECT}/operations/1", f"{EXPRESS}/operations/{'a' * 65}", 7, None,
    ],
)  # fmt: skip
async def test_a_name_that_is_not_of_the_polled_model_is_refused(tmp_path: Path, name: Any) -> None:
    async with http_serving(tmp_path) as door:
        error = error_of(await poll(door, name), 400, "INVALID_ARGUMENT")

    assert set(fields_of(error)) == {"operationName"}


async def test_an_operation_of_another_model_is_as_one_that_never_was(tmp_path: Path) -> None:
    other = "publishers/google/models/veo-3.1-fast-generate-001"
    async with http_serving(tmp_path) as door:
        name = await door.grpc.succeeded(b"video")
        found = await poll(door, google_name(name, other), other)
        never = "operations/0" + name.removeprefix("operations/")[1:].replace("-", "0")
        missing = await poll(door, google_name(never, other), other)

    error_of(found, 404, "NOT_FOUND")
    assert found.text.replace(name, "?") == missing.text.replace(never, "?")


async def test_the_operation_of_another_caller_is_as_one_that_never_was(tmp_path: Path) -> None:
    def of(caller: str) -> dict[str, str]:
        return {"x-caller": caller}

    async with http_serving(tmp_path, caller_header="x-caller") as door:
        name = (await submit(door, **of("anna"))).json()["name"]
        await submit(door, **of("anna"))
        never = name[:-1] + ("0" if name[-1] != "0" else "1")
        path = f"/v1/{EXPRESS}:fetchPredictOperation"
        answers = [
            await door.client.post(path, json={"operationName": one}, headers=of("bert"))
            for one in (name, never)
        ]
        own = await door.client.post(path, json={"operationName": name}, headers=of("anna"))

    assert own.status_code == 200
    error_of(answers[0], 404, "NOT_FOUND")
    ids = [one.rpartition("/")[2] for one in (name, never)]
    texts = [
        answer.content.replace(one.encode(), b"?") for answer, one in zip(answers, ids, strict=True)
    ]
    assert texts[0] == texts[1]
    assert answers[0].headers.keys() == answers[1].headers.keys()


async def test_one_idempotency_key_starts_one_generation(tmp_path: Path) -> None:
    key = {"idempotency-key": "any text at all, not a UUID"}
    async with http_serving(tmp_path, caller_header="x-caller") as door:
        anna = {**key, "x-caller": "anna"}
        first, second = await submit(door, **anna), await submit(door, **anna)
        of_bert = await submit(door, **{**key, "x-caller": "bert"})
        other_key = await submit(door, **{**anna, "idempotency-key": "another"})
        changed = await submit(door, {"instances": [{"prompt": "a cat"}]}, **anna)
        empty = await submit(door, **{**anna, "idempotency-key": ""})

    assert first.json() == second.json()
    assert len({one.text for one in (first, of_bert, other_key)}) == 3
    error = error_of(changed, 400, "INVALID_ARGUMENT")
    assert fields_of(error) == ["Idempotency-Key"]
    assert fields_of(error_of(empty, 400, "INVALID_ARGUMENT")) == ["Idempotency-Key"]


async def test_equal_requests_without_a_key_are_two_generations(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        first, second = await submit(door), await submit(door)

    assert first.json() != second.json()
