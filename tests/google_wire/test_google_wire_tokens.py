# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The token endpoint over a socket: an assertion in, a token out that the door accepts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from door.door_serving import http_serving
from fakes.clock import FakeClock
from identity.identity_assertions import TOKEN_URI, assertion, key_pair
from identity.identity_keys import NOON, added
from longtake_server.errors import StorageUnavailable
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.keys import KeyRing
from longtake_server.storage.database import writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from door.door_serving import HttpDoor

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SUBMIT = "/v1/projects/p/locations/l/publishers/google/models/veo-3.1-generate-001"
BODY = {"instances": [{"prompt": "a dog"}]}


class Issuing:
    """A door with keys, one of which has a credentials file."""

    def __init__(self, door: HttpDoor, ring: KeyRing, path: Path, key: str) -> None:
        self.door = door
        self.ring = ring
        self.path = path
        self.key = key

    async def ask(self, **form: str) -> httpx.Response:
        return await self.door.client.post("/token", data={"grant_type": GRANT, **form})

    async def submit(self, token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return await self.door.client.post(
            f"{SUBMIT}:predictLongRunning", json=BODY, headers=headers
        )


@asynccontextmanager
async def issuing(folder: Path) -> AsyncIterator[Issuing]:
    clock = FakeClock(NOON)
    path = folder / "keys.db"
    store = await SqliteStore.open(path, clock)
    ring = KeyRing(store, clock)
    ring.issue_at(TOKEN_URI)
    key = added(path, public_key=key_pair().public).id
    await ring.refresh()
    try:
        async with http_serving(folder, proofs=Proofs(keys=ring), clock=clock) as door:
            yield Issuing(door, ring, path, key)
    finally:
        await store.close()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body: dict[str, Any] = answer.json()
    assert set(body) == {"error", "error_description"}
    return answer.status_code, body["error"]


async def test_an_assertion_gets_a_token_that_starts_a_generation(tmp_path: Path) -> None:
    async with issuing(tmp_path) as here:
        signed = assertion(here.key, NOON)
        answer = await here.ask(assertion=signed)
        token = answer.json()
        started = await here.submit(token["access_token"])
        raw = await here.submit(signed)

    assert answer.headers["cache-control"] == "no-store"
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert started.status_code == 200
    assert raw.status_code == 401


async def test_a_token_ends_at_once_when_its_key_is_revoked(tmp_path: Path) -> None:
    async with issuing(tmp_path) as here:
        token = (await here.ask(assertion=assertion(here.key, NOON))).json()["access_token"]
        with writing_beside(here.path) as connection:
            KeyTable(connection).revoke(here.key, NOON)
        await here.ring.refresh()
        refused = await here.submit(token)
        again = await here.ask(assertion=assertion(here.key, NOON))

    assert refused.status_code == 401
    assert refusal(again) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password", "assertion": "a"}, "unsupported_grant_type"),
        ({"assertion": ""}, "invalid_request"),
        ({}, "invalid_request"),
        ({"assertion": "a.b.c"}, "invalid_grant"),
        ({"assertion": "x" * 20_000}, "invalid_request"),
        ({"assertion": "x" * 5_000}, "invalid_grant"),
    ],
)
async def test_a_wrong_request_is_refused_in_the_form_of_oauth(
    tmp_path: Path, form: dict[str, str], error: str
) -> None:
    async with issuing(tmp_path) as here:
        assert refusal(await here.ask(**form)) == (400, error)


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"a", b"grant_type=a&grant_type=b", b"&".join([b"a=b"] * 50)]
)
async def test_a_body_that_is_no_form_is_refused(tmp_path: Path, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with issuing(tmp_path) as here:
        answer = await here.door.client.post("/token", content=body, headers=headers)

    assert answer.status_code == 400
    assert refusal(answer)[1] in {"invalid_request", "unsupported_grant_type"}


async def test_a_body_of_another_type_is_refused(tmp_path: Path) -> None:
    async with issuing(tmp_path) as here:
        answer = await here.door.client.post("/token", json={"grant_type": GRANT})

    assert refusal(answer) == (400, "invalid_request")


async def test_keys_that_cannot_be_read_are_no_refusal_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: object) -> int:
        raise StorageUnavailable("the disk is gone")

    monkeypatch.setattr(SqliteStore, "key_version", fail)
    async with issuing(tmp_path) as here:
        answer = await here.ask(assertion=assertion(here.key, NOON))

    assert refusal(answer) == (503, "temporarily_unavailable")


async def test_a_server_without_authentication_gives_a_token_to_anyone(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        form = {"grant_type": GRANT, "assertion": "anything"}
        answer = await door.client.post("/token", data=form)

    assert answer.json()["expires_in"] == 3600
