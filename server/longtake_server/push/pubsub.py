# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Authenticates pushes of the configured Pub/Sub subscription and reads their messages."""

from __future__ import annotations

import asyncio
import base64
import binascii
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import jwt

from longtake_server.identity.key_set import KeysUnavailable
from longtake_server.push.documents import read_json
from longtake_server.push.faults import NotVerified, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.auth.transport import Response

    from longtake_server.clock import Clock

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
"""The public keys of Google's ID tokens."""

_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
# The accepted difference between this machine's clock and Google's.
_LEEWAY_SECONDS = 10
_FETCH_SECONDS = 10.0
_LIFETIME_SECONDS = 300.0
_BETWEEN_FAILURES_SECONDS = 60.0


class PubsubTokens:
    """Checks the ID tokens of a push subscription.

    google-auth is imported on first use, because it takes 17 MB and 0.3 s.

    Args:
        audience: The audience that the subscription is configured with.
        email: The subscription's service account.
        clock: Determines when the certificates are stale. The machine's clock
            determines when a token has expired.
        certificates: The URL of the public keys.

    """

    def __init__(self, audience: str, email: str, clock: Clock, certificates: str) -> None:
        self._audience = audience
        self._email = email
        self._certificates = certificates
        self._transport = _RememberingTransport(clock)
        # Its own thread, so that a flood of forged tokens cannot block other work.
        self._threads = ThreadPoolExecutor(1, "push-pubsub")

    async def verify(self, authorization: str) -> None:
        """Return if the header contains a valid token of the subscription.

        Raises:
            NotVerified: It does not.
            KeysUnavailable: The certificates cannot be fetched.

        """
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotVerified("there is no bearer token")
        loop = asyncio.get_running_loop()
        claims = await loop.run_in_executor(self._threads, self._claims, token)
        if claims.get("iss") not in _ISSUERS:
            raise NotVerified("Google did not issue the token")
        if claims.get("email") != self._email or claims.get("email_verified") is not True:
            raise NotVerified("the token belongs to another service account")

    def close(self) -> None:
        """Cancel checks that have not started."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _claims(self, token: str) -> Mapping[str, Any]:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.oauth2 import id_token

        try:
            return id_token.verify_token(
                token,
                self._transport,  # type: ignore[arg-type]  # google-auth calls it and no more
                self._audience,
                self._certificates,
                clock_skew_in_seconds=_LEEWAY_SECONDS,
            )
        except TransportError as error:
            raise KeysUnavailable("Google's certificates cannot be fetched") from error
        except (GoogleAuthError, jwt.PyJWTError, ValueError) as error:
            raise NotVerified(f"the token is refused: {type(error).__name__}") from error


class _RememberingTransport:
    """Caches the certificates for five minutes; google-auth would fetch them for each token.

    Used by one thread only.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answer: Response | None = None
        self._until = float("-inf")

    def __call__(self, url: str, method: str = "GET") -> Response:
        from google.auth.exceptions import TransportError
        from google.auth.transport.requests import Request

        now = self._clock.monotonic()
        if now >= self._until:
            self._answer = None
            self._until = now + _BETWEEN_FAILURES_SECONDS
            self._answer = Request()(url, method, timeout=_FETCH_SECONDS)
            if self._answer.status == HTTPStatus.OK:
                self._until = now + _LIFETIME_SECONDS
        if self._answer is None:
            raise TransportError("the last fetch failed less than a minute ago")  # type: ignore[no-untyped-call]  # google-auth is half typed
        return self._answer


def read_message(body: bytes) -> tuple[str, Any]:
    """Return the id and the data of the message in a push.

    Google does not document what the Agent Platform publishes, so any JSON is accepted.

    Raises:
        Unreadable: The body is not a Pub/Sub push, or its data are not JSON.

    """
    push = read_json(body)
    message = push.get("message") if isinstance(push, dict) else None
    if not isinstance(message, dict):
        raise Unreadable("the push has no message")
    message_id, data = message.get("messageId"), message.get("data", "")
    if not isinstance(message_id, str) or not isinstance(data, str):
        raise Unreadable("the message has no messageId, or its data are not a string")
    try:
        decoded = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("the data are not base64") from error
    return message_id, read_json(decoded)
