# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An address that was altered, has expired or was revoked admits nobody, and says not why."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from door.door_serving import http_serving
from door.door_videos import VIDEO, address_of, changed, parameter, signed_video
from fakes.clock import FakeClock
from identity.identity_known_keys import KnownKeys
from longtake.v1 import video_service_pb2 as api
from longtake_server.http.signed import AddressRefused, read
from longtake_server.identity.api_key import PREFIX
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.principal import Principal, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from door.door_serving import HttpDoor

ADA, BOB, READER = (f"{PREFIX}{one}" for one in ("ada", "bob", "reader"))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[HttpDoor]:
    async with http_serving(tmp_path, clock=FakeClock()) as serving:
        yield serving


@pytest.fixture
def keys() -> KnownKeys:
    return KnownKeys(
        {
            ADA: Principal("ada", frozenset({Role.GENERATOR}), key_id="a1"),
            BOB: Principal("bob", frozenset({Role.GENERATOR}), key_id="b1"),
            READER: Principal("eve", frozenset({Role.READER}), key_id="r1"),
        }
    )


def seen(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return all that a client can see of a response but the date."""
    headers = {key: value for key, value in answer.headers.items() if key != "date"}
    return answer.status_code, answer.content, headers


async def refusal(door: HttpDoor) -> tuple[int, bytes, dict[str, str]]:
    """Return the response to an address that never was."""
    never = changed(await signed_video(door), signature="A" * 43)
    return seen(await door.client.get(never))


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": "9999999999"},
        {"expires": "0"},
        {"expires": "1e9"},
        {"expires": "9" * 11},
        {"expires": None},
        {"disposition": "attachment"},
        {"disposition": "anything"},
        {"principal": "ada"},
        {"credential": "a1"},
        {"signer": "0" * 16},
        {"signer": ""},
        {"signature": ""},
        {"signature": "\u00e4" * 43},
        {"signature": None},
        {"signature": "A" * 10_000},
    ],
)
async def test_an_altered_address_is_refused(
    door: HttpDoor, changes: dict[str, str | None]
) -> None:
    answer = await door.client.get(changed(await signed_video(door), **changes))
    assert answer.status_code == 403
    assert seen(answer) == await refusal(door)


async def test_a_parameter_that_comes_twice_is_refused(door: HttpDoor) -> None:
    url = await signed_video(door)
    answer = await door.client.get(f"{url}&expires={parameter(url, 'expires')}")
    assert seen(answer) == await refusal(door)


async def test_a_parameter_that_a_chat_adds_changes_nothing(door: HttpDoor) -> None:
    answer = await door.client.get(await signed_video(door) + "&utm_source=chat")
    assert (answer.status_code, answer.content) == (200, VIDEO)


async def test_an_address_is_of_one_video_only(door: HttpDoor) -> None:
    name = await door.grpc.succeeded(b"first", b"second")
    other = await door.grpc.succeeded(b"third")
    first, second = [urlsplit(await address_of(door, name, index)) for index in (0, 1)]
    third = urlsplit(await address_of(door, other))
    refused = await refusal(door)
    for path in (second.path, third.path, first.path.removesuffix(".mp4"), first.path + "x"):
        answer = await door.client.get(first._replace(path=path).geturl())
        assert seen(answer) == refused


async def test_an_address_works_until_it_expires(door: HttpDoor) -> None:
    url = await signed_video(door, seconds=60)
    clock = door.grpc.parts.clock
    clock.advance(59)
    assert (await door.client.get(url)).status_code == 200
    clock.advance(1)
    assert seen(await door.client.get(url)) == await refusal(door)


async def test_the_address_of_a_deleted_operation_is_dead_at_once(door: HttpDoor) -> None:
    name = await door.grpc.succeeded(VIDEO)
    url = await address_of(door, name)
    assert (await door.client.head(url)).status_code == 200
    await door.grpc.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
    for method in ("GET", "HEAD"):
        assert (await door.client.request(method, url)).status_code == 404


async def test_keys_change_and_addresses_of_the_last_ones_go_on(door: HttpDoor) -> None:
    clock, week = door.grpc.parts.clock, 7 * 86400
    name = await door.grpc.succeeded(VIDEO)
    old = await address_of(door, name, seconds=week)
    clock.advance(86400)
    new = await address_of(door, name, seconds=week)
    assert parameter(old, "signer") != parameter(new, "signer")
    for url in (old, new):
        assert (await door.client.get(url)).content == VIDEO
    clock.advance(week + 1)
    await address_of(door, name)
    ids = {key.id for key in await door.grpc.parts.store.signing_keys()}
    assert parameter(old, "signer") not in ids
    assert parameter(new, "signer") in ids


async def test_a_key_signs_for_a_day(door: HttpDoor) -> None:
    name = await door.grpc.succeeded(VIDEO)
    first = await address_of(door, name)
    door.grpc.parts.clock.advance(86400 - 1)
    second = await address_of(door, name)
    assert parameter(first, "signer") == parameter(second, "signer")


async def test_an_address_needs_no_credential_and_ends_with_the_key_that_made_it(
    tmp_path: Path, keys: KnownKeys
) -> None:
    async with http_serving(tmp_path, proofs=Proofs(keys=keys)) as door:
        name = await generated(door, ADA)
        url = await address_of(door, name, key=ADA)
        assert (await door.client.get(url)).content == VIDEO
        keys.revoked.add(ADA)
        assert (await door.client.get(url)).status_code == 403
        assert (await door.client.head(url)).status_code == 403
        keys.revoked.clear()
        keys.available = False
        later = await door.client.get(url)
        assert (later.status_code, later.headers["retry-after"]) == (503, "1")


async def test_who_sees_a_video_may_create_an_address_and_another_may_not(
    tmp_path: Path, keys: KnownKeys
) -> None:
    async with http_serving(tmp_path, proofs=Proofs(keys=keys)) as door:
        name = await generated(door, ADA)
        url = await address_of(door, name, key=READER)
        assert (await door.client.get(url)).content == VIDEO
        another = changed(url, principal="bob", credential="b1")
        assert (await door.client.get(another)).status_code == 403
        keys.principals[READER] = Principal("eve", frozenset({Role.GENERATOR}), key_id="r1")
        assert (await door.client.get(url)).status_code == 404


async def generated(door: HttpDoor, key: str) -> str:
    """Return the name of an operation of a principal that has succeeded with a video."""
    from fakes.engine import MODEL
    from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted

    request = api.GenerateVideosRequest(model=MODEL, prompt="a dog")
    metadata = (("authorization", f"Bearer {key}"),)
    name: str = (await door.grpc.videos.GenerateVideos(request, metadata=metadata)).name
    await door.grpc.parts.ledger.commit(name, SubmissionStarted())
    await door.grpc.parts.ledger.commit(name, SubmissionAccepted("up/1"))
    await door.grpc.succeed(name, VIDEO)
    return name


def test_an_address_that_is_read_shows_no_signature() -> None:
    with pytest.raises(AddressRefused):
        read("x", "0", [])
    query = [
        ("expires", "1800000000"), ("disposition", "inline"), ("principal", ""),
        ("credential", ""), ("signer", "s"), ("signature", "secret"),
    ]  # fmt: skip
    assert "secret" not in repr(read("x", "0", query))
