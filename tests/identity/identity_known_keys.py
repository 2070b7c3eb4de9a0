# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""API keys that a test gives, revokes and makes unavailable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialRevoked,
    CredentialUnknown,
)

if TYPE_CHECKING:
    from longtake_server.identity.api_key import ApiKey
    from longtake_server.identity.principal import Principal


@dataclass
class KnownKeys:
    """Keys in memory.

    Attributes:
        principals: The principal of each key.
        revoked: The keys that were revoked.
        available: Whether keys can be verified.
        checks: How often keys were verified.
    """

    principals: dict[str, Principal] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    available: bool = True
    checks: int = 0

    def known(self, text: str) -> Principal | None:
        self.checks += 1
        if not self.available:
            raise AuthenticationUnavailable("the API keys cannot be read")
        if text in self.revoked:
            raise CredentialRevoked(self.principals[text].key_id)
        return self.principals.get(text)

    async def verify(self, text: str) -> Principal:
        principal = self.known(text)
        if principal is None:
            raise CredentialUnknown
        return principal

    async def holder(self, key_id: str) -> Principal:
        texts = [text for text, one in self.principals.items() if one.key_id == key_id]
        return await self.verify(texts[0] if texts else "")

    async def redeem(self, text: str) -> ApiKey:
        raise CredentialUnknown
