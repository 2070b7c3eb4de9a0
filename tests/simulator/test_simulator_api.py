# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator as a process, called as Google's clients call it."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import TYPE_CHECKING, Any

import av
import httpx
import pytest
import pytest_asyncio
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from processes.running import Simulator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

MODEL = "publishers/google/models/veo-3.1-lite-generate-001"
RESOURCE = f"projects/p/locations/us-central1/{MODEL}"
TOKEN = {"authorization": "Bearer t"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path_factory.mktemp("simulator")) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(running: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=running.base_url, headers=TOKEN, timeout=GUARD_SECONDS
    ) as client:
        yield client


async def submit(
    http: httpx.AsyncClient, prompt: str, resource: str = RESOURCE, **parameters: object
) -> httpx.Response:
    body = {"instances": [{"prompt": prompt}], "parameters": {"durationSeconds": 4, **parameters}}
    return await http.post(f"/v1/{resource}:predictLongRunning", json=body)


async def poll(http: httpx.AsyncClient, name: str) -> httpx.Response:
    resource = name.partition("/operations/")[0]
    return await http.post(f"/v1/{resource}:fetchPredictOperation", json={"operationName": name})


async def finished(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    (await http.post("/simulator/wait", params={"operation": name})).raise_for_status()
    operation: dict[str, Any] = (await poll(http, name)).raise_for_status().json()
    assert operation["done"] is True
    assert operation["name"] == name
    return operation


def frames(video: bytes) -> int:
    with av.open(io.BytesIO(video), "r") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return sum(1 for _ in container.decode(video=0))


async def test_a_video_comes_inline(http: httpx.AsyncClient) -> None:
    answer = await submit(http, "a dog", sampleCount=2, seed=1)
    assert answer.status_code == 200
    assert answer.json().keys() == {"name"}
    assert answer.json()["name"].startswith(f"{RESOURCE}/operations/")
    response = (await finished(http, answer.json()["name"]))["response"]
    assert response["raiMediaFilteredCount"] == 0
    first, second = [base64.b64decode(one["bytesBase64Encoded"]) for one in response["videos"]]
    assert frames(first) == frames(second) == 4 * 24
    assert first != second


async def test_a_video_goes_to_the_bucket_and_is_read_in_ranges(http: httpx.AsyncClient) -> None:
    size = 3_000_000
    answer = await submit(http, f"x [sim:size bytes={size}]", storageUri="gs://bucket/some folder")
    operation = await finished(http, answer.json()["name"])
    address = operation["response"]["videos"][0]["gcsUri"]
    assert address.startswith("gs://bucket/some folder/")
    path = f"/storage/v1/b/bucket/o/{address.removeprefix('gs://bucket/').replace('/', '%2F')}"
    whole = (await http.get(path, params={"alt": "media"})).raise_for_status()
    assert len(whole.content) == size
    assert frames(whole.content) == 4 * 24
    part = await http.get(path, params={"alt": "media"}, headers={"range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert part.content == whole.content[10:20]
    past = await http.get(path, params={"alt": "media"}, headers={"range": f"bytes={size}-"})
    assert past.status_code == 416
    assert past.headers["content-range"] == f"bytes */{size}"
    assert (await http.get(path)).json()["size"] == str(size)


async def test_a_lone_api_key_uses_the_express_path(http: httpx.AsyncClient) -> None:
    headers = {"authorization": "", "x-goog-api-key": "k"}
    path = f"/v1beta1/{MODEL}:predictLongRunning"
    answer = await http.post(path, json={"instances": [{"prompt": "x"}]}, headers=headers)
    assert answer.json()["name"].startswith(f"{MODEL}/operations/")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer expired"}, 401),
        ({"authorization": "Bearer forbidden"}, 403),
        ({"authorization": "Bearer disabled"}, 403),
        ({"authorization": "Bearer stranger"}, 403),
        ({"authorization": "", "x-goog-api-key": "invalid"}, 400),
    ],
)
async def test_credentials_are_checked(
    http: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await http.post(f"/v1/{RESOURCE}:predictLongRunning", json={}, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize(
    ("prompt", "status", "named"),
    [
        ("x [sim:quota retry=3]", 429, "RESOURCE_EXHAUSTED"),
        ("x [sim:unavailable]", 503, "UNAVAILABLE"),
        ("x [sim:reject]", 400, "INVALID_ARGUMENT"),
        ("x [sim:internal]", 500, "INTERNAL"),
    ],
)
async def test_a_submission_meets_its_fault_once(
    http: httpx.AsyncClient, running: Simulator, prompt: str, status: int, named: str
) -> None:
    before = (await running.statistics())["submissions_accepted"]
    answer = await submit(http, prompt)
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, named)
    if "retry" in prompt:
        assert answer.json()["error"]["details"][0]["retryDelay"] == "3s"
    assert (await running.statistics())["submissions_accepted"] == before
    assert (await submit(http, prompt)).status_code == 200


async def test_faults_of_submissions_are_counted_by_the_prompt(http: httpx.AsyncClient) -> None:
    for prompt in ("one [sim:unavailable times=2]", "two [sim:unavailable times=2]"):
        statuses = [(await submit(http, prompt)).status_code for _ in range(4)]
        assert statuses == [503, 503, 200, 200]


async def test_answers_that_cannot_be_read(http: httpx.AsyncClient, running: Simulator) -> None:
    assert (await submit(http, "x [sim:html]")).headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match="Unterminated"):
        (await submit(http, "x [sim:garbage]")).json()
    before = (await running.statistics())["submissions_accepted"]
    with pytest.raises(httpx.RemoteProtocolError):
        await submit(http, "x [sim:drop]")
    assert (await running.statistics())["submissions_accepted"] == before + 1


async def test_a_generation_may_fail_be_refused_or_be_filtered(http: httpx.AsyncClient) -> None:
    failed = await finished(
        http, (await submit(http, 'x [sim:fail message="no luck"]')).json()["name"]
    )
    assert failed["error"] == {"code": 13, "message": "no luck"}
    refused = await finished(http, (await submit(http, "x [sim:refuse]")).json()["name"])
    assert refused["error"]["code"] == 3
    assert "Support codes: 58061214" in refused["error"]["message"]
    filtered = await finished(
        http, (await submit(http, "x [sim:filter count=1]", sampleCount=2)).json()["name"]
    )
    assert filtered["response"]["raiMediaFilteredCount"] == 1
    assert len(filtered["response"]["videos"]) == 1
    nothing = await finished(http, (await submit(http, "x [sim:filter]")).json()["name"])
    assert "videos" not in nothing["response"]
    assert "celebrity" in nothing["response"]["raiMediaFilteredReasons"][0]
    unset = await finished(http, (await submit(http, "x [sim:unset]")).json()["name"])
    assert unset.keys() == {"name", "done"}


async def test_polls_meet_their_own_faults(http: httpx.AsyncClient) -> None:
    name = (await submit(http, "x [sim:poll-unavailable times=2] [sim:never]")).json()["name"]
    assert [(await poll(http, name)).status_code for _ in range(3)] == [503, 503, 200]
    assert "done" not in (await poll(http, name)).json()
    lost = (await submit(http, "x [sim:lost]")).json()["name"]
    assert (await poll(http, lost)).status_code == 404


async def test_a_generation_may_be_told_as_done_and_then_as_running(
    http: httpx.AsyncClient,
) -> None:
    name = (await submit(http, "x [sim:filter][sim:undone times=2]")).json()["name"]
    done = await finished(http, name)
    assert [(await poll(http, name)).json() for _ in range(2)] == [{"name": name}] * 2
    assert await finished(http, name) == done


@pytest.mark.parametrize("name", ["", 7, "operations/1", f"{RESOURCE}x/operations/1"])
async def test_a_name_of_another_model_is_refused(http: httpx.AsyncClient, name: object) -> None:
    body = {"operationName": name}
    answer = await http.post(f"/v1/{RESOURCE}:fetchPredictOperation", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["fieldViolations"][0]["field"] == "operationName"


async def test_what_is_unknown_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await poll(http, f"{RESOURCE}/operations/1")).status_code == 404
    assert (await http.get("/v1/nothing")).json()["error"]["status"] == "NOT_FOUND"
    assert (await http.get("/storage/v1/b/bucket/o/none?alt=media")).status_code == 404


async def test_a_body_that_is_no_object_is_refused(http: httpx.AsyncClient) -> None:
    for body in (b"", b"[1]", b"{", b"[" * 100_000):
        answer = await http.post(f"/v1/{RESOURCE}:predictLongRunning", content=body)
        assert answer.status_code == 400


async def test_inputs_are_uploaded_or_missed(http: httpx.AsyncClient) -> None:
    instance = {
        "prompt": "x",
        "image": {"gcsUri": "gs://inputs/a%2Fb.png", "mimeType": "image/png"},
    }
    path = f"/v1/{RESOURCE}:predictLongRunning"
    missed = await http.post(path, json={"instances": [instance]})
    error = (await finished(http, missed.json()["name"]))["error"]
    assert error["code"] == 5
    assert "gs://inputs/a%2Fb.png" in error["message"]
    upload = "/upload/storage/v1/b/inputs/o"
    named = {"uploadType": "media", "name": "a%2Fb.png"}
    await http.post(upload, params=named, content=b"no picture")
    unreadable = await http.post(path, json={"instances": [instance]})
    error = (await finished(http, unreadable.json()["name"]))["error"]
    assert error["code"] == 3
    assert "image" in error["message"]


async def test_ends_and_submissions_are_held(http: httpx.AsyncClient, running: Simulator) -> None:
    await running.tell("hold")
    name = (await submit(http, "x [sim:filter]")).json()["name"]
    assert "done" not in (await poll(http, name)).json()
    await running.tell("release")
    assert (await finished(http, name))["done"]
    await running.tell("hold-submissions")
    received = (await running.statistics())["submissions_received"]
    held = asyncio.create_task(submit(http, "held [sim:never]"))
    await running.wait(submissions=received + 1)
    assert "held [sim:never]" not in (await running.statistics())["submissions_by_prompt"]
    await running.tell("release-submissions")
    assert (await held).status_code == 200
    wrong = await http.post("/simulator/explode")
    assert "hold-submissions" in wrong.json()["error"]["message"]
