# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Authenticates Google's webhooks by a shared secret or by Google's public keys.

Static webhooks follow Standard Webhooks: an HMAC of id, timestamp and body. Dynamic
webhooks, which a request asks for, carry a JSON Web Token (RS256) in the same header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import jwt

from longtake_server.push.faults import NotVerified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.clock import Clock
    from longtake_server.identity.key_set import KeySet

GOOGLE_JWKS = "https://generativelanguage.googleapis.com/.well-known/jwks.json"
"""The keys of Google's dynamic webhooks."""

_OLDEST_SECONDS = 300.0
# The accepted difference between this machine's clock and Google's.
_LEEWAY_SECONDS = 10.0
_ALGORITHM = "RS256"
_BEFORE_KEY = "whsec_"
_HMAC_VERSION = "v1,"
_LONGEST_ID = 256


class StaticSignatures:
    """Checks the signatures of Standard Webhooks.

    Args:
        secret: The signing secret as Google returns it: base64 after `whsec_`.

    """

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix(_BEFORE_KEY))

    def verify(self, message_id: str, timestamp: str, signatures: str, body: bytes) -> None:
        """Return if one of the signatures is valid; there are two while a secret is rotated.

        Raises:
            NotVerified: No signature is valid.

        """
        signed = f"{message_id}.{timestamp}.".encode() + body
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        right = _HMAC_VERSION.encode() + base64.b64encode(digest)
        given = [signature.encode() for signature in signatures.split()]
        if not any(hmac.compare_digest(right, signature) for signature in given):
            raise NotVerified("no signature matches the secret")


class DynamicSignatures:
    """Checks JSON Web Tokens of Google.

    Args:
        keys: The sender's keys.
        audience: The expected audience; None accepts any.
        clock: Determines the age of a token. The machine's clock determines whether it
            has expired.

    """

    def __init__(self, keys: KeySet, audience: str | None, clock: Clock) -> None:
        self._keys = keys
        self._audience = audience
        self._clock = clock

    async def verify(self, token: str) -> Mapping[str, Any]:
        """Return the claims of the token.

        Raises:
            NotVerified: The token is forged, expired, or for another audience.
            KeysUnavailable: The keys cannot be fetched.

        """
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise NotVerified("the signing key is unknown")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"verify_aud": self._audience is not None},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise NotVerified(f"the token is refused: {type(error).__name__}") from error
        if "iat" in claims:
            _check_age(str(claims["iat"]), self._clock)
        return claims


class WebhookVerifier:
    """Checks a webhook of either kind, if that kind is configured.

    Args:
        static: Checks signatures with the secret; None refuses them.
        dynamic: Checks tokens; None refuses them.
        clock: Determines the age of a webhook.

    """

    def __init__(
        self, static: StaticSignatures | None, dynamic: DynamicSignatures | None, clock: Clock
    ) -> None:
        self._static = static
        self._dynamic = dynamic
        self._clock = clock

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        """Return the claims of a token, or an empty mapping for a static webhook.

        Args:
            headers: The headers, with lower-case names.
            body: The raw body.

        Raises:
            NotVerified, KeysUnavailable: Like DynamicSignatures.verify.

        """
        signature = headers.get("webhook-signature", "")
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        if not signature or not 0 < len(message_id) <= _LONGEST_ID:
            raise NotVerified("webhook-id or webhook-signature is missing or too long")
        _check_age(timestamp, self._clock)
        if signature.startswith(_HMAC_VERSION) and self._static is not None:
            self._static.verify(message_id, timestamp, signature, body)
            return {}
        if self._dynamic is not None:
            return await self._dynamic.verify(signature)
        raise NotVerified("this kind of signature is not configured")


def _key_id(token: str) -> str:
    """Return the key id of a token, without fetching keys for other algorithms."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise NotVerified("the signature is not a token") from error
    key_id = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(key_id, str):
        raise NotVerified(f"the token is not one of {_ALGORITHM} with a key id")
    return key_id


def _check_age(timestamp: str, clock: Clock) -> None:
    """Refuse timestamps more than five minutes in the past or in the future."""
    try:
        sent = float(timestamp)
    except ValueError:
        raise NotVerified("the timestamp is missing or not a number") from None
    # Written with `not`, so that NaN is refused too.
    if not abs(clock.now().timestamp() - sent) <= _OLDEST_SECONDS:
        raise NotVerified("the timestamp is more than five minutes off")
