# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The console over HTTP: its files, what they call, and the links that sign in."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from console.console_browser import Console, console
from longtake_server.http.console.pages import FILES
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MOST_BYTES = 50_000
MOST_BYTES_SENT = 25_000
API = "console/api/longtake.v1.VideoService/"


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[tuple[Console, httpx.AsyncClient]]:
    """Yield a server that wants keys, and a client of it."""
    async with (
        console(tmp_path, authentication="keys") as running,
        httpx.AsyncClient(base_url=running.url, timeout=GUARD_SECONDS) as client,
    ):
        yield running, client


def test_the_files_are_small() -> None:
    files = [file.read_bytes() for file in FILES.rglob("*") if file.is_file()]
    assert sum(map(len, files)) <= MOST_BYTES
    assert sum(len(gzip.compress(content)) for content in files) <= MOST_BYTES_SENT


def test_no_file_parses_markup_or_loads_anything_from_elsewhere() -> None:
    for file in FILES.iterdir():
        text = file.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, file.name
        for address in ("http://", "https://"):
            assert address not in text.replace("http://www.w3.org/2000/svg", ""), file.name


async def test_without_a_key_there_are_pages_and_no_data(
    keyed: tuple[Console, httpx.AsyncClient],
) -> None:
    _, client = keyed
    page = await client.get("")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    again = await client.get("", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for method in ("GetCaller", "ListOperations", "WatchOperations", "GetUsage"):
        refused = await client.post(API + method, json={})
        assert refused.status_code == 401
        assert refused.json()["error"]["status"] == "UNAUTHENTICATED"


async def test_a_link_works_once_and_its_key_has_the_principal_and_the_roles(
    keyed: tuple[Console, httpx.AsyncClient],
) -> None:
    running, client = keyed
    link = (await running.link("--principal", "ann", "--role", "reader")).partition("#link=")[2]
    as_key = await client.post(API + "GetCaller", headers={"x-goog-api-key": link}, json={})
    assert as_key.status_code == 401
    key = (await client.post("console/api/signIn", json={"link": link})).json()["key"]
    client.headers["authorization"] = f"Bearer {key}"
    caller = (await client.post(API + "GetCaller", json={})).json()
    assert (caller["principal"], caller["roles"]) == ("ann", ["READER"])
    assert caller["credentialExpireTime"]
    second = await client.post("console/api/signIn", json={"link": link})
    assert second.status_code == 401
    assert "was used" in second.json()["error"]["message"]
    refused = await client.post(API + "GenerateVideos", json={})
    assert refused.json()["error"]["status"] == "PERMISSION_DENIED"


@pytest.mark.parametrize("body", [{}, {"link": 1}, {"link": "ltl_x"}, {"link": "x" * 1000}, []])
async def test_what_is_no_link_is_refused(
    keyed: tuple[Console, httpx.AsyncClient], body: object
) -> None:
    answer = await keyed[1].post("console/api/signIn", json=body)
    assert answer.status_code in (400, 401)
    assert "ltl_x" not in answer.text


async def test_a_revoked_key_ends_its_stream(keyed: tuple[Console, httpx.AsyncClient]) -> None:
    running, client = keyed
    link = (await running.link()).partition("#link=")[2]
    key = (await client.post("console/api/signIn", json={"link": link})).json()["key"]
    client.headers["authorization"] = f"Bearer {key}"
    body = {"heartbeatInterval": "1s"}
    async with client.stream("POST", API + "WatchOperations", json=body) as answer:
        lines = answer.aiter_lines()
        assert "initialSetComplete" in json.loads(await anext(lines))
        await running.command("keys", "revoke", key.split("_")[1])
        messages = [json.loads(line) async for line in lines]
    reasons = [detail.get("reason") for detail in messages[-1]["error"]["details"]]
    assert "CREDENTIAL_REVOKED" in reasons


async def test_errors_have_the_words_and_violations_of_grpc(tmp_path: Path) -> None:
    async with (
        console(tmp_path) as running,
        httpx.AsyncClient(base_url=running.url, timeout=GUARD_SECONDS) as client,
    ):

        async def refusal(method: str, body: object) -> tuple[int, dict[str, Any]]:
            answer = await client.post(API + method, json=body)
            return answer.status_code, answer.json()["error"]

        status, error = await refusal("GenerateVideos", {"model": "none", "prompt": "a boat"})
        assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
        assert error["details"][1]["fieldViolations"][0]["field"] == "model"
        status, error = await refusal("GetOperation", {"name": "operations/none"})
        assert (status, error["details"][0]["reason"]) == (404, "OPERATION_NOT_FOUND")
        status, error = await refusal("GetOperation", {"nam": "operations/secret"})
        assert status == 400
        assert "secret" not in json.dumps(error)
        async with client.stream("POST", API + "WatchOperation", json={"name": "x"}) as answer:
            told = json.loads(await answer.aread())
        assert told["error"]["details"][1]["fieldViolations"][0]["field"] == "name"
        foreign = {"origin": "https://elsewhere.example"}
        answer = await client.post(API + "ListOperations", json={}, headers=foreign)
        assert answer.status_code == 403


async def test_a_watch_that_resumes_nothing_begins_now_and_then_resumes(tmp_path: Path) -> None:
    async with (
        console(tmp_path) as running,
        httpx.AsyncClient(base_url=running.url, timeout=GUARD_SECONDS) as client,
    ):
        await running.generated("before")

        async def first_of(body: dict[str, str], word: str) -> dict[str, Any]:
            async with client.stream("POST", API + "WatchOperations", json=body) as answer:
                async for line in answer.aiter_lines():
                    message: dict[str, Any] = json.loads(line)
                    if word in message:
                        return message
            raise AssertionError(word)

        position = (await first_of({}, "initialSetComplete"))["position"]
        name = await running.generated("after")
        await running.call("DeleteOperation", {"name": name})
        deletion = await first_of({"afterPosition": position}, "deletion")
        assert deletion["deletion"]["name"] == name


async def test_the_console_can_be_turned_off(tmp_path: Path) -> None:
    async with console(tmp_path, console="false") as running, httpx.AsyncClient() as client:
        assert (await client.get(running.url)).status_code == 404


async def test_a_server_says_where_its_console_is(tmp_path: Path) -> None:
    async with console(tmp_path) as running:
        assert await running.link() == running.url


async def test_a_server_without_an_http_listener_has_no_link(tmp_path: Path) -> None:
    async with server(tmp_path) as plain:
        await plain.start()
        running = Console(plain, None, "", tmp_path, {})  # type: ignore[arg-type]
        with pytest.raises(AssertionError):
            await running.link()
