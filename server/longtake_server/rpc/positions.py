# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Seals the positions of WatchOperations, so that callers cannot read them.

The store's positions count the changes of all callers. A caller that could read or compare them
could tell how active the other callers are.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from longtake_server.errors import InvalidRequest, Violation

_POSITION_BYTES = 8
_NONCE_BYTES = 8
_TAG_BYTES = 16
_TOKEN_BYTES = _NONCE_BYTES + _TAG_BYTES + _POSITION_BYTES


class Positions:
    """Encrypts the store's positions as tokens for one caller, and decrypts them.

    A token is the position encrypted with AES-SIV, bound to the caller and a random nonce. Two
    tokens of one position differ, all have the same length, and none can be forged or altered.

    Args:
        key: The store's key, as OperationStore.position_key returns it.
        caller: The caller that watches.

    """

    def __init__(self, key: bytes, caller: str) -> None:
        # Imported here because it takes 6 MB, which a server without these watches does not need.
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._cipher = AESSIV(key)
        self._caller = caller.encode()

    def token(self, position: int | None) -> str:
        """Return the token of a position, or an empty token for None."""
        if position is None:
            return ""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = position.to_bytes(_POSITION_BYTES, "big")
        sealed = self._cipher.encrypt(plain, [self._caller, nonce])
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def position(self, token: str) -> int | None:
        """Return the position in a token, or None for an empty token.

        Raises:
            InvalidRequest: The token was altered, forged, or issued to another caller.

        """
        from cryptography.exceptions import InvalidTag

        if not token:
            return None
        try:
            sealed = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            if len(sealed) != _TOKEN_BYTES:
                raise _refused()
            return int.from_bytes(self._cipher.decrypt(rest, [self._caller, nonce]), "big")
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise _refused() from error


def _refused() -> InvalidRequest:
    text = (
        "it is not a position that this service gave this caller; accepted is the position of "
        "an earlier message, or nothing to get every operation first"
    )
    return InvalidRequest([Violation("after_position", text)])
