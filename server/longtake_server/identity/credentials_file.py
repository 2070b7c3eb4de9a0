# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The credentials files that Longtake issues, and the assertions that their owners sign.

A file has the format of a Google service account, so that Google's SDKs find it by
GOOGLE_APPLICATION_CREDENTIALS. Its private key stays in the file; the server keeps the public key
with the API key that the file stands for. The SDK signs an assertion (RFC 7523), a JSON Web Token,
sends it to the file's `token_uri` and gets an access token for at most an hour.

The access token is the assertion behind a prefix. So it needs no secret of the server, which a
copy of the database could leak; it counts on every replica and after a restart; and whoever sends
an assertion twice gets nothing that lasts longer.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from longtake_server.errors import CredentialExpired, CredentialMalformed, CredentialUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longtake_server.identity.key_store import StoredKey

GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
"""The audience that Google's libraries write, whatever the file's token_uri is."""

LONGEST_LIFE = timedelta(hours=1)
"""How long an assertion, and so an access token, may last. Google's libraries ask for as much."""

_ALGORITHM = "RS256"
_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537
_DOMAIN = "credentials.longtake.dev"
# The accepted difference between this machine's clock and a caller's.
_LEEWAY = timedelta(seconds=60)
_LAST_TIME = datetime.max.replace(tzinfo=UTC).timestamp() - 86_400
_LONGEST_TOKEN = 4096
_FORM = (
    "an assertion (JWT) of at most 4096 characters, signed with RS256 by the private key of a "
    "credentials file, with kid, iss, aud, iat and exp"
)


class KeyPair(NamedTuple):
    """A pair of keys in PEM. Its repr shows nothing.

    Attributes:
        private: The private key, for the file alone.
        public: The public key, for the server.
    """

    private: str
    public: str

    def __repr__(self) -> str:
        return "KeyPair()"


def new_key_pair() -> KeyPair:
    """Return a new pair for RS256. Takes a part of a second."""
    # Imported only then: a server does not need it to verify.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS)
    pem = serialization.Encoding.PEM
    return KeyPair(
        private.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def credentials_of(key_id: str, private_key: str, token_uri: str) -> Mapping[str, str]:
    """Return the content of a file, in the format of a Google service account.

    Args:
        key_id: The id of the key that the file stands for.
        private_key: The private key in PEM.
        token_uri: The address of the server's token endpoint.

    """
    return {
        "type": "service_account",
        "project_id": "longtake",
        "private_key_id": key_id,
        "private_key": private_key,
        "client_email": _email(key_id),
        "client_id": key_id,
        "auth_uri": token_uri,
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }


def key_id_of(assertion: str) -> str:
    """Return the id of the key that an assertion claims. Nothing is verified yet.

    Raises:
        CredentialMalformed: The text is no assertion of a credentials file.

    """
    if len(assertion) > _LONGEST_TOKEN:
        raise CredentialMalformed(_FORM)
    try:
        header = jwt.get_unverified_header(assertion)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise CredentialMalformed(_FORM) from None
    key_id = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(key_id, str):
        raise CredentialMalformed(_FORM)
    return key_id


def expire_time_of(
    assertion: str, key: StoredKey, token_uri: str | None, now: datetime
) -> datetime:
    """Return when an assertion expires, whose signature and claims are right.

    Args:
        assertion: The assertion.
        key: The key that it claims.
        token_uri: What its aud may be besides GOOGLE_AUDIENCE, None for nothing else.
        now: The time.

    Raises:
        CredentialMalformed: It lacks a claim, or lasts longer than an hour.
        CredentialUnknown: It is forged, not valid yet, or for another audience.
        CredentialExpired: It has expired.

    """
    audiences = [GOOGLE_AUDIENCE] if token_uri is None else [GOOGLE_AUDIENCE, token_uri]
    claims = _verified(assertion, key, audiences)
    begins, ends = _time(claims, "iat"), _time(claims, "exp")
    if not timedelta() < ends - begins <= LONGEST_LIFE:
        raise CredentialMalformed(f"{_FORM}, of which exp is at most an hour after iat")
    if begins > now + _LEEWAY:
        raise CredentialUnknown("the assertion is not valid yet; check the clock that made it")
    if now >= ends:
        raise CredentialExpired(key.id)
    return ends


def _email(key_id: str) -> str:
    return f"{key_id}@{_DOMAIN}"


def _verified(assertion: str, key: StoredKey, audiences: Sequence[str]) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = jwt.decode(
            assertion,
            key.public_key,
            algorithms=[_ALGORITHM],
            audience=audiences,
            issuer=_email(key.id),
            # The times are checked by the server's clock.
            options={
                "require": ["exp", "iat", "iss", "aud"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidAudienceError:
        raise CredentialUnknown("the assertion is for another server: its aud is wrong") from None
    except (jwt.InvalidSignatureError, jwt.InvalidIssuerError):
        raise CredentialUnknown("the assertion is not of the key's own file") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise CredentialMalformed(_FORM) from None
    return claims


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise CredentialMalformed(_FORM)
    return datetime.fromtimestamp(min(value, _LAST_TIME), UTC)
