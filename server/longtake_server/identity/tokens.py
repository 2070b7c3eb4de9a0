# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Verifies JSON Web Tokens of the configured issuers."""

from __future__ import annotations

import hashlib
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt

from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialExpired,
    CredentialMalformed,
    CredentialUnknown,
)
from longtake_server.identity.identity_file import is_safe_address
from longtake_server.identity.key_set import ALGORITHMS, KeySet, KeysUnavailable, at, discovered
from longtake_server.identity.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jwt import PyJWK

    from longtake_server.clock import Clock
    from longtake_server.identity.identity_file import IssuerRow
    from longtake_server.identity.principal import Role

# The accepted difference between this machine's clock and an issuer's.
_LEEWAY = timedelta(seconds=60)
_LONGEST_KNOWN = timedelta(minutes=5)
_MOST_KNOWN = 20_000
_LONGEST_TOKEN = 8192
_LONGEST_KEY_ID = 256
_LONGEST_LABEL = 63
_LAST_TIME = datetime.max.replace(tzinfo=UTC).timestamp() - 86_400
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@|:/+=~-]{0,199}")
_FORM = (
    "a token (JWT) of at most 8192 characters, signed with RS256, ES256 or EdDSA, with kid, iss, "
    "aud, sub and exp"
)
_SUBJECT_WORDS = "a token whose sub has 1 to 200 letters, digits and . _ @ | : / + = ~ -"
_LABEL_WORDS = "a token whose claims for labels are texts of at most 63 printable characters"


@dataclass(frozen=True, slots=True)
class _Known:
    """A principal whose token was verified, and until when that counts."""

    principal: Principal
    until: datetime


class Tokens:
    """Verifies tokens, and remembers those that it has verified.

    A token is remembered by the digest of the whole token, for at most five minutes and never
    longer than it is valid.

    Args:
        issuers: Who may issue tokens.
        clock: Determines whether a token has expired.

    """

    def __init__(self, issuers: Sequence[IssuerRow], clock: Clock) -> None:
        self._clock = clock
        self._issuers = {
            row.issuer: (row, KeySet(_address(row, clock), clock, row.alias)) for row in issuers
        }
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def known(self, token: str) -> Principal | None:
        """Return the principal of a token that was verified lately, or None."""
        found = self._known.get(_digest(token))
        if found is None or self._clock.now() >= found.until:
            return None
        return found.principal

    async def verify(self, token: str) -> Principal:
        """Return the principal of a token.

        Raises:
            CredentialMalformed: It is no token of the accepted form.
            CredentialUnknown: It is forged, not valid yet, of another issuer, or for another
                audience.
            CredentialExpired: It has expired.
            AuthenticationUnavailable: The keys of its issuer cannot be fetched.

        """
        key_id, issuer = _claimed(token)
        row, keys = self._issuers.get(issuer) or _refuse_issuer()
        try:
            key = await keys.find(key_id)
        except KeysUnavailable as error:
            cause = f"the keys of the issuer {row.alias} cannot be fetched"
            raise AuthenticationUnavailable(cause) from error
        if key is None:
            raise CredentialUnknown("the token's issuer has no key with the token's kid")
        claims = _verified(token, key, row)
        now = self._clock.now()
        expire_time = _expire_time(claims, now)
        principal = _principal(claims, row, expire_time)
        self._remember(token, _Known(principal, min(expire_time, now + _LONGEST_KNOWN)))
        return principal

    async def aclose(self) -> None:
        """Cancel the fetches of keys that run."""
        for _, keys in self._issuers.values():
            await keys.aclose()

    def _remember(self, token: str, known: _Known) -> None:
        digest = _digest(token)
        self._known[digest] = known
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _address(row: IssuerRow, clock: Clock) -> Any:
    if row.jwks_url is not None:
        return at(row.jwks_url)
    return discovered(row.issuer, is_safe_address, clock)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _refuse_issuer() -> Any:
    raise CredentialUnknown("the server does not accept tokens of this issuer")


def _claimed(token: str) -> tuple[str, str]:
    """Return the key id and the issuer that a token claims. Nothing is verified yet."""
    malformed = CredentialMalformed(_FORM)
    if len(token) > _LONGEST_TOKEN:
        raise malformed
    try:
        claimed = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise malformed from None
    key_id, issuer = claimed["header"].get("kid"), claimed["payload"].get("iss")
    if claimed["header"].get("alg") not in ALGORITHMS or not isinstance(issuer, str):
        raise malformed
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_KEY_ID:
        raise malformed
    return key_id, issuer


def _verified(token: str, key: PyJWK, row: IssuerRow) -> Mapping[str, Any]:
    """Return the claims of a token whose signature, issuer and audience are right."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=row.audience,
            issuer=row.issuer,
            # The times are checked below, by the server's clock.
            options={
                "require": ["exp", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "enforce_minimum_key_length": True,
            },
        )
    except jwt.InvalidAudienceError:
        raise CredentialUnknown(
            "the token was not issued for this server: its aud is another one"
        ) from None
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
        raise CredentialUnknown("the token's signature is not its issuer's") from None
    except (jwt.PyJWTError, ValueError):
        raise CredentialMalformed(_FORM) from None
    return claims


def _expire_time(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Return when a token expires; refuse one that has, or that is not valid yet."""
    expire_time = _time(claims, "exp")
    if now >= expire_time + _LEEWAY:
        raise CredentialExpired
    for name in ("nbf", "iat"):
        if name in claims and _time(claims, name) > now + _LEEWAY:
            raise CredentialUnknown("the token is not valid yet")
    return expire_time


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise CredentialMalformed(_FORM)
    return datetime.fromtimestamp(min(value, _LAST_TIME), UTC)


def _principal(claims: Mapping[str, Any], row: IssuerRow, expire_time: datetime) -> Principal:
    subject = str(claims["sub"])
    if not _SUBJECT.fullmatch(subject):
        raise CredentialMalformed(_SUBJECT_WORDS)
    return Principal(
        f"{row.alias}:{subject}",
        frozenset(row.roles) | _roles(claims, row),
        _labels(claims, row),
        expire_time=expire_time,
    )


def _roles(claims: Mapping[str, Any], row: IssuerRow) -> frozenset[Role]:
    """Return the roles of the values in the claim that holds roles."""
    if row.roles_claim is None:
        return frozenset()
    held = _claim(claims, row.roles_claim)
    values: Iterable[object] = held if isinstance(held, list) else (held,)
    mapped = (row.roles_by_value.get(value, ()) for value in values if isinstance(value, str))
    return frozenset(role for roles in mapped for role in roles)


def _labels(claims: Mapping[str, Any], row: IssuerRow) -> Mapping[str, str]:
    labels = {}
    for label, name in row.labels.items():
        value = _claim(claims, name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > _LONGEST_LABEL or not value.isprintable():
            raise CredentialMalformed(_LABEL_WORDS)
        labels[label] = value
    return labels


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim by its name, or by the path to it with dots, or None."""
    if name in claims:
        return claims[name]
    held: object = claims
    for part in name.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return held
