# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the Interactions API refuses, in Google's form, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from door.door_serving import http_serving
from google_wire.interactions_calls import OMNI, ORDER, PATH, UNKNOWN, created, key
from longtake_server.identity.authentication import Proofs
from rpc.rpc_isolation import ADA, ADMIN, BOB, READER, known_keys

if TYPE_CHECKING:
    from pathlib import Path

NEVER = "v1_0199c5a0-0000-7000-8000-000000000001"


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


async def test_wrong_parameters_are_named(tmp_path: Path) -> None:
    wrong = {"stream": "maybe", "include_input": "true", "last_event_id": "1"}
    async with http_serving(tmp_path) as door:
        made = await created(door)
        for field, value in wrong.items():
            answer = await door.client.get(f"{PATH}/{made['id']}", params={field: value})
            assert answer.status_code == 400
            assert answer.json()["error"]["message"].startswith(f"{field}: ")


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


def _without_date(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}
