# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns grants into addresses under the public URL, and addresses back into grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.configuration.addresses import is_loopback
from longtake_server.errors import PublicUrlMissing
from longtake_server.http.signed import AddressRefused, signed

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.http.signed import SignedAddress
    from longtake_server.identity.signing_keys import SigningKeys
    from longtake_server.operations.results.addresses import VideoGrant


class UrlSigner:
    """Implements operations.results.addresses.AddressSigner.

    Args:
        keys: The keys that sign.
        clock: Determines whether an address has expired.
        public_url: The base of all addresses, None for that of the listener.

    """

    def __init__(self, keys: SigningKeys, clock: Clock, public_url: str | None) -> None:
        self._keys = keys
        self._clock = clock
        self._base = None if public_url is None else public_url.rstrip("/")

    def listens(self, address: str, *, tls: bool) -> None:
        """Sign addresses of the listener, if there is no public URL and callers are on this host.

        Args:
            address: `host:port` of the listener.
            tls: Whether it speaks TLS.

        """
        if self._base is None and is_loopback(address):
            self._base = f"{'https' if tls else 'http'}://{address}"

    async def address(self, grant: VideoGrant, mime_type: str) -> str:
        """See AddressSigner.address."""
        if self._base is None:
            raise PublicUrlMissing("LONGTAKE_PUBLIC_URL")
        return self._base + signed(grant, mime_type, await self._keys.newest())

    async def grant(self, address: SignedAddress) -> VideoGrant:
        """Return the grant of an address.

        Raises:
            AddressRefused: No key of this server signed it, or it has expired.
            StorageUnavailable: The keys that sign cannot be read.

        """
        key = await self._keys.find(address.key_id)
        if key is None:
            raise AddressRefused
        return address.check(key, self._clock.now())
