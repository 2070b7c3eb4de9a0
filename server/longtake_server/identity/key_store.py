# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is stored of an API key, and the ports to the store of keys.

tests/storage has one suite that every implementation must pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from longtake_server.identity.principal import Role


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What the server keeps of an API key. The key cannot be made from it.

    Attributes:
        id: The id within the key.
        hash: The SHA-256 of the secret.
        last_four: The last four characters of the key, by which its owner recognizes it.
        principal: The id of the principal that the key stands for.
        roles: The roles of the principal when it uses this key.
        labels: The labels of the principal when it uses this key.
        create_time: When the key was made.
        expire_time: From when on the key is refused, None if it does not expire.
        revoke_time: When the key was revoked, None if it was not.
        last_use_time: The minute of the last call with the key, None before the first.
        public_key: The public key of its credentials file in PEM, empty if it has no file.
        google_results: How it gets results on Google's wire, `inline` or `addresses`; empty for
            the way that the server is set to.
    """

    id: str
    hash: bytes = field(repr=False)
    last_four: str
    principal: str
    roles: frozenset[Role]
    labels: Mapping[str, str]
    create_time: datetime
    expire_time: datetime | None = None
    revoke_time: datetime | None = None
    last_use_time: datetime | None = None
    public_key: str = ""
    google_results: str = ""


class KeyStore(Protocol):
    """Where a running server reads the keys. Every method may raise StorageUnavailable."""

    async def key_version(self) -> int:
        """Return a number that grows with every change of a key. Uses do not change it."""

    async def keys(self) -> Sequence[StoredKey]:
        """Return all keys, revoked and expired ones too, by create_time and id."""

    async def note_key_uses(self, uses: Mapping[str, datetime]) -> None:
        """Store when keys were last used, to the minute. An earlier time changes nothing.

        Args:
            uses: The time of the last use by the id of the key. Unknown ids are ignored.

        """

    async def redeem_key(self, old: bytes, key: StoredKey, now: datetime) -> bool:
        """Give a key another secret, if it still has the old one, and is not refused.

        Args:
            old: The hash of the old secret.
            key: The key with its new hash, last_four and expire_time. Nothing else changes.
            now: The time at which the key must be accepted.

        Returns:
            Whether the key was changed.

        """


class KeyRegister(Protocol):
    """Changes the keys beside a running server, in one transaction. Blocks."""

    def add(self, key: StoredKey) -> None:
        """Add a key whose id is new."""

    def find(self, key_id: str) -> StoredKey | None:
        """Return a key, or None if there is none with this id."""

    def revoke(self, key_id: str, now: datetime) -> None:
        """Revoke a key. The time of an earlier revocation stays."""

    def expire(self, key_id: str, expire_time: datetime) -> None:
        """Let a key expire at a time, unless it expires before."""
