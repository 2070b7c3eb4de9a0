# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of an issuer are found, kept as long as it says, and replaced."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from fakes.clock import FakeClock
from identity.identity_issuer import (
    Issuer,
    SigningKey,
    at,
    ec_key,
    refusal,
    rsa_key,
    verifying,
)
from longtake_server.errors import AuthenticationUnavailable, CredentialUnknown


async def test_the_keys_of_an_issuer_are_found_by_discovery(
    issuer: Issuer, key: SigningKey
) -> None:
    async with verifying(issuer.row(jwks_url=None)) as tokens:
        assert (await tokens.verify(issuer.token(key))).id == "test:ada"


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://another.example.com"},
        {"jwks_uri": None},
        {"jwks_uri": "http://keys.example.com/keys"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
async def test_a_discovery_document_that_cannot_be_trusted_gives_no_keys(
    issuer: Issuer, key: SigningKey, discovery: dict[str, Any]
) -> None:
    issuer.discovery = discovery
    async with verifying(issuer.row(jwks_url=None)) as tokens:
        with pytest.raises(AuthenticationUnavailable, match="issuer test cannot be fetched"):
            await tokens.verify(issuer.token(key))
    assert issuer.reads == 0


async def test_keys_that_are_weak_or_not_for_signatures_are_passed_over(issuer: Issuer) -> None:
    weak, ciphering, secret = rsa_key("weak", 1024), rsa_key("ciphering"), rsa_key("secret")
    good = rsa_key("good")
    issuer.keys = [
        weak.jwk(),
        {**ciphering.jwk(), "use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        {"kty": "unknown", "kid": "x"},
        "no key",  # type: ignore[list-item]  # a document as it must not be
        good.jwk(),
    ]
    for key in (weak, ciphering, secret):
        # What signed it does not matter, since there is no such key to check it with.
        error = await refusal(issuer, issuer.token(replace(good, id=key.id)))
        assert str(error) == "the token's issuer has no key with the token's kid"
    async with verifying(issuer.row()) as tokens:
        assert (await tokens.verify(issuer.token(good))).roles


async def test_keys_are_fetched_once_for_all_who_wait(issuer: Issuer, key: SigningKey) -> None:
    signed = [issuer.token(key, sub=f"caller-{number}") for number in range(20)]
    async with verifying(issuer.row()) as tokens:
        await asyncio.gather(*map(tokens.verify, signed))
    assert issuer.reads == 1


async def test_a_new_key_is_found_within_a_minute_and_an_old_one_goes(
    issuer: Issuer, key: SigningKey
) -> None:
    clock, newer = FakeClock(), ec_key("newer")
    async with verifying(issuer.row(), clock=clock) as tokens:
        await tokens.verify(issuer.token(key))
        issuer.publish(newer)
        for _ in range(3):
            with pytest.raises(CredentialUnknown):
                await tokens.verify(issuer.token(newer))
        assert issuer.reads == 1
        clock.advance(60)
        assert (await tokens.verify(issuer.token(newer))).roles
        assert issuer.reads == 2
        with pytest.raises(CredentialUnknown):
            await tokens.verify(issuer.token(key, sub="bob"))


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (None, 3600),
        ("public, max-age=120, must-revalidate", 120),
        ("max-age=5", 60),
        ("no-store", 60),
        ("no-cache, max-age=86400", 60),
        ("max-age=999999999", 86_400),
        ("s-maxage=7", 3600),
    ],
)
async def test_keys_are_kept_as_long_as_their_issuer_says(
    issuer: Issuer, key: SigningKey, cache_control: str | None, seconds: float
) -> None:
    issuer.cache_control = cache_control
    clock = FakeClock()
    lasting: dict[str, Any] = {"exp": at(10_000)}
    async with verifying(issuer.row(), clock=clock) as tokens:
        await tokens.verify(issuer.token(key, **lasting))
        clock.advance(seconds)
        await tokens.verify(issuer.token(key, sub="bob", **lasting))
        assert issuer.reads == 1
        clock.advance(0.5)
        await tokens.verify(issuer.token(key, sub="cyd", **lasting))
        assert issuer.reads == 2


async def test_without_keys_no_token_is_admitted(issuer: Issuer, key: SigningKey) -> None:
    clock = FakeClock()
    issuer.keys = None
    async with verifying(issuer.row(), clock=clock) as tokens:
        for _ in range(3):
            with pytest.raises(AuthenticationUnavailable):
                await tokens.verify(issuer.token(key))
        assert issuer.reads == 1
        issuer.publish(key)
        clock.advance(60)
        assert (await tokens.verify(issuer.token(key))).roles


async def test_the_keys_of_an_issuer_that_fails_count_for_another_hour(
    issuer: Issuer, key: SigningKey
) -> None:
    clock = FakeClock()
    lasting: dict[str, Any] = {"exp": at(10_000)}
    async with verifying(issuer.row(), clock=clock) as tokens:
        await tokens.verify(issuer.token(key, **lasting))
        issuer.keys = None
        clock.advance(7200)
        assert (await tokens.verify(issuer.token(key, sub="bob", **lasting))).roles
        clock.advance(1)
        with pytest.raises(AuthenticationUnavailable):
            await tokens.verify(issuer.token(key, sub="cyd", **lasting))
