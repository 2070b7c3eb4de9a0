# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tokens are admitted only if an issuer signed them, for this server and this time."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from fakes.clock import FakeClock
from hypothesis import given
from hypothesis import strategies as st
from identity.identity_issuer import (
    AUDIENCE,
    NOW,
    Issuer,
    SigningKey,
    at,
    ec_key,
    ed_key,
    issuing,
    refusal,
    rsa_key,
    verifying,
)
from longtake_server.errors import (
    CredentialExpired,
    CredentialMalformed,
    CredentialUnknown,
    LongtakeError,
)
from longtake_server.identity import tokens as tokens_module
from longtake_server.identity.principal import Role
from longtake_server.identity.tokens import Tokens


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return "".join(f"{encoded(json.dumps(part).encode())}." for part in (header, claims))


@pytest.mark.parametrize("make", [rsa_key, ec_key, ed_key])
async def test_a_signed_token_names_its_principal(issuer: Issuer, make: Any) -> None:
    signing = make()
    issuer.publish(signing)
    async with verifying(issuer.row()) as tokens:
        principal = await tokens.verify(issuer.token(signing))
    assert principal.id == "test:ada"
    assert principal.roles == {Role.GENERATOR}
    assert principal.expire_time == NOW + timedelta(minutes=10)
    assert principal.key_id == ""


async def test_each_issuer_has_its_own_keys_and_alias(issuer: Issuer, key: SigningKey) -> None:
    with issuing() as other:
        others_key = ec_key(key.id)
        other.publish(others_key)
        rows = (issuer.row(), other.row(alias="other", roles=["reader"]))
        async with verifying(*rows) as tokens:
            assert (await tokens.verify(issuer.token(key))).id == "test:ada"
            theirs = await tokens.verify(other.token(others_key))
            assert (theirs.id, set(theirs.roles)) == ("other:ada", {Role.READER})
            # One issuer's key signs no token of the other.
            with pytest.raises(CredentialUnknown):
                await tokens.verify(other.token(key))


async def test_googles_id_tokens_are_those_of_one_more_issuer(
    issuer: Issuer, key: SigningKey
) -> None:
    # Google's own addresses, except that the keys come from this machine.
    google = "https://accounts.google.com"
    client = "32555940559.apps.googleusercontent.com"
    row = issuer.row(alias="google", issuer=google, audience=[client, "another"])
    token = issuer.token(
        key, iss=google, aud=client, azp=client, sub="110169484474386276334", email="a@b.example"
    )
    async with verifying(row) as tokens:
        assert (await tokens.verify(token)).id == "google:110169484474386276334"


async def test_a_claim_gives_roles_and_labels(issuer: Issuer, key: SigningKey) -> None:
    row = issuer.row(
        roles=[],
        roles_claim="realm.groups",
        roles_by_value={"makers": "generator", "heads": ["reader", "admin"]},
        labels={"team": "https://example.com/department", "run": "run"},
    )
    department: dict[str, Any] = {"https://example.com/department": "films"}
    async with verifying(row) as tokens:
        head = await tokens.verify(
            issuer.token(key, realm={"groups": ["heads", "cooks", 7]}, **department)
        )
        maker = await tokens.verify(issuer.token(key, realm={"groups": "makers"}, run="7"))
        nobody = await tokens.verify(issuer.token(key, realm="heads"))
    assert (set(head.roles), head.labels) == ({Role.READER, Role.ADMIN}, {"team": "films"})
    assert (set(maker.roles), maker.labels) == ({Role.GENERATOR}, {"run": "7"})
    assert not nobody.roles


@pytest.mark.parametrize("value", [7, "x" * 64, "a\nb", ["films"]])
async def test_a_label_that_is_no_short_text_is_refused(
    issuer: Issuer, key: SigningKey, value: object
) -> None:
    async with verifying(issuer.row(labels={"team": "team"})) as tokens:
        with pytest.raises(CredentialMalformed, match="labels"):
            await tokens.verify(issuer.token(key, team=value))


async def test_a_token_without_a_signature_is_refused(issuer: Issuer, key: SigningKey) -> None:
    claims = jwt.decode(issuer.token(key), options={"verify_signature": False})
    for algorithm in ("none", "None", "NONE", "nOnE", "", None):
        token = unsigned({"alg": algorithm, "kid": key.id}, claims)
        assert isinstance(await refusal(issuer, token), CredentialMalformed)
    head, body, _ = issuer.token(key).split(".")
    assert isinstance(await refusal(issuer, f"{head}.{body}."), CredentialUnknown)
    # Refused by its form, before anybody is asked for keys.
    assert issuer.reads == 1


