# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every method by plain HTTP and JSON, through the real Envoy."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from edge.edge_running import MODEL, read
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


async def test_a_generation_is_started_waited_for_and_read(edge: Edge) -> None:
    operation = await edge.generated()

    assert operation["metadata"]["state"] == "SUCCEEDED"
    assert operation["metadata"]["model"] == MODEL
    assert read(await edge.http.get(f"/v1/{operation['name']}")) == operation


async def test_a_request_id_makes_a_post_safe_to_repeat(edge: Edge) -> None:
    body = {"model": MODEL, "prompt": "a kite", "requestId": str(uuid4())}

    first = read(await edge.http.post("/v1/videos:generate", json=body))
    second = read(await edge.http.post("/v1/videos:generate", json=body))
    other = await edge.http.post("/v1/videos:generate", json={**body, "prompt": "a ship"})

    assert second["name"] == first["name"]
    assert other.status_code == 409
    assert other.json()["code"] == 6


async def test_a_video_is_downloaded_whole_and_from_an_offset(edge: Edge) -> None:
    video = (await edge.generated())["response"]["generatedVideos"][0]
    path = f"/v1/{video['name']}:download"

    whole = await edge.http.get(path)
    rest = await edge.http.get(path, params={"read_offset": "1000"})
    part = await edge.http.get(path, params={"read_offset": "1000", "read_limit": "50"})

    assert whole.headers["content-type"] == "video/mp4"
    assert len(whole.content) == int(video["video"]["sizeBytes"])
    assert hashlib.sha256(whole.content).hexdigest() == video["video"]["sha256"]
    assert rest.content == whole.content[1000:]
    assert part.content == whole.content[1000:1050]


async def test_video_data_comes_in_the_operation_when_asked_for(edge: Edge) -> None:
    name = (await edge.generated())["name"]

    found = read(await edge.http.get(f"/v1/{name}", params={"include_video_data": "true"}))

    video = found["response"]["generatedVideos"][0]["video"]
    assert len(base64.b64decode(video["data"])) == int(video["sizeBytes"])


async def test_operations_are_listed_by_pages_and_filters(edge: Edge) -> None:
    names = {(await edge.generated())["name"] for _ in range(2)}
    query = {"filter": f'done = true AND model = "{MODEL}"', "page_size": "1"}

    first = read(await edge.http.get("/v1/operations", params=query))
    query["page_token"] = first["nextPageToken"]
    second = read(await edge.http.get("/v1/operations", params=query))

    assert {one["name"] for page in (first, second) for one in page["operations"]} == names


async def test_a_generation_is_cancelled_and_deleted(edge: Edge) -> None:
    await edge.simulator.tell("hold")
    name = (await edge.generate())["name"]

    cancelled = read(await edge.http.post(f"/v1/{name}:cancel"))
    await edge.simulator.tell("release")
    while not (ended := read(await edge.http.post(f"/v1/{name}:wait", json={}))).get("done"):
        pass
    deleted = read(await edge.http.delete(f"/v1/{name}"))
    gone = await edge.http.get(f"/v1/{name}")

    assert cancelled["name"] == name
    assert ended["error"]["code"] == 1
    assert ended["error"]["details"][0]["reason"] == "CANCELLED"
    assert deleted == {}
    assert gone.status_code == 404
    assert gone.json()["details"][0]["reason"] == "OPERATION_DELETED"


async def test_models_are_listed_and_read(edge: Edge) -> None:
    models = read(await edge.http.get("/v1/models"))["models"]

    one = read(await edge.http.get(f"/v1/models/{MODEL}"))

    assert one in models


async def test_usage_and_the_caller_are_read(edge: Edge) -> None:
    await edge.generated()

    caller = read(await edge.http.get("/v1/caller"))
    query = "groupBy=DAY&groupBy=LABEL&labelKey=team&since.year=2026&since.month=1&since.day=1"
    rows = read(await edge.http.get(f"/v1/usage?{query}&pageSize=1"))["usage"]
    wrong = await edge.http.get("/v1/usage?groupBy=LABEL&since.year=2026&pageSize=-1")

    assert "ADMIN" in caller["roles"]
    assert set(rows[0]["day"]) == {"year", "month", "day"}
    assert int(rows[0]["succeeded"]) >= 1
    assert rows[0]["settledCost"]["currencyCode"] == "USD"
    assert wrong.status_code == 400
    details = {one["@type"].rpartition(".")[2]: one for one in wrong.json()["details"]}
    fields = [one["field"] for one in details["BadRequest"]["fieldViolations"]]
    assert fields == ["since", "label_key", "page_size"]


async def test_an_invalid_request_is_400_with_every_violation(edge: Edge) -> None:
    body = {"model": MODEL, "prompt": "a kite", "config": {"durationSeconds": 99, "fps": 7}}

    answer = await edge.http.post("/v1/videos:generate", json=body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()
    details = {one["@type"].rpartition(".")[2]: one for one in error["details"]}
    assert error["code"] == 3
    assert details["ErrorInfo"]["reason"] == "INVALID_FIELD"
    assert details["ErrorInfo"]["domain"] == "longtake.dev"
    fields = [one["field"] for one in details["BadRequest"]["fieldViolations"]]
    assert sorted(fields) == ["config.duration_seconds", "config.fps"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/videos:generate", b"{", 400, 3),
        ("GET", "/v1/operations?unknown=1", None, 400, 3),
        ("GET", "/v1/nothing", None, 404, 5),
        ("GET", "/", None, 404, 5),
        ("GET", "/v1/models/none", None, 404, 5),
        ("GET", "/v1/operations/none:watch", None, 404, 5),
    ],
)
async def test_what_is_refused_is_a_status_in_json(
    edge: Edge, method: str, path: str, body: bytes | None, status: int, code: int
) -> None:
    answer = await edge.http.request(method, path, content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == code
    assert answer.json()["message"]


async def test_a_body_as_large_as_the_server_takes_reaches_it(edge: Edge) -> None:
    image = {"data": base64.b64encode(bytes(23 << 20)).decode(), "mimeType": "image/png"}

    answer = await edge.http.post("/v1/videos:generate", json={"model": MODEL, "image": image})

    assert answer.status_code == 400
    assert "image.data" in answer.json()["message"]
