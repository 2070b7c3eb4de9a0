# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One module turns what a call presents into its principal."""

from __future__ import annotations

import pytest
from fakes.clock import FakeClock
from identity.identity_issuer import ed_key, issuing
from identity.identity_known_keys import KnownKeys
from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialMalformed,
    CredentialMissing,
    CredentialsDiffer,
    CredentialUnknown,
    LongtakeError,
)
from longtake_server.identity.authentication import Authenticator, Presented, Proofs
from longtake_server.identity.certificates import Certificates, identities_of
from longtake_server.identity.identity_file import CertificateRow
from longtake_server.identity.principal import ANYONE, Principal, Role
from longtake_server.identity.tokens import Tokens

KEY = "ltk_ada"
ADA = Principal("ada", frozenset({Role.GENERATOR}), key_id="0a1b")
SPIFFE = "spiffe://example.org/orders"


def known_keys() -> KnownKeys:
    return KnownKeys({KEY: ADA})


def certificates(*identities: str) -> Certificates:
    return Certificates(
        [CertificateRow(identity=identity, roles=(Role.READER,)) for identity in identities]
    )


def bearer(*credentials: str) -> Presented:
    return Presented(authorization=tuple(f"Bearer {one}" for one in credentials))


async def refusal(authenticator: Authenticator, presented: Presented) -> LongtakeError:
    with pytest.raises(LongtakeError) as raised:
        await authenticator.principal_of(presented)
    return raised.value


async def test_without_authentication_every_call_is_anyones() -> None:
    authenticator = Authenticator(Proofs())
    assert await authenticator.principal_of(bearer("whatever")) is ANYONE
    assert not authenticator.authenticates


async def test_a_trusted_proxy_names_the_caller_by_its_last_value() -> None:
    authenticator = Authenticator(Proofs(caller_roles=frozenset({Role.READER})))
    named = await authenticator.principal_of(Presented(caller=("mallory", "ada")))
    assert (named.id, set(named.roles)) == ("ada", {Role.READER})
    assert (await authenticator.principal_of(Presented())).id == ""


@pytest.mark.parametrize(
    "presented",
    [
        bearer(KEY),
        Presented(authorization=(f"bearer  {KEY} ",)),
        Presented(api_key=(KEY,)),
        Presented(authorization=(f"BEARER {KEY}",), api_key=(KEY,)),
        bearer(KEY, KEY),
    ],
)
async def test_a_key_is_found_in_both_places(presented: Presented) -> None:
    authenticator = Authenticator(Proofs(keys=known_keys()))
    assert authenticator.known(presented) is ADA
    assert await authenticator.principal_of(presented) is ADA


@pytest.mark.parametrize(
    "presented",
    [
        Presented(authorization=(f"Bearer {KEY}",), api_key=("ltk_bob",)),
        bearer(KEY, "ltk_bob"),
        Presented(api_key=(KEY, "ltk_bob")),
        Presented(authorization=(f"Bearer {KEY}",), api_key=("",)),
    ],
)
async def test_two_credentials_that_differ_admit_nobody(presented: Presented) -> None:
    authenticator = Authenticator(Proofs(keys=known_keys()))
    assert isinstance(await refusal(authenticator, presented), CredentialsDiffer)


@pytest.mark.parametrize(
    "presented",
    [
        Presented(authorization=(f"Basic {KEY}",)),
        Presented(authorization=(KEY,)),
        Presented(authorization=("",)),
        Presented(authorization=("Bearer ",)),
        Presented(api_key=("",)),
        bearer("hunter2"),
        bearer("a.b.c"),
    ],
)
async def test_what_is_no_key_is_malformed_and_not_told_again(presented: Presented) -> None:
    error = await refusal(Authenticator(Proofs(keys=known_keys())), presented)
    assert isinstance(error, CredentialMalformed)
    assert str(error) == (
        "the credential is malformed; accepted is an API key, which begins with ltk_, as "
        "authorization: Bearer or as x-goog-api-key"
    )


async def test_what_is_accepted_is_told_to_who_presents_nothing() -> None:
    both = Proofs(keys=known_keys(), certificates=certificates(SPIFFE))
    error = await refusal(Authenticator(both), Presented())
    assert isinstance(error, CredentialMissing)
    assert str(error) == (
        "the call has no credential; accepted is an API key, which begins with ltk_, as "
        "authorization: Bearer or as x-goog-api-key, or a client certificate"
    )


async def test_a_key_is_malformed_where_only_tokens_are_accepted() -> None:
    with issuing() as issuer:
        tokens = Tokens([issuer.row()], FakeClock())
        error = await refusal(Authenticator(Proofs(tokens=tokens)), bearer(KEY))
    assert isinstance(error, CredentialMalformed)
    assert "a token (JWT)" in str(error)


