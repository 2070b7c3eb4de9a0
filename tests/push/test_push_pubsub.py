# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Pushes of a Pub/Sub subscription, with ID tokens checked by Google's own library."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.clock import SystemClock
from longtake_server.push.server import PushConfig
from push.push_receiving import receiving
from push.push_senders import AUDIENCE, EMAIL, Signer, key_server, now, pubsub_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from longtake_server.clock import Clock
    from push.push_receiving import Receiving
    from push.push_senders import KeyServer

BODY = pubsub_body(b'{"progress": {"of": ["other", "up/1"]}, "percent": 7}')


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def keys(signer: Signer) -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish_certificates(signer)
        yield server


@asynccontextmanager
async def subscribed(keys: KeyServer, clock: Clock | None = None) -> AsyncIterator[Receiving]:
    config = PushConfig(pubsub=(AUDIENCE, EMAIL), pubsub_certificates=keys.url)
    async with receiving(config, clock or SystemClock()) as parts:
        yield parts


def id_token(signer: Signer, **claims: object) -> str:
    ours = {"iss": "https://accounts.google.com", "email": EMAIL, "email_verified": True}
    return signer.token(**{**ours, **claims})


async def send(parts: Receiving, token: str, body: bytes = BODY) -> int:
    return await parts.send(body, {"authorization": f"Bearer {token}"}, "/push/pubsub")


async def test_every_string_of_a_message_may_be_a_hint(keys: KeyServer, signer: Signer) -> None:
    async with subscribed(keys) as parts:
        assert await send(parts, id_token(signer)) == 204
        assert [await parts.hinted(), await parts.hinted()] == ["other", "up/1"]
        parts.assert_no_more()


async def test_a_message_that_comes_twice_is_followed_once(keys: KeyServer, signer: Signer) -> None:
    async with subscribed(keys) as parts:
        bodies = [pubsub_body(b'"up/1"'), pubsub_body(b'"up/1"'), pubsub_body(b'"up/2"', "2")]
        assert [await send(parts, id_token(signer), body) for body in bodies] == [204] * 3
        assert [await parts.hinted(), await parts.hinted()] == ["up/1", "up/2"]
        parts.assert_no_more()
        assert keys.reads == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "someone-else"},
        {"email": "other@test.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"iss": "https://accounts.example.com"},
        {"exp": now() - 600, "iat": now() - 1200},
    ],
    ids="-".join,
)
async def test_a_token_of_someone_else_is_refused(
    keys: KeyServer, signer: Signer, claims: dict[str, object]
) -> None:
    async with subscribed(keys) as parts:
        assert await send(parts, id_token(signer, **claims)) == 401
        parts.assert_no_more()


async def test_another_key_is_refused(keys: KeyServer) -> None:
    async with subscribed(keys) as parts:
        assert await send(parts, id_token(Signer())) == 401
        assert await send(parts, id_token(Signer("key-2"))) == 401
        assert await send(parts, "no token") == 401
        assert keys.reads == 1


async def test_without_a_token_nothing_is_taken(keys: KeyServer) -> None:
    async with subscribed(keys) as parts:
        assert await parts.send(BODY, {}, "/push/pubsub") == 401
        assert await parts.send(BODY, {"authorization": "Basic eDp5"}, "/push/pubsub") == 401
        assert keys.reads == 0


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"message": 7}',
        b'{"message": {"data": ""}}',
        b'{"message": {"messageId": "1", "data": 7}}',
        b'{"message": {"messageId": "1", "data": "%%%"}}',
        pubsub_body(b"not JSON"),
    ],
)
async def test_what_is_no_message_is_unreadable(
    keys: KeyServer, signer: Signer, body: bytes
) -> None:
    async with subscribed(keys) as parts:
        assert await send(parts, id_token(signer), body) == 400
        parts.assert_no_more()


async def test_while_certificates_cannot_be_fetched_the_sender_is_asked_to_come_again(
    keys: KeyServer, signer: Signer
) -> None:
    clock = FakeClock(SystemClock().now())
    keys.document = None
    async with subscribed(keys, clock) as parts:
        assert [await send(parts, id_token(signer)) for _ in range(3)] == [503, 503, 503]
        assert keys.reads == 1
        keys.publish_certificates(signer)
        clock.advance(60)
        assert await send(parts, id_token(signer)) == 204
