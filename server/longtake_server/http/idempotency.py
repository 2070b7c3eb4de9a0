# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns an idempotency key of any form into the request_id of the contract."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from longtake_server.errors import InvalidRequest, RequestIdReused, Violation

if TYPE_CHECKING:
    from starlette.requests import Request

    from longtake_server.identity.principal import Principal

HEADER = "Idempotency-Key"
"""The header. See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"""

_PURPOSE = b"idempotency key of google's wire"


def request_id_of(request: Request, principal: Principal) -> str:
    """Return the request_id of a call, empty if it has no Idempotency-Key.

    Any text is a key. The id is a UUID of the form of version 4, from the SHA-256 of the principal
    and the key, so that the keys of two principals never meet. Without a key nothing is
    deduplicated: equal prompts are often meant.

    Raises:
        InvalidRequest: There are two keys that differ, or the key is empty.

    """
    keys = {key.strip() for key in request.headers.getlist(HEADER)}
    if not keys:
        return ""
    if len(keys) > 1 or "" in keys:
        raise InvalidRequest([Violation(HEADER, "accepted is one text that is not empty")])
    return request_id_from(keys.pop(), principal, _PURPOSE)


def request_id_from(key: str, principal: Principal, purpose: bytes) -> str:
    """Return the request_id that stands for a key.

    Args:
        key: Any text.
        principal: Who calls. The keys of two principals never meet.
        purpose: What the key is for. The keys of two purposes never meet.

    """
    digest = hashlib.sha256(purpose)
    for part in (principal.id, key):
        content = part.encode(errors="surrogateescape")
        # The length of each part, so that no two pairs have the same bytes.
        digest.update(len(content).to_bytes(8, "big") + content)
    return str(uuid.UUID(bytes=digest.digest()[:16], version=4))


def reused(error: RequestIdReused) -> InvalidRequest:
    """Return the error of a key that was used for a different request, in the caller's terms."""
    return InvalidRequest(
        [
            Violation(
                HEADER,
                f"it was used for a different request, which created {error.metadata['operation']};"
                " use a new key for each new request",
            )
        ]
    )
