# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches and caches the public keys of a JWKS document."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jwt import PyJWKClient
from jwt.exceptions import PyJWTError

from longtake_server.push.faults import KeysUnavailable, NotVerified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwt import PyJWK

    from longtake_server.clock import Clock

GOOGLE_JWKS = "https://generativelanguage.googleapis.com/.well-known/jwks.json"
"""The keys of Google's dynamic webhooks."""

_log = logging.getLogger(__name__)

_FETCH_SECONDS = 10.0
_LIFETIME_SECONDS = 3600.0
_BETWEEN_FETCHES_SECONDS = 60.0
_MOST_KEYS = 64


class KeySet:
    """RSA keys by id.

    A thread fetches them, once for all waiting callers and at most once a minute,
    for unknown ids and after failures too. They are fetched again after an hour.

    Args:
        url: The http or https URL of the JWKS document.
        clock: Determines when keys are stale.

    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=_FETCH_SECONDS)
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched = 0.0
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> PyJWK:
        """Return a key.

        Raises:
            NotVerified: The sender has no such key.
            KeysUnavailable: The keys are not cached and cannot be fetched.

        """
        if key_id not in self._fresh():
            await self._fetch_if_allowed()
        keys = self._fresh()
        if not keys:
            raise KeysUnavailable("the signing keys cannot be fetched")
        if key_id not in keys:
            raise NotVerified("the signing key is unknown")
        return keys[key_id]

    async def aclose(self) -> None:
        """Cancel a running fetch."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _fresh(self) -> Mapping[str, PyJWK]:
        old = self._clock.monotonic() - self._fetched > _LIFETIME_SECONDS
        return {} if old else self._keys

    async def _fetch_if_allowed(self) -> None:
        now = self._clock.monotonic()
        if self._tried is None or now - self._tried >= _BETWEEN_FETCHES_SECONDS:
            self._tried = now
            self._fetching = asyncio.create_task(self._fetch(), name="push-keys")
        if self._fetching is not None:
            # Other callers wait for the same fetch, so one that leaves must not cancel it.
            await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            found = await asyncio.to_thread(self._client.get_jwk_set)
        except (PyJWTError, OSError, ValueError) as error:
            _log.warning("cannot fetch signing keys", extra={"cause": type(error).__name__})
            return
        usable = [
            key
            for key in found.keys
            if key.key_id and key.key_type == "RSA" and key.public_key_use in ("sig", None)
        ]
        self._keys = {str(key.key_id): key for key in usable[:_MOST_KEYS]}
        self._fetched = self._clock.monotonic()
