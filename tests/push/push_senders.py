# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Senders of pushes as Google is one: they sign, and publish their keys on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY_BYTES = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY_BYTES).decode()
AUDIENCE = "longtake-test"
EMAIL = "push@test.iam.gserviceaccount.com"


def now() -> int:
    return int(time.time())


def event(name: str) -> bytes:
    """Return a webhook's body as Google documents it."""
    told = {"type": "interaction.completed", "version": "v1", "data": {"id": name}}
    return json.dumps(told).encode()


def static_headers(
    body: bytes, *, message_id: str = "msg_1", sent: int | None = None, key: bytes = KEY_BYTES
) -> dict[str, str]:
    """Sign as Standard Webhooks says."""
    timestamp = str(now() if sent is None else sent)
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


@dataclass
class Signer:
    """An RSA key with an id."""

    key_id: str = "key-1"
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def token(self, **claims: object) -> str:
        told = {"aud": AUDIENCE, "iat": now(), "exp": now() + 600, **claims}
        return jwt.encode(told, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def jwk(self) -> dict[str, Any]:
        key = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**key, "kid": self.key_id, "use": "sig", "alg": "RS256"}

    def pem(self) -> str:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def dynamic_headers(
    token: str, *, message_id: str = "msg_1", sent: int | None = None
) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now() if sent is None else sent),
        "Webhook-Signature": token,
    }


def pubsub_body(data: bytes, message_id: str = "1") -> bytes:
    """Return what a push subscription sends."""
    message = {"messageId": message_id, "data": base64.b64encode(data).decode()}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


class KeyServer:
    """Publishes a document of keys, and counts who reads it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.document: Mapping[str, object] | None = None
        self.reads = 0

    def publish_jwks(self, *signers: Signer) -> None:
        self.document = {"keys": [signer.jwk() for signer in signers]}

    def publish_certificates(self, *signers: Signer) -> None:
        self.document = {signer.key_id: signer.pem() for signer in signers}


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """A server of keys that has none yet, and so answers with 503."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.reads += 1
            self.send_response(503 if keys.document is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(keys.document).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        keys = KeyServer(f"http://127.0.0.1:{server.server_address[1]}/keys")
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield keys
        finally:
            server.shutdown()
            serving.join()
