# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The access tokens of a credentials file stand for its key, for an hour at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from fakes.clock import FakeClock
from identity.identity_assertions import (
    HOUR_SECONDS,
    TOKEN_URI,
    assertion,
    by_google,
    document,
    key_pair,
)
from identity.identity_keys import NOON, added
from longtake_server.errors import (
    CredentialExpired,
    CredentialMalformed,
    CredentialRevoked,
    CredentialUnknown,
)
from longtake_server.identity.api_key import TOKEN_PREFIX
from longtake_server.identity.keys import KeyRing
from longtake_server.identity.principal import Principal, Role
from longtake_server.storage.database import writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOUR = timedelta(seconds=HOUR_SECONDS)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "longtake.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
async def ring(path: Path, clock: FakeClock) -> AsyncIterator[KeyRing]:
    store = await SqliteStore.open(path, clock)
    ring = KeyRing(store, clock)
    ring.issue_at(TOKEN_URI)
    yield ring
    await store.close()


@pytest.fixture
def key(path: Path, ring: KeyRing) -> str:
    """Return the id of a key that has a credentials file."""
    return added(path, public_key=key_pair().public).id


def token(key_id: str, now: datetime = NOON, **changes: Any) -> str:
    return TOKEN_PREFIX + assertion(key_id, now, **changes)


async def test_what_googles_library_signs_stands_for_the_key(path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    store = await SqliteStore.open(path, clock)
    key_id = added(path, public_key=key_pair().public, google_results="addresses").id

    principal = await KeyRing(store, clock).verify(TOKEN_PREFIX + by_google(document(key_id)))
    await store.close()

    labels, ends = {"team": "film"}, principal.expire_time
    assert ends is not None
    assert principal == Principal(
        "ann", frozenset({Role.GENERATOR}), labels, key_id, ends, "addresses"
    )
    assert ends - clock.now() <= HOUR + MINUTE


async def test_a_token_is_known_until_its_assertion_ends(
    ring: KeyRing, key: str, clock: FakeClock
) -> None:
    text = token(key)
    principal = await ring.verify(text)
    assert principal.expire_time == NOON + HOUR
    assert ring.known(text) == principal
    clock.advance(HOUR_SECONDS - 1)
    assert ring.known(text) == principal
    clock.advance(1)

    with pytest.raises(CredentialExpired, match=key):
        ring.known(text)
    with pytest.raises(CredentialExpired, match=key):
        await ring.verify(text)


async def test_an_assertion_that_is_sent_again_gives_no_more_time(
    ring: KeyRing, key: str, clock: FakeClock
) -> None:
    text = token(key)
    first = await ring.verify(text)
    clock.advance(HOUR_SECONDS / 2)
    await ring.refresh()

    assert await ring.verify(text) == first


async def test_a_revoked_key_has_no_tokens_from_then_on(
    ring: KeyRing, key: str, path: Path
) -> None:
    text = token(key)
    await ring.verify(text)
    with writing_beside(path) as connection:
        KeyTable(connection).revoke(key, NOON)
    await ring.refresh()

    with pytest.raises(CredentialRevoked, match=key):
        ring.known(text)


async def test_a_token_ends_with_its_key_if_that_ends_before(ring: KeyRing, path: Path) -> None:
    key_id = added(path, public_key=key_pair().public, expire_time=NOON + MINUTE).id

    assert (await ring.verify(token(key_id))).expire_time == NOON + MINUTE


async def test_a_key_without_a_file_has_no_tokens(ring: KeyRing, path: Path) -> None:
    with pytest.raises(CredentialUnknown):
        await ring.verify(token(added(path).id))


async def test_the_keys_of_the_file_may_be_younger_than_the_ring(ring: KeyRing, path: Path) -> None:
    await ring.refresh()
    key_id = added(path, public_key=key_pair().public).id

    assert ring.known(token(key_id)) is None
    assert (await ring.verify(token(key_id))).key_id == key_id


@pytest.mark.parametrize("audience", [TOKEN_URI, [TOKEN_URI, "another"]])
async def test_an_assertion_may_be_for_this_servers_own_address(
    ring: KeyRing, key: str, audience: object
) -> None:
    assert (await ring.verify(token(key, aud=audience))).id == "ann"


@pytest.mark.parametrize(
    "changes",
    [
        {"pair": 1},
        {"aud": "https://another.example/token"},
        {"iss": "someone@credentials.longtake.dev"},
        {"headers": {"kid": "000000000000"}},
        {
            "iat": (NOON + 2 * MINUTE).timestamp(),
            "exp": (NOON + 3 * MINUTE).timestamp(),
        },
    ],
)
async def test_a_forged_or_foreign_assertion_is_unknown(
    ring: KeyRing, key: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CredentialUnknown):
        await ring.verify(token(key, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        *({"without": claim} for claim in ("iss", "aud", "iat", "exp")),
        {"exp": NOON.timestamp() + HOUR_SECONDS + 1},
        {"exp": NOON.timestamp()},
        {"exp": True},
        {"exp": "soon"},
        {"iat": -1},
        {"padding": "x" * 4096},
    ],
)
async def test_an_assertion_of_another_form_is_malformed(
    ring: KeyRing, key: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CredentialMalformed):
        await ring.verify(token(key, **changes))


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_the_token_does_not_choose_how_it_is_verified(
    ring: KeyRing, key: str, algorithm: str
) -> None:
    secret = "x" * 64 if algorithm == "HS256" else ""
    begins = NOON.timestamp()
    forged = jwt.encode(
        {
            "iss": f"{key}@credentials.longtake.dev",
            "aud": TOKEN_URI,
            "iat": begins,
            "exp": begins + 60,
        },
        secret,
        algorithm,
        headers={"kid": key},
    )

    with pytest.raises(CredentialMalformed):
        await ring.verify(TOKEN_PREFIX + forged)


@pytest.mark.parametrize("text", ["", "a.b.c", "..", "x" * 5000, "\ud800", "a.b"])
async def test_what_is_no_assertion_is_malformed(ring: KeyRing, text: str) -> None:
    with pytest.raises(CredentialMalformed):
        await ring.verify(TOKEN_PREFIX + text)


async def test_no_more_than_a_bounded_number_of_tokens_is_remembered(
    ring: KeyRing, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("longtake_server.identity.keys._MOST_TOKENS", 3)
    for number in range(5):
        await ring.verify(token(key, jti=str(number)))

    assert len(ring._proven_tokens) == 3


def test_the_pair_of_keys_shows_nothing_of_itself() -> None:
    assert repr(key_pair()) == "KeyPair()"
