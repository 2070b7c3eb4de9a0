# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Signs requests as Standard Webhooks 1.0 says. No I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)


def new_secret() -> str:
    """Return a new secret, `whsec_` and base64 of 32 bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_bytes(secret: str) -> bytes:
    """Return the bytes of a secret.

    Raises:
        ValueError: It is not `whsec_` and base64 of 24 to 64 bytes. The secret is not in it.

    """
    found = b""
    if secret.startswith(_PREFIX):
        try:
            found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            found = b""
    if len(found) not in _SECRET_BYTES:
        raise ValueError("it is not whsec_ and base64 of 24 to 64 bytes")
    return found


def signed_headers(event_id: str, body: bytes, secret: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers of an attempt, which begins at a second since 1970."""
    content = f"{event_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
