# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials files for tests, and assertions as Google's library or an attacker makes them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from google.oauth2 import service_account
from longtake_server.identity.credentials_file import (
    GOOGLE_AUDIENCE,
    KeyPair,
    credentials_of,
    new_key_pair,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TOKEN_URI = "https://longtake.example/token"
HOUR_SECONDS = 3600


@cache
def _made(number: int) -> KeyPair:
    return new_key_pair()


def key_pair(number: int = 0) -> KeyPair:
    """Return one of the pairs that all tests share, because each takes long to make."""
    return _made(number)


def document(key_id: str, token_uri: str = TOKEN_URI) -> Mapping[str, str]:
    """Return the content of the credentials file of a key."""
    return credentials_of(key_id, key_pair().private, token_uri)


def by_google(file: Mapping[str, str]) -> str:
    """Return the assertion that Google's library signs now."""
    credentials = service_account.Credentials.from_service_account_info(file)  # type: ignore[no-untyped-call]  # google-auth's own
    assertion: bytes = credentials._make_authorization_grant_assertion()
    return assertion.decode()


def assertion(
    key_id: str,
    now: datetime,
    *,
    pair: int = 0,
    headers: Mapping[str, Any] | None = None,
    without: str = "",
    **claims: Any,
) -> str:
    """Return an assertion that is right except for what is given.

    Args:
        key_id: The id of the key.
        now: When it is made.
        pair: Which of the pairs signs it.
        headers: Headers to change.
        without: A claim to leave out.
        claims: Claims to change.
    """
    begins = now.timestamp()
    right = {
        "iss": f"{key_id}@credentials.longtake.dev",
        "aud": GOOGLE_AUDIENCE,
        "iat": begins,
        "exp": begins + HOUR_SECONDS,
    }
    given = {name: value for name, value in {**right, **claims}.items() if name != without}
    return jwt.encode(
        given, key_pair(pair).private, "RS256", headers={"kid": key_id, **(headers or {})}
    )
