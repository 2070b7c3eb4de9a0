# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An issuer of tokens: it signs with real keys, and publishes them on loopback."""

from __future__ import annotations

import json
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fakes.clock import FakeClock
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from longtake_server.errors import LongtakeError
from longtake_server.identity.identity_file import IssuerRow
from longtake_server.identity.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

AUDIENCE = "longtake"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""Where the fake clock starts."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass
class SigningKey:
    """A key pair with an id."""

    id: str
    algorithm: str
    private: PrivateKey

    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            key = RSAAlgorithm.to_jwk(public, as_dict=True)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            key = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            key = OKPAlgorithm.to_jwk(public, as_dict=True)
        return {**key, "kid": self.id, "use": "sig"}


def rsa_key(key_id: str = "rsa-1", bits: int = 2048) -> SigningKey:
    return SigningKey(key_id, "RS256", rsa.generate_private_key(65537, bits))


def ec_key(key_id: str = "ec-1") -> SigningKey:
    return SigningKey(key_id, "ES256", ec.generate_private_key(ec.SECP256R1()))


def ed_key(key_id: str = "ed-1") -> SigningKey:
    return SigningKey(key_id, "EdDSA", ed25519.Ed25519PrivateKey.generate())


@dataclass
class Issuer:
    """An issuer that publishes keys and a discovery document, and counts who reads them.

    Attributes:
        url: Its name and address.
        keys: What it publishes; None if it does not answer.
        cache_control: The Cache-Control of the keys.
        reads: How often the keys were read.
        discovery: Fields of the discovery document.
    """

    url: str
    keys: list[dict[str, Any]] | None = None
    cache_control: str | None = None
    reads: int = 0
    discovery: dict[str, Any] = field(default_factory=dict)

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/keys"

    def publish(self, *keys: SigningKey) -> None:
        self.keys = [key.jwk() for key in keys]

    def row(self, **fields: Any) -> IssuerRow:
        """Return the row of the identity file that admits its tokens."""
        told = {
            "alias": "test",
            "issuer": self.url,
            "audience": AUDIENCE,
            "jwks_url": self.jwks_url,
            "roles": ["generator"],
        }
        return IssuerRow.model_validate({**told, **fields})

    def token(self, key: SigningKey, now: datetime = NOW, **claims: Any) -> str:
        """Return a token of ten minutes; a claim that is None is left out."""
        told = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ada",
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=10)).timestamp()),
            **claims,
        }
        kept = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(kept, key.private, algorithm=key.algorithm, headers={"kid": key.id})


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an issuer that has published nothing yet, and so answers with 503."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/keys":
                issuer.reads += 1
                answer: dict[str, Any] | None = None
                if issuer.keys is not None:
                    answer = {"keys": issuer.keys}
            else:
                answer = {"issuer": issuer.url, "jwks_uri": issuer.jwks_url, **issuer.discovery}
            self.send_response(503 if answer is None else 200)
            if issuer.cache_control is not None:
                self.send_header("Cache-Control", issuer.cache_control)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            serving.join()


@asynccontextmanager
async def verifying(*rows: IssuerRow, clock: FakeClock | None = None) -> AsyncIterator[Tokens]:
    tokens = Tokens(rows, clock or FakeClock())
    try:
        yield tokens
    finally:
        await tokens.aclose()


async def refusal(issuer: Issuer, token: str) -> LongtakeError:
    """Return why a token is refused; nothing of the token may be in the message."""
    async with verifying(issuer.row()) as tokens:
        with pytest.raises(LongtakeError) as raised:
            await tokens.verify(token)
        assert tokens.known(token) is None
    assert not token or token not in str(raised.value)
    return raised.value


def at(minutes: float) -> int:
    """Return a time in a token, in minutes from where the fake clock starts."""
    return int((NOW + timedelta(minutes=minutes)).timestamp())