async def test_a_public_key_is_no_secret_to_sign_with(issuer: Issuer, key: SigningKey) -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.private.public_key().public_bytes(serialization.Encoding.PEM, form)
    claims = jwt.decode(issuer.token(key), options={"verify_signature": False})
    for algorithm in ("HS256", "HS384", "HS512"):
        # By hand: the library refuses to sign with a public key.
        content = unsigned({"alg": algorithm, "kid": key.id}, claims)[:-1]
        digest = hmac.digest(public, content.encode(), algorithm.replace("HS", "sha"))
        token = f"{content}.{encoded(digest)}"
        assert isinstance(await refusal(issuer, token), CredentialMalformed)
    # The same with a header that says RS256.
    content = unsigned({"alg": "RS256", "kid": key.id}, claims)[:-1]
    token = f"{content}.{encoded(hmac.digest(public, content.encode(), 'sha256'))}"
    assert isinstance(await refusal(issuer, token), CredentialUnknown)


async def test_a_key_is_for_one_algorithm(issuer: Issuer, key: SigningKey) -> None:
    issuer.publish(key, ec_key())
    claims = jwt.decode(issuer.token(key), options={"verify_signature": False})
    for algorithm in ("RS384", "RS512", "PS256"):
        token = jwt.encode(claims, key.private, algorithm=algorithm, headers={"kid": key.id})
        assert isinstance(await refusal(issuer, token), CredentialMalformed)
    crossed = jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": "ec-1"})
    assert isinstance(await refusal(issuer, crossed), CredentialUnknown)


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"aud": "another"}, CredentialUnknown),
        ({"aud": [AUDIENCE.upper(), f"{AUDIENCE} "]}, CredentialUnknown),
        ({"aud": None}, CredentialMalformed),
        ({"aud": {"longtake": 1}}, CredentialUnknown),
        ({"iss": "https://another.example.com"}, CredentialUnknown),
        ({"iss": None}, CredentialMalformed),
        ({"sub": None}, CredentialMalformed),
        ({"sub": ""}, CredentialMalformed),
        ({"sub": "a" * 201}, CredentialMalformed),
        ({"sub": "ada\n"}, CredentialMalformed),
        ({"sub": "/etc"}, CredentialMalformed),
        ({"sub": "\u0430da"}, CredentialMalformed),
        ({"exp": None}, CredentialMalformed),
        ({"exp": at(-1)}, CredentialExpired),
        ({"exp": 0}, CredentialExpired),
        ({"exp": -1}, CredentialMalformed),
        ({"exp": True}, CredentialMalformed),
        ({"exp": float("nan")}, CredentialMalformed),
        ({"exp": float("inf")}, CredentialMalformed),
        ({"nbf": at(2)}, CredentialUnknown),
        ({"iat": at(2)}, CredentialUnknown),
        ({"nbf": "tomorrow"}, CredentialMalformed),
    ],
    ids=str,
)
async def test_a_token_with_wrong_claims_is_refused(
    issuer: Issuer, key: SigningKey, claims: dict[str, Any], kind: type[LongtakeError]
) -> None:
    assert type(await refusal(issuer, issuer.token(key, **claims))) is kind


async def test_clocks_may_differ_by_less_than_a_minute(issuer: Issuer, key: SigningKey) -> None:
    clock = FakeClock()
    async with verifying(issuer.row(), clock=clock) as tokens:
        assert (await tokens.verify(issuer.token(key, nbf=at(0.9), iat=at(0.9)))).roles
        late = issuer.token(key, exp=at(-0.9))
        assert (await tokens.verify(late)).expire_time == NOW - timedelta(seconds=54)
        # It is never remembered beyond its exp.
        assert tokens.known(late) is None
        clock.advance(6)
        with pytest.raises(CredentialExpired):
            await tokens.verify(late)


