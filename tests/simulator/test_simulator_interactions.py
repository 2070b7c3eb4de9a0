# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Interactions API of the simulator's process, on both of Google's hosts."""

from __future__ import annotations

import httpx
import pytest
from processes.running import GUARD_SECONDS
from simulator.interaction_calls import (
    DEVELOPER,
    FPS,
    MODEL,
    PLATFORM,
    SMALL,
    Caller,
    content,
    shape,
    video,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

INVALID_NAME = {"error": {"code": "invalid_request", "message": "Invalid interaction name"}}
UNKNOWN = "0" * 32


async def test_in_the_background_it_is_polled_until_it_is_done(calls: Caller) -> None:
    await calls.running.tell("hold")
    before = await calls.running.statistics()
    answer = await calls.create("a dog", background=True)
    name = answer.json()["id"]
    assert answer.json() == {"id": name, "status": "in_progress", "object": "interaction"}
    early = await calls.get(name)
    assert (early["status"], early["steps"]) == ("in_progress", [])
    await calls.running.tell("release")
    done = await calls.finished(name)
    assert (done["id"], done["object"], done["model"]) == (name, "interaction", MODEL)
    assert done["updated"] >= done["created"] == early["created"]
    assert shape(video(done)) == (640, 360, 3 * FPS)
    after = await calls.running.statistics()
    for count, grew in (("submissions_received", 1), ("submissions_accepted", 1), ("polls", 2)):
        assert after[count] - before[count] == grew
    assert after["submissions_by_prompt"]["a dog"] == 1


async def test_without_a_background_the_answer_is_the_whole(calls: Caller) -> None:
    done = (await calls.create("a cat", generation_config={"seed": 4})).json()
    again = (await calls.create("a cat", generation_config={"seed": 4})).json()
    assert video(done) == video(again)
    usage = done["usage"]
    [output] = usage["output_tokens_by_modality"]
    assert output == {"modality": "video", "tokens": 3 * 1931}
    assert usage["total_tokens"] == usage["total_input_tokens"] + usage["total_output_tokens"]


async def test_on_the_platform_a_video_goes_to_the_bucket(calls: Caller) -> None:
    wanted = {**SMALL, "delivery": "uri", "gcs_uri": "gs://bucket/some/"}
    done = await calls.finished(await calls.background("x", response_format=[wanted]))
    address = content(done)["uri"]
    assert address.startswith("gs://bucket/some/")
    assert address.endswith(".mp4")
    path = address.removeprefix("gs://bucket/").replace("/", "%2F")
    read = await calls.http.get(f"/storage/v1/b/bucket/o/{path}", params={"alt": "media"})
    assert shape(read.content) == (640, 360, 3 * FPS)


async def test_an_address_without_a_bucket_fails_after_the_creation(calls: Caller) -> None:
    name = await calls.background("x", response_format={**SMALL, "delivery": "uri"})
    failed = await calls.finished(name)
    assert failed["status"] == "failed"
    assert failed["errors"][0]["code"] == "invalid_request"
    assert "gcs_uri" in failed["errors"][0]["message"]


@pytest.mark.parametrize(
    "path",
    [
        PLATFORM,
        PLATFORM.replace("v1beta1", "v1"),
        "/v1beta1/interactions",
        "/v1beta1/locations/global/interactions",
        "/v1/interactions",
        DEVELOPER,
    ],
)
async def test_every_path_takes_a_key(calls: Caller, path: str) -> None:
    headers = {"authorization": "", "x-goog-api-key": "k"}
    body = {"model": MODEL, "input": "x [sim:filter]", "background": True}
    created = await calls.http.post(path, json=body, headers=headers)
    name = created.raise_for_status().json()["id"]
    assert (await calls.http.get(f"{path}/{name}", headers=headers)).status_code == 200
    assert (await calls.http.delete(f"{path}/{name}", headers=headers)).json() == {}
    assert (await calls.http.get(f"{path}/{name}", headers=headers)).json() == INVALID_NAME


async def test_an_interaction_is_known_where_it_was_made_only(calls: Caller) -> None:
    name = await calls.background("x [sim:filter]", "/v1beta1/interactions")
    assert (await calls.get(name, "/v1beta1/locations/global/interactions"))["id"] == name
    for path in (PLATFORM, PLATFORM.replace("/p/", "/q/"), DEVELOPER):
        assert (await calls.http.get(f"{path}/{name}")).json() == INVALID_NAME


async def test_a_call_without_credentials_meets_the_front_end(calls: Caller) -> None:
    answer = await calls.http.post(PLATFORM, json={}, headers={"authorization": ""})
    assert answer.status_code == answer.json()["error"]["code"] == 401
    answer = await calls.http.get(f"{DEVELOPER}/1", headers={"authorization": "Bearer forbidden"})
    assert answer.json()["error"]["status"] == "PERMISSION_DENIED"


async def test_what_is_not_there_is_an_invalid_name(calls: Caller) -> None:
    for method, path in (
        ("GET", f"{PLATFORM}/{UNKNOWN}"),
        ("POST", f"{PLATFORM}/{UNKNOWN}/cancel"),
        ("DELETE", f"{DEVELOPER}/{UNKNOWN}"),
    ):
        answer = await calls.http.request(method, path)
        assert (answer.status_code, answer.json()) == (400, INVALID_NAME)
    lost = await calls.background("x [sim:lost]")
    assert (await calls.http.get(f"{PLATFORM}/{lost}")).json() == INVALID_NAME


async def test_what_is_not_stored_cannot_be_asked_for(calls: Caller) -> None:
    done = (await calls.create("x", store=False)).json()
    assert video(done)
    assert (await calls.http.get(f"{PLATFORM}/{done['id']}")).json() == INVALID_NAME


async def test_only_what_runs_in_the_background_is_cancelled(calls: Caller) -> None:
    name = await calls.background("x [sim:never]")
    cancelled = (await calls.http.post(f"{PLATFORM}/{name}/cancel")).raise_for_status().json()
    assert (cancelled["status"], cancelled["steps"]) == ("cancelled", [])
    assert (await calls.get(name))["status"] == "cancelled"
    done = await calls.background("x [sim:filter]")
    await calls.finished(done)
    for one in (name, done):
        again = await calls.http.post(f"{PLATFORM}/{one}/cancel")
        assert (again.status_code, again.json()["error"]["code"]) == (400, "invalid_request")


async def test_an_interaction_may_fail_be_refused_or_have_no_output(calls: Caller) -> None:
    failed = (await calls.create('x [sim:fail message="no luck"]')).json()
    assert failed["errors"] == [{"code": "internal", "message": "no luck"}]
    for prompt in ("x [sim:refuse]", "x [sim:filter]"):
        refused = (await calls.create(prompt)).json()
        assert content(refused)["type"] == "text"
        assert "Support codes" in content(refused)["text"]
        [output] = refused["usage"]["output_tokens_by_modality"]
        assert output["modality"] == "text"
    empty = (await calls.create("x [sim:unset]")).json()
    assert (empty["status"], empty["steps"]) == ("completed", [])


async def test_an_interaction_may_be_told_as_completed_and_then_as_running(calls: Caller) -> None:
    name = await calls.background("x [sim:filter][sim:undone]")
    done = await calls.finished(name)
    undone = await calls.get(name)
    assert (undone["status"], undone["steps"]) == ("in_progress", [])
    assert await calls.get(name) == done


@pytest.mark.parametrize(
    ("prompt", "status", "code"),
    [
        ("y [sim:quota retry=2.5]", 429, "too_many_requests"),
        ("y [sim:unavailable]", 503, "unavailable"),
        ("y [sim:reject]", 400, "invalid_request"),
        ("y [sim:internal]", 500, "internal"),
    ],
)
async def test_a_submission_meets_its_fault_once(
    calls: Caller, prompt: str, status: int, code: str
) -> None:
    answer = await calls.create(prompt, background=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("retry-after") == ("3" if "retry" in prompt else None)
    assert (await calls.create(prompt, background=True)).status_code == 200


async def test_polls_meet_faults_and_submissions_may_be_dropped(calls: Caller) -> None:
    name = await calls.background("x [sim:poll-unavailable times=2] [sim:never]")
    answers = [await calls.http.get(f"{PLATFORM}/{name}") for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 200]
    before = (await calls.running.statistics())["submissions_accepted"]
    with pytest.raises(httpx.RemoteProtocolError):
        await calls.create("x [sim:drop]", background=True)
    assert (await calls.running.statistics())["submissions_accepted"] == before + 1


async def test_the_input_comes_back_for_those_who_ask(calls: Caller) -> None:
    name = await calls.background("words [sim:filter]")
    await calls.finished(name)
    with_input = await calls.get(name, include_input="true")
    assert [step["type"] for step in with_input["steps"]] == ["user_input", "model_output"]
    assert with_input["steps"][0]["content"][0]["text"] == "words [sim:filter]"
    wrong = await calls.http.get(f"{PLATFORM}/{name}", params={"include_input": "maybe"})
    assert wrong.json()["error"]["message"].startswith("include_input")
