# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong is said in one sentence that names it, and what is not admitted learns nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from agents.agents_client import MODEL, MODES, ORDER, agent, called, error_of, refused, text_of
from door.door_serving import http_serving
from identity.identity_known_keys import KnownKeys
from longtake_server.errors import StorageUnavailable
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role
from mcp.shared.exceptions import MCPError

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from door.door_serving import HttpDoor
    from mcp.client.client import ConnectMode

ACCEPT = {"accept": "application/json, text/event-stream"}
MODERN = {**ACCEPT, "mcp-protocol-version": "2026-07-28"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def order_but(**changes: Any) -> dict[str, Any]:
    """Return the arguments of a generation with changes; None removes one."""
    return {name: value for name, value in {**ORDER, **changes}.items() if value is not None}


async def posted(door: HttpDoor, body: Any = LIST, **headers: str) -> httpx.Response:
    return await door.client.post("/mcp", json=body, headers={**ACCEPT, **headers})


def message_of(answer: httpx.Response) -> str:
    """Return what a refusal of the listener says. It has a code of the server's own range."""
    told = answer.json()
    assert (told["jsonrpc"], told["id"], told["error"]["code"]) == ("2.0", None, -32000)
    return str(told["error"]["message"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"idempotency_key": ""}, "idempotency_key: it is required"),
        ({"idempotency_key": "x" * 201}, "idempotency_key: it is required"),
        ({"idempotency_key": 7}, "idempotency_key: accepted is a string"),
        ({"prompt": None}, "prompt: at least one of prompt, image and video is required"),
        ({"prompt": 7}, "prompt: accepted is a string"),
        ({"model": None}, "model: "),
        ({"model": "veo-9"}, "model: "),
        ({"duration_seconds": 5}, f"duration_seconds: 5; accepted by model {MODEL} are 4, 6, 8"),
        ({"duration_seconds": -1}, "duration_seconds: accepted is a whole number"),
        ({"duration_seconds": 4.5}, "duration_seconds: accepted is a whole number"),
        ({"duration_seconds": "long"}, "duration_seconds: accepted is a whole number"),
        ({"resolution": "8k"}, "resolution: "),
        ({"aspect_ratio": "4:3"}, "aspect_ratio: "),
        ({"number_of_videos": 5}, "number_of_videos: "),
        ({"number_of_videos": True}, "number_of_videos: accepted is a whole number"),
        ({"generate_audio": "yes"}, "generate_audio: accepted is true or false"),
        ({"seed": 2**32}, "seed: accepted is a whole number from 0 to 4294967295"),
        ({"person_generation": "maybe"}, "person_generation: 'maybe'; accepted are dont_allow"),
        ({"image": "gs://bucket/x.png"}, "image: accepted is an object"),
        ({"image": {"uri": "x", "mime_type": "image/png"}}, "image.uri: accepted is gs://"),
        ({"image": {"uri": "gs://bucket/x.png"}}, "image.mime_type: "),
        ({"image": {"url": "gs://bucket/x.png"}}, "image.url: there is no such member"),
        ({"last_frame": {"uri": "gs://bucket/x", "mime_type": "image/png"}}, "last_frame: "),
        ({"previous_operation": "mine"}, "previous_operation: accepted is operations/{id}"),
        ({"max_cost": -1}, "max_cost: accepted is a number of US dollars from 0"),
        ({"max_cost": "2.5"}, "max_cost: accepted is a number of US dollars from 0"),
        ({"max_cost": 1e300}, "max_cost: accepted is a number of US dollars from 0"),
        ({"max_cost": True}, "max_cost: accepted is a number of US dollars from 0"),
        ({"labels": {"team": 7}}, "labels.team: accepted is a string"),
        ({"labels": {"Team!": "film"}}, "labels"),
        ({"lenght": 8}, "lenght: there is no such member"),
    ],
)
async def test_a_wrong_argument_is_named_with_what_is_accepted(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        told = await refused(client, "generate_video", **order_but(**changes))
        listed = await client.list_resources()

    assert told.startswith(said)
    assert "config." not in told
    assert "file_data" not in told
    assert listed.resources == []


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get_video", {}, "operation: accepted is operations/{id}"),
        ("get_video", {"operation": "../x"}, "operation: accepted is operations/{id}"),
        ("get_video", {"operation": "a", "wait_seconds": 46}, "wait_seconds: accepted is a whole"),
        ("get_video", {"operation": "a", "wait_seconds": -1}, "wait_seconds: accepted is a whole"),
        ("get_video", {"operation": "a", "wait": 1}, "wait: there is no such member"),
        ("get_video", {"operation": "none"}, "operations/none does not exist"),
        ("cancel_video", {"operation": 7}, "operation: accepted is a string"),
        ("cancel_video", {"operation": "none"}, "operations/none does not exist"),
        ("list_models", {"page": 1}, "page: there is no such member"),
        ("estimate_cost", {"idempotency_key": "x"}, "idempotency_key: there is no such member"),
    ],
)
@MODES
async def test_a_wrong_call_of_another_tool_is_refused_likewise(
    tmp_path: Path, tool: str, arguments: dict[str, Any], said: str, mode: ConnectMode
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        assert (await refused(client, tool, **arguments)).startswith(said)


async def test_all_wrong_arguments_are_told_at_once_and_as_data(tmp_path: Path) -> None:
    order = order_but(duration_seconds=5, resolution="8k")
    async with http_serving(tmp_path) as door, agent(door.address) as client:
        error = error_of(await client.call_tool("generate_video", order))

    details = {one["@type"].rpartition(".")[2]: one for one in error["details"]}
    fields = [one["field"] for one in details["BadRequest"]["fieldViolations"]]
    assert sorted(fields) == ["duration_seconds", "resolution"]
    assert error["code"] == "INVALID_ARGUMENT"


@MODES
async def test_a_tool_that_does_not_exist_is_an_error_of_the_protocol(
    tmp_path: Path, mode: ConnectMode
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address, mode) as client:
        with pytest.raises(MCPError, match="there is no such tool; accepted are generate_video"):
            await client.call_tool("make_video", {})


async def test_an_unexpected_error_has_only_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:

        async def broken(*_: object) -> None:
            raise KeyError("secret")

        monkeypatch.setattr(door.grpc.parts.service, "get", broken)
        result = await client.call_tool("get_video", {"operation": "a"})

    assert "internal error" in text_of(result)
    assert "secret" not in result.model_dump_json()
    assert "secret" in caplog.text


async def test_a_store_that_fails_says_that_a_repeat_may_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_serving(tmp_path) as door, agent(door.address) as client:

        async def broken(*_: object) -> None:
            raise StorageUnavailable("the disk is full")

        monkeypatch.setattr(door.grpc.parts.service, "get", broken)
        error = error_of(await client.call_tool("get_video", {"operation": "a"}))

    assert (error["code"], error["retry_after_seconds"]) == ("UNAVAILABLE", 1)


def two_principals() -> Proofs:
    roles = {"ann": Role.GENERATOR, "bob": Role.GENERATOR, "eve": Role.READER}
    keys = {f"ltk_{id_}": Principal(id_, frozenset({role})) for id_, role in roles.items()}
    return Proofs(keys=KnownKeys(keys))


@MODES
async def test_anothers_operation_is_one_that_never_was(tmp_path: Path, mode: ConnectMode) -> None:
    async with (
        http_serving(tmp_path, proofs=two_principals()) as door,
        agent(door.address, mode, key="ltk_ann") as ann,
        agent(door.address, mode, key="ltk_bob") as bob,
    ):
        name = (await called(ann, "generate_video", **ORDER))["operation"]
        hers = [await refused(bob, tool, operation=name) for tool in ("get_video", "cancel_video")]
        with pytest.raises(MCPError) as unread:
            await bob.read_resource(f"longtake://{name}")
        listed = (await bob.list_resources()).resources
        state = (await called(ann, "get_video", operation=name, wait_seconds=0))["state"]

    assert hers == [f"{name} does not exist"] * 2
    assert unread.value.error.message == f"{name} does not exist"
    assert (listed, state) == ([], "QUEUED")


async def test_a_reader_may_look_and_not_generate(tmp_path: Path) -> None:
    async with (
        http_serving(tmp_path, proofs=two_principals()) as door,
        agent(door.address, key="ltk_ann") as ann,
        agent(door.address, key="ltk_eve") as eve,
    ):
        name = (await called(ann, "generate_video", **ORDER))["operation"]
        seen = await called(eve, "get_video", operation=name, wait_seconds=0)
        said = [
            await refused(eve, "generate_video", **ORDER),
            await refused(eve, "estimate_cost", model=MODEL, prompt="a dog"),
            await refused(eve, "cancel_video", operation=name),
        ]

    assert seen["operation"] == name
    assert all("role" in each for each in said)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer ltk_unknown"}])
async def test_without_a_credential_the_answer_is_401(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with http_serving(tmp_path, proofs=two_principals()) as door:
        answer = await posted(door, **headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="longtake"'
    assert "credential" in message_of(answer)


async def test_both_headers_carry_a_key(tmp_path: Path) -> None:
    async with http_serving(tmp_path, proofs=two_principals()) as door:
        bearer = await posted(door, authorization="Bearer ltk_ann")
        google = await posted(door, **{"x-goog-api-key": "ltk_ann"})
        both = await posted(door, authorization="Bearer ltk_ann", **{"x-goog-api-key": "ltk_bob"})

    assert (bearer.status_code, google.status_code, both.status_code) == (200, 200, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"host": "evil.example"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
)
async def test_pages_of_other_sites_are_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    async with http_serving(tmp_path) as door:
        answer = await posted(door, **headers)

    assert answer.status_code == 403
    assert message_of(answer).startswith("pages of this site may not call this server")


async def test_pages_of_other_sites_are_refused_even_with_a_key(tmp_path: Path) -> None:
    async with http_serving(tmp_path, proofs=two_principals()) as door:
        key = {"authorization": "Bearer ltk_ann"}
        page = await posted(door, origin="https://evil.example", **key)
        # No page has the key, so a program may use any name of the server.
        program = await posted(door, host="longtake.internal:8080", **key)
        own = await posted(door, origin="http://localhost:6274", **key)

    assert (page.status_code, program.status_code, own.status_code) == (403, 200, 200)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"])
async def test_only_post_is_served(tmp_path: Path, method: str) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.request(method, "/mcp", headers=ACCEPT)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"tools/list"', 400),
        (b"[" * 5000, 400),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', 400),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 7}', 400),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', 400),
        (json.dumps([LIST, LIST]).encode(), 400),
    ],
)
@pytest.mark.parametrize("version", [{}, {"mcp-protocol-version": "2026-07-28"}])
async def test_a_malformed_body_is_refused_without_a_trace(
    tmp_path: Path,
    body: bytes,
    status: int,
    version: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = {**ACCEPT, **version, "content-type": "application/json"}
    async with http_serving(tmp_path) as door:
        answer = await door.client.post("/mcp", content=body, headers=headers)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert "Traceback" not in answer.text + caplog.text


async def test_a_large_body_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.post("/mcp", content=b" " * (1 << 20) + b"{}", headers=ACCEPT)

    assert answer.status_code == 400
    assert message_of(answer).startswith("body: it is too large: accepted are at most 1048576")


async def test_the_bytes_of_requests_in_flight_are_bounded(tmp_path: Path) -> None:
    async with http_serving(tmp_path, max_request_bytes_in_flight=10) as door:
        answer = await posted(door)

    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
    assert "request" in message_of(answer)


async def test_an_unknown_version_of_the_protocol_is_refused_with_those_known(
    tmp_path: Path,
) -> None:
    version = "1999-01-01"
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {**LIST, "params": {"_meta": meta}}
    async with http_serving(tmp_path) as door:
        answer = await posted(
            door, body, **{"mcp-protocol-version": version, "mcp-method": "tools/list"}
        )

    assert answer.status_code == 400
    assert "2026-07-28" in answer.json()["error"]["data"]["supported"]


async def test_half_of_a_surrogate_pair_is_refused_by_name(tmp_path: Path) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "generate_video", "arguments": order_but(prompt="\ud800"), "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        **MODERN,
        "content-type": "application/json",
        "mcp-method": "tools/call",
        "mcp-name": "generate_video",
    }
    async with http_serving(tmp_path) as door:
        answer = await door.client.post("/mcp", content=json.dumps(body), headers=headers)

    result = answer.json()["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith("prompt: it has half of a surrogate pair")