async def test_a_token_that_is_valid_for_millennia_has_a_time_all_the_same(
    issuer: Issuer, key: SigningKey
) -> None:
    async with verifying(issuer.row()) as tokens:
        principal = await tokens.verify(issuer.token(key, exp=10**18))
    assert principal.expire_time is not None
    assert principal.expire_time.year == 9999


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b.c",
        "x" * 9000 + "..",
        unsigned({"alg": "RS256"}, {}),
        unsigned({"alg": "RS256", "kid": ["rsa-1"]}, {"iss": "x"}),
        unsigned({"alg": "RS256", "kid": "x" * 257}, {"iss": "x"}),
        unsigned({"alg": "RS256", "kid": "rsa-1", "crit": ["exp"]}, {"iss": "x"}),
        "e30." + encoded(b"[" * 4000) + ".",
        encoded(b"[" * 4000) + ".e30.",
    ],
    ids=lambda token: token[:20],
)
async def test_what_is_no_token_is_refused_without_a_look_at_the_keys(
    issuer: Issuer, token: str
) -> None:
    assert isinstance(await refusal(issuer, token), CredentialMalformed)
    assert issuer.reads == 0


async def test_a_token_that_is_too_large_is_refused_however_right_it_is(
    issuer: Issuer, key: SigningKey
) -> None:
    error = await refusal(issuer, issuer.token(key, note="x" * 8192))
    assert "at most 8192 characters" in str(error)


async def test_tokens_with_the_same_beginning_are_different_tokens(
    issuer: Issuer, key: SigningKey
) -> None:
    # CVE-2026-35030: a cache that was keyed by the first characters of the token.
    ada = issuer.token(key, sub="ada")
    eve = issuer.token(key, sub="eve")
    assert ada[:60] == eve[:60]
    head, body, signature = ada.split(".")
    async with verifying(issuer.row()) as tokens:
        assert (await tokens.verify(ada)).id == "test:ada"
        assert tokens.known(eve) is None
        assert (await tokens.verify(eve)).id == "test:eve"
        # All but the last character of the signature is the same.
        forged = f"{head}.{body}.{signature[:-6]}{'A' * 6}"
        assert tokens.known(forged) is None
        with pytest.raises(CredentialUnknown):
            await tokens.verify(forged)
        assert tokens.known(ada) is not None


async def test_a_token_is_remembered_for_five_minutes_at_most(
    issuer: Issuer, key: SigningKey
) -> None:
    clock = FakeClock()
    long, short = issuer.token(key), issuer.token(key, exp=at(2))
    async with verifying(issuer.row(), clock=clock) as tokens:
        principal = await tokens.verify(long)
        await tokens.verify(short)
        clock.advance(119)
        assert tokens.known(short) is not None
        clock.advance(1)
        assert tokens.known(short) is None
        assert tokens.known(long) is principal
        clock.advance(180)
        assert tokens.known(long) is None


async def test_the_memory_of_tokens_is_bounded(
    issuer: Issuer, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "_MOST_KNOWN", 2)
    signed = [issuer.token(key, sub=name) for name in ("ada", "bob", "cyd")]
    async with verifying(issuer.row()) as tokens:
        for token in signed:
            await tokens.verify(token)
        assert [tokens.known(token) is not None for token in signed] == [False, True, True]


def test_no_text_and_no_change_of_a_token_is_more_than_refused(
    issuer: Issuer, key: SigningKey
) -> None:
    tokens = Tokens([issuer.row()], FakeClock())
    right = issuer.token(key)

    async def refused(token: str) -> None:
        with pytest.raises((CredentialMalformed, CredentialUnknown)):
            await tokens.verify(token)

    with asyncio.Runner() as runner:
        runner.run(tokens.verify(right))

        @given(st.text(st.characters(codec="ascii")) | st.binary().map(encoded))
        def any_text(text: str) -> None:
            runner.run(refused(text))
            runner.run(refused(f"{text}.{text}.{text}"))

        @given(st.integers(0, len(right) - 1), st.characters(codec="ascii"))
        def any_change(place: int, character: str) -> None:
            changed = f"{right[:place]}{character}{right[place + 1 :]}"
            if decoded(changed) != decoded(right):
                runner.run(refused(changed))

        any_text()
        any_change()
        runner.run(tokens.aclose())


def decoded(token: str) -> list[bytes]:
    """Return the bytes of the parts; the last character of a part may have bits to spare."""
    try:
        return [base64.urlsafe_b64decode(f"{part}==") for part in token.split(".")]
    except ValueError:
        return []
