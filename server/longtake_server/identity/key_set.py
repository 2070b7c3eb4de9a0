# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches and caches the public keys that an issuer publishes as a JWKS document."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from longtake_server.identity.documents import NotFetched, fetch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from longtake_server.clock import Clock

_log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""The signatures that are accepted. A key is for one of them alone."""

_BETWEEN_FETCHES_SECONDS = 60.0
_SHORTEST_SECONDS = 60.0
_USUAL_SECONDS = 3600.0
_LONGEST_SECONDS = 86_400.0
# While an issuer does not answer, its keys count for this much longer.
_GRACE_SECONDS = 3600.0
_MOST_KEYS = 64
_LARGEST_RSA_BITS = 8192
_DISCOVERY = "/.well-known/openid-configuration"


class KeysUnavailable(Exception):
    """The keys are not cached and cannot be fetched at the moment."""


class KeySet:
    """Public keys by id.

    A thread fetches them, once for all waiting callers and at most once a minute, for unknown
    ids and after failures too. They are fetched again when the Cache-Control of the document
    says so, between a minute and a day later, after an hour if it says nothing. If that fails,
    they count for another hour.

    Args:
        find_url: Returns the address of the JWKS document; raises NotFetched.
        clock: Determines when keys are stale.
        owner: Whose keys they are, for the log.

    """

    def __init__(self, find_url: Callable[[], Awaitable[str]], clock: Clock, owner: str) -> None:
        self._owner = owner
        self._find_url = find_url
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._stale_at = float("-inf")
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> PyJWK | None:
        """Return a key, or None if the issuer has no such key.

        Raises:
            KeysUnavailable: The keys are not cached and cannot be fetched.

        """
        if key_id not in self._keys or self._clock.monotonic() > self._stale_at:
            await self._fetch_if_allowed()
        if self._clock.monotonic() > self._stale_at + _GRACE_SECONDS:
            raise KeysUnavailable("the signing keys cannot be fetched")
        return self._keys.get(key_id)

    async def aclose(self) -> None:
        """Cancel a running fetch."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _fetch_if_allowed(self) -> None:
        now = self._clock.monotonic()
        if self._tried is None or now - self._tried >= _BETWEEN_FETCHES_SECONDS:
            self._tried = now
            self._fetching = asyncio.create_task(self._fetch(), name="signing-keys")
        if self._fetching is not None:
            # Other callers wait for the same fetch, so one that leaves must not cancel it.
            await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            document = await fetch(await self._find_url(), self._clock)
        except NotFetched as error:
            self._warn(str(error))
            return
        if not (keys := dict(_usable(document.content))):
            self._warn("no usable key")
            return
        age = _USUAL_SECONDS if document.max_age is None else document.max_age
        self._keys = keys
        self._stale_at = self._clock.monotonic() + min(
            max(age, _SHORTEST_SECONDS), _LONGEST_SECONDS
        )

    def _warn(self, cause: str) -> None:
        _log.warning("cannot fetch signing keys", extra={"of": self._owner, "cause": cause})


def at(url: str) -> Callable[[], Awaitable[str]]:
    """Return what a KeySet needs for keys at a known address."""

    async def find() -> str:
        return url

    return find


def discovered(
    issuer: str, is_safe: Callable[[str], bool], clock: Clock
) -> Callable[[], Awaitable[str]]:
    """Return what a KeySet needs for the keys of an issuer of OpenID Connect.

    Args:
        issuer: The issuer, which publishes the address of its keys.
        is_safe: Whether keys may be fetched from an address.
        clock: Measures how long the issuer takes to answer.

    """

    async def find() -> str:
        document = await fetch(issuer.rstrip("/") + _DISCOVERY, clock)
        url = document.content.get("jwks_uri")
        if document.content.get("issuer") != issuer:
            raise NotFetched("the discovery document names another issuer")
        if not isinstance(url, str) or not is_safe(url):
            raise NotFetched("the discovery document has no jwks_uri that may be fetched")
        return url

    return find


def _usable(document: Mapping[str, Any]) -> Iterator[tuple[str, PyJWK]]:
    """Yield the keys that may sign tokens, at most 64, and pass over all others."""
    keys = document.get("keys")
    for data in keys[:_MOST_KEYS] if isinstance(keys, list) else ():
        if not isinstance(data, dict) or data.get("use", "sig") != "sig":
            continue
        key_id = data.get("kid")
        try:
            # The key decides which algorithm it is for. A token cannot choose another one.
            key = PyJWK(data)
            if isinstance(key_id, str) and key_id and _is_strong(key):
                yield key_id, key
        except (PyJWTError, ValueError, TypeError):
            continue


def _is_strong(key: PyJWK) -> bool:
    if key.algorithm_name not in ALGORITHMS or key.Algorithm.check_key_length(key.key):
        return False
    # A check with a longer key would hold up all other calls.
    return getattr(key.key, "key_size", 0) <= _LARGEST_RSA_BITS
