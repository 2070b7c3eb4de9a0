# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides on the addresses of webhooks without looking them up."""

from __future__ import annotations

from longtake_server.errors import InvalidRequest, Violation


class ScriptedAddresses:
    """Accepts all addresses but those of the host `private.example.com`."""

    async def check(self, url: str) -> None:
        """See AddressCheck.check."""
        if url.startswith("https://private.example.com"):
            raise InvalidRequest([Violation("url", "its address is not public")])
