# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks that carry a token of Google's, checked with keys from a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import jwt
import pytest
from fakes.clock import FakeClock
from longtake_server.clock import SystemClock
from longtake_server.push.server import PushConfig
from push.push_receiving import receiving
from push.push_senders import AUDIENCE, Signer, dynamic_headers, event, key_server, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from push.push_receiving import Receiving
    from push.push_senders import KeyServer

BODY = event("up/1")


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def keys(signer: Signer) -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish_jwks(signer)
        yield server


@pytest.fixture
def config(keys: KeyServer) -> PushConfig:
    return PushConfig(jwks_url=keys.url, audience=AUDIENCE)


class RealNow(FakeClock):
    """The machine's time of day, and a monotonic clock that a test turns."""

    def __init__(self) -> None:
        super().__init__(SystemClock().now())


async def send(parts: Receiving, token: str, message_id: str = "msg_1") -> int:
    return await parts.send(BODY, dynamic_headers(token, message_id=message_id))


async def test_a_token_is_a_hint_and_keys_are_fetched_once(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    async with receiving(config, SystemClock()) as parts:
        sent = await asyncio.gather(*(send(parts, signer.token(), f"{n}") for n in range(20)))
        assert sent == [204] * 20
        assert [await parts.hinted() for _ in range(3)][-1] == "up/1"
        assert keys.reads == 1


async def test_a_name_that_only_the_token_holds_is_a_hint(
    config: PushConfig, signer: Signer
) -> None:
    token = signer.token(data={"id": "up/7"})
    async with receiving(config, SystemClock()) as parts:
        assert await parts.send(b"{}", dynamic_headers(token)) == 204
        assert [await parts.hinted(), await parts.hinted()] == [AUDIENCE, "up/7"]


async def test_another_key_of_the_same_id_is_refused(config: PushConfig) -> None:
    async with receiving(config, SystemClock()) as parts:
        assert await send(parts, Signer().token()) == 401
        parts.assert_no_more()


YEAR_2100 = 4_102_444_800


@pytest.mark.parametrize(
    "claims",
    [{"aud": "someone-else"}, {"aud": None}, {"exp": 1}, {"iat": now() - 400}, {"nbf": YEAR_2100}],
    ids="-".join,
)
async def test_a_token_for_others_or_of_another_time_is_refused(
    config: PushConfig, signer: Signer, claims: dict[str, object]
) -> None:
    async with receiving(config, SystemClock()) as parts:
        assert await send(parts, signer.token(**claims)) == 401
        parts.assert_no_more()


async def test_without_an_audience_any_is_accepted(keys: KeyServer, signer: Signer) -> None:
    async with receiving(PushConfig(jwks_url=keys.url), SystemClock()) as parts:
        assert await send(parts, signer.token(aud="someone-else")) == 204


async def test_an_old_webhook_is_refused_however_new_its_token(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    headers = dynamic_headers(signer.token(), sent=now() - 301)
    async with receiving(config, SystemClock()) as parts:
        assert await parts.send(BODY, headers) == 401
        assert keys.reads == 0


async def test_other_algorithms_are_refused_without_a_look_at_the_keys(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    claims = {"aud": AUDIENCE, "iat": now(), "exp": now() + 60}
    headers = {"kid": signer.key_id}
    tokens = [
        jwt.encode(claims, "", algorithm="none", headers=headers),
        # The public key as the secret of an HMAC, which a careless verifier takes.
        jwt.encode(claims, b"x" * 64, algorithm="HS256", headers=headers),
        jwt.encode(claims, signer.key, algorithm="RS512", headers=headers),
        jwt.encode(claims, signer.key, algorithm="RS256"),
        "no.token.this",
    ]
    async with receiving(config, SystemClock()) as parts:
        assert [await send(parts, token) for token in tokens] == [401] * 5
        assert keys.reads == 0


async def test_an_unknown_key_is_looked_for_once_a_minute(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    clock, newer = RealNow(), Signer("key-2")
    async with receiving(config, clock) as parts:
        assert [await send(parts, newer.token()) for _ in range(3)] == [401, 401, 401]
        assert keys.reads == 1
        keys.publish_jwks(signer, newer)
        assert await send(parts, newer.token()) == 401
        clock.advance(60)
        assert await send(parts, newer.token()) == 204
        assert await send(parts, signer.token(), "msg_2") == 204
        assert keys.reads == 2


async def test_a_key_that_was_withdrawn_is_not_trusted_for_ever(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    clock = FakeClock(SystemClock().now())
    async with receiving(config, clock) as parts:
        assert await send(parts, signer.token()) == 204
        keys.publish_jwks(Signer("key-2"))
        clock.advance(3601)
        clock.step_back(3601)
        assert await send(parts, signer.token(), "msg_2") == 401
        assert keys.reads == 2


async def test_while_keys_cannot_be_fetched_the_sender_is_asked_to_come_again(
    config: PushConfig, keys: KeyServer, signer: Signer
) -> None:
    clock = RealNow()
    keys.document = None
    async with receiving(config, clock) as parts:
        assert [await send(parts, signer.token()) for _ in range(3)] == [503, 503, 503]
        assert keys.reads == 1
        keys.publish_jwks(signer)
        clock.advance(60)
        assert await send(parts, signer.token()) == 204