async def test_keys_and_tokens_stand_side_by_side() -> None:
    key = ed_key()
    with issuing() as issuer:
        issuer.publish(key)
        proofs = Proofs(keys=known_keys(), tokens=Tokens([issuer.row()], FakeClock()))
        authenticator = Authenticator(proofs)
        token = bearer(issuer.token(key))
        assert authenticator.known(token) is None
        principal = await authenticator.principal_of(token)
        assert principal.id == "test:ada"
        assert authenticator.known(token) is principal
        assert authenticator.known(bearer(KEY)) is ADA
        await authenticator.aclose()


async def test_without_their_store_keys_admit_nobody() -> None:
    keys = KnownKeys({KEY: ADA}, available=False)
    authenticator = Authenticator(Proofs(keys=keys))
    assert not authenticator.available
    assert isinstance(await refusal(authenticator, bearer(KEY)), AuthenticationUnavailable)
    keys.available = True
    assert authenticator.available


async def test_a_certificate_counts_if_the_metadata_have_no_credential() -> None:
    proofs = Proofs(keys=known_keys(), certificates=certificates(SPIFFE))
    authenticator = Authenticator(proofs)
    alone = await authenticator.principal_of(Presented(identities=(SPIFFE,)))
    assert (alone.id, set(alone.roles)) == (SPIFFE, {Role.READER})
    both = Presented(api_key=(KEY,), identities=(SPIFFE,))
    assert await authenticator.principal_of(both) is ADA
    wrong = Presented(api_key=("ltk_wrong",), identities=(SPIFFE,))
    assert isinstance(await refusal(authenticator, wrong), CredentialUnknown)


async def test_where_only_certificates_are_accepted_metadata_do_not_count() -> None:
    authenticator = Authenticator(Proofs(certificates=certificates(SPIFFE)))
    presented = Presented(authorization=("Basic x",), api_key=(KEY,), identities=(SPIFFE,))
    assert (await authenticator.principal_of(presented)).id == SPIFFE
    error = await refusal(authenticator, Presented(api_key=(KEY,)))
    assert str(error) == "the call has no credential; accepted is a client certificate"


def test_a_name_of_a_higher_rank_hides_those_below() -> None:
    names = {
        "x509_common_name": [b"admin"],
        "peer_spiffe_id": [b"spiffe://example.org/orders"],
        "peer_uri": [b"spiffe://example.org/orders", b"https://orders.example.org"],
        "peer_dns": [b"orders.example.org", b"www.example.org"],
    }
    assert identities_of(names) == ("spiffe://example.org/orders",)
    del names["peer_spiffe_id"]
    assert identities_of({**names, "peer_uri": [b"https://orders.example.org"]}) == (
        "uri:https://orders.example.org",
    )
    del names["peer_uri"]
    assert identities_of(names) == ("dns:orders.example.org", "dns:www.example.org")
    del names["peer_dns"]
    # Nobody vouches for a common name.
    assert identities_of(names) == ()


@pytest.mark.parametrize("name", [b"", b"\xff", b"a b", b"a\nb", b"a\x00b", b"x" * 257])
def test_a_name_that_is_not_plain_is_none(name: bytes) -> None:
    assert identities_of({"peer_dns": [name, b"orders.example.org"]}) == ("dns:orders.example.org",)


def test_an_exact_identity_counts_before_the_longest_prefix() -> None:
    rows = [
        CertificateRow(identity="spiffe://example.org/*", roles=(Role.READER,)),
        CertificateRow(identity="spiffe://example.org/prod/*", roles=(Role.GENERATOR,)),
        CertificateRow(
            identity="spiffe://example.org/prod/root", roles=(Role.ADMIN,), labels={"team": "ops"}
        ),
    ]
    known = Certificates(rows)

    def roles(identity: str) -> set[Role]:
        return set(known.principal_of([identity]).roles)

    assert roles("spiffe://example.org/test/a") == {Role.READER}
    assert roles("spiffe://example.org/prod/a") == {Role.GENERATOR}
    assert roles("spiffe://example.org/prod/root") == {Role.ADMIN}
    assert known.principal_of(["spiffe://example.org/prod/root"]).labels == {"team": "ops"}
    with pytest.raises(CredentialUnknown):
        known.principal_of(["spiffe://example.org.evil.example/prod/root", "dns:example.org"])


def test_the_first_identity_that_is_admitted_counts() -> None:
    known = certificates("dns:b.example.org", "dns:c.example.org")
    names = ["dns:a.example.org", "dns:c.example.org", "dns:b.example.org"]
    assert known.principal_of(names).id == "dns:c.example.org"


def test_no_credential_is_in_a_repr() -> None:
    presented = Presented(authorization=("Bearer hunter2",), api_key=("hunter2",))
    assert "hunter2" not in repr(presented)
