# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The link that signs a browser in to the console: `ltl_{id:12}_{secret:32}`, in base62.

A link stands for an API key that does not exist yet. The key's row is stored with the digest of the
link, which matches no key. Whoever opens the link first gets the key, whose digest replaces that of
the link. So a link works once, and needs no table of its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.errors import CredentialMalformed
from longtake_server.identity.api_key import generate
from longtake_server.identity.key_store import StoredKey

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.identity.principal import Role

LINK_LIFETIME = timedelta(minutes=5)
"""How long a link works."""
SESSION_LIFETIME = timedelta(hours=12)
"""How long the key of a link works."""

_FORM = re.compile(r"ltl_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})")
_LONGEST = 64
_PURPOSE = b"longtake console 1 "


@dataclass(frozen=True, slots=True)
class ConsoleLink:
    """A link as its owner holds it.

    Attributes:
        id: The id of the key that it stands for.
        secret: Proves that the caller holds the link. It has 190 bits of entropy.
    """

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole link, for its owner alone."""
        return f"ltl_{self.id}_{self.secret}"

    @property
    def hash(self) -> bytes:
        """The SHA-256 of the secret and its purpose. It is that of no key."""
        return hashlib.sha256(_PURPOSE + self.secret.encode()).digest()

    def stored(self, principal: str, roles: frozenset[Role], now: datetime) -> StoredKey:
        """Return what is stored of a new link: a key that nothing matches yet.

        Args:
            principal: Whom the link signs in.
            roles: What the principal may do.
            now: The present time.

        """
        return StoredKey(
            id=self.id,
            hash=self.hash,
            last_four=self.text[-4:],
            principal=principal,
            roles=roles,
            labels={},
            create_time=now,
            expire_time=now + LINK_LIFETIME,
        )


def new_link() -> ConsoleLink:
    """Return a new link from the random numbers of the operating system."""
    key = generate()
    return ConsoleLink(key.id, key.secret)


def parse_link(text: str) -> ConsoleLink:
    """Return the link that a text holds.

    Raises:
        CredentialMalformed: The text is no link.

    """
    if len(text) > _LONGEST or not (found := _FORM.fullmatch(text)):
        raise CredentialMalformed("a link that `longtake-server console` printed")
    return ConsoleLink(found[1], found[2])
