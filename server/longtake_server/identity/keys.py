# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The API keys of a running server, held in memory and kept fresh."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    StorageUnavailable,
)
from longtake_server.identity.api_key import TOKEN_PREFIX, ApiKey, generate, parse
from longtake_server.identity.console_link import SESSION_LIFETIME, parse_link
from longtake_server.identity.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.identity.console_link import ConsoleLink
    from longtake_server.identity.key_store import KeyStore, StoredKey

_log = logging.getLogger(__name__)

_BETWEEN_READS_SECONDS = 0.5
_READ_SECONDS = 2.0
_OLDEST_SECONDS = 5.0
_BETWEEN_WRITES_SECONDS = 60.0
_MOST_TOKENS = 10_000

_UNREADABLE = "the API keys cannot be read"


class KeyRing:
    """Turns API keys, and access tokens of their credentials files, into principals.

    A new key is accepted at once: what is unknown is looked up before it is refused. Any other
    change of the keys in the store takes effect within a second. If the store cannot be read for 5
    seconds, no key is accepted until it can be read again.

    Args:
        store: The store of keys.
        clock: Determines which keys have expired and when the store is read.
        note: Called on the event loop whenever `available` changes, and after the first read.
        read_seconds: The deadline of each access to the store.

    """

    def __init__(
        self,
        store: KeyStore,
        clock: Clock,
        note: Callable[[bool], None] = lambda _available: None,
        read_seconds: float = _READ_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._note = note
        self._read_seconds = read_seconds
        self._token_uri: str | None = None
        self._version: int | None = None
        self._keys: Mapping[str, tuple[StoredKey, Principal]] = {}
        # By a digest of the whole text. Each key has one text, so it is no larger than `_keys`.
        self._proven: dict[bytes, tuple[StoredKey, Principal]] = {}
        # The same of access tokens, of which a key can have many.
        self._proven_tokens: OrderedDict[bytes, tuple[StoredKey, Principal]] = OrderedDict()
        self._fresh_at = 0.0
        self._read_time = clock.now()
        self._available: bool | None = None
        # One read at a time. Whoever waits for the lock may find that it has been made meanwhile.
        self._reading = asyncio.Lock()
        self._reads_begun = 0
        self._last_read_failed = False
        # One time for each key at most.
        self._uses: dict[str, datetime] = {}

    @property
    def available(self) -> bool:
        """Whether keys can be verified now."""
        return bool(self._available)

    def issue_at(self, token_uri: str | None) -> None:
        """Accept assertions of credentials files that are for this address, besides Google's.

        Args:
            token_uri: The address of the server's token endpoint, None if it is not known.

        """
        self._token_uri = token_uri

    def known(self, text: str) -> Principal | None:
        """Return the principal of a key that is in memory, or None if the store must be asked.

        Raises:
            CredentialMalformed, CredentialRevoked, CredentialExpired, AuthenticationUnavailable: As
                `verify`.

        """
        try:
            return self._principal_of(text)
        except CredentialUnknown:
            return None

    async def verify(self, text: str) -> Principal:
        """Return the principal that an API key stands for, by a read that begins after the call.

        Calls that wait at the same time share a read.

        Args:
            text: The whole key, or an access token of the key's credentials file.

        Raises:
            CredentialMalformed: The text is not an API key or such a token.
            CredentialUnknown: The server has no such key, or its secret is another.
            CredentialRevoked: The key was revoked.
            CredentialExpired: The key, or the token, has expired.
            AuthenticationUnavailable: The store of keys cannot be read.

        """
        begun = self._reads_begun
        async with self._reading:
            if self._reads_begun == begun:
                await self._refresh()
        try:
            return self._principal_of(text)
        except CredentialUnknown:
            if self._last_read_failed:
                raise AuthenticationUnavailable(_UNREADABLE) from None
            raise

    async def holder(self, key_id: str) -> Principal:
        """Return the principal of a key, given its id. It does not count as a use of the key.

        Raises:
            CredentialUnknown: The server has no such key.
            CredentialRevoked, CredentialExpired, AuthenticationUnavailable: As `verify`.

        """
        if key_id not in self._keys:
            await self.refresh()
        if not self._available:
            raise AuthenticationUnavailable(_UNREADABLE)
        found = self._keys.get(key_id)
        if found is None:
            raise CredentialUnknown("the server does not know the API key")
        self._check(*found)
        return found[1]

    async def redeem(self, text: str) -> ApiKey:
        """Return the key that a link of the console stands for. A link works once.

        Args:
            text: The link.

        Raises:
            CredentialMalformed: The text is not a link.
            CredentialUnknown: The server has no such link, or it was used, or has expired.
            AuthenticationUnavailable: The store of keys cannot be changed.

        """
        link = parse_link(text)
        await self.refresh()
        if not self._available:
            raise AuthenticationUnavailable(_UNREADABLE)
        stored, _ = self._keys.get(link.id, (None, None))
        made = ApiKey(link.id, generate().secret)
        if stored is None or not await self._replace(stored, link, made):
            raise CredentialUnknown("the link was used, has expired, or is of another server")
        await self.refresh()
        return made

    async def _replace(self, stored: StoredKey, link: ConsoleLink, made: ApiKey) -> bool:
        now = self._clock.now()
        ends = now + SESSION_LIFETIME
        new = replace(stored, hash=made.hash, last_four=made.text[-4:], expire_time=ends)
        try:
            async with asyncio.timeout(self._read_seconds):
                return await self._store.redeem_key(link.hash, new, now)
        except (StorageUnavailable, TimeoutError) as failure:
            raise AuthenticationUnavailable("the API keys cannot be changed") from failure

    def _principal_of(self, text: str) -> Principal:
        # For this process alone. OpenSSL's SHA-256 takes longer to set up.
        digest = hashlib.blake2s(text.encode("utf-8", "surrogatepass")).digest()
        key, principal = (
            self._proven.get(digest) or self._proven_tokens.get(digest) or self._prove(text, digest)
        )
        self._uses[key.id] = self._check(key, principal)
        return principal

    def _check(self, key: StoredKey, principal: Principal) -> datetime:
        """Return about the time, at which the key, and what was presented of it, are valid."""
        if key.revoke_time is not None:
            raise CredentialRevoked(key.id)
        if principal.expire_time is None:
            # Only the minute of a use is stored.
            return self._read_time
        now = self._clock.now()
        if principal.expire_time <= now:
            raise CredentialExpired(key.id)
        return now

    def _prove(self, text: str, digest: bytes) -> tuple[StoredKey, Principal]:
        """Return the key that a text is, and keep it for the next call with this text."""
        if text.startswith(TOKEN_PREFIX):
            return self._prove_token(text.removeprefix(TOKEN_PREFIX), digest)
        presented = parse(text)
        if not self._available:
            raise AuthenticationUnavailable(_UNREADABLE)
        found = self._keys.get(presented.id)
        if found is None or not hmac.compare_digest(found[0].hash, presented.hash):
            raise CredentialUnknown("the server does not know the API key")
        self._proven[digest] = found
        return found

    def _prove_token(self, assertion: str, digest: bytes) -> tuple[StoredKey, Principal]:
        """Return the key whose credentials file an access token is from. Keeps it likewise."""
        # Imported only then: it takes memory that other servers need not spend.
        from longtake_server.identity import credentials_file

        key_id = credentials_file.key_id_of(assertion)
        if not self._available:
            raise AuthenticationUnavailable(_UNREADABLE)
        key, principal = self._keys.get(key_id, (None, None))
        if key is None or principal is None or not key.public_key:
            raise CredentialUnknown("the server does not know the credentials file")
        now = self._clock.now()
        ends = credentials_file.expire_time_of(assertion, key, self._token_uri, now)
        if principal.expire_time is not None:
            ends = min(ends, principal.expire_time)
        found = key, replace(principal, expire_time=ends)
        self._proven_tokens[digest] = found
        if len(self._proven_tokens) > _MOST_TOKENS:
            self._proven_tokens.popitem(last=False)
        return found

    async def run(self) -> None:
        """Keep the keys fresh and store when they were used, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_fresh(), name="keys-read")
            tasks.create_task(self._keep_uses(), name="keys-used")

    async def refresh(self) -> None:
        """Read the keys if they have changed. A failure only shows in `available`."""
        async with self._reading:
            await self._refresh()

    async def _refresh(self) -> None:
        self._reads_begun += 1
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._read_seconds):
                await self._read()
        except (StorageUnavailable, TimeoutError) as failure:
            self._last_read_failed = True
            self._fail(failure)
            return
        self._last_read_failed = False
        self._fresh_at = begun
        self._read_time = self._clock.now()
        self._set_available(True)

    async def _keep_fresh(self) -> None:
        while True:
            await self.refresh()
            await self._clock.sleep(_BETWEEN_READS_SECONDS)

    async def _read(self) -> None:
        # A change between the two reads is read again, because its version is newer.
        version = await self._store.key_version()
        if version == self._version:
            return
        keys = await self._store.keys()
        self._keys = {key.id: (key, _principal_by(key)) for key in keys}
        self._forget_proofs()
        self._version = version

    def _fail(self, failure: Exception) -> None:
        age = self._clock.monotonic() - self._fresh_at
        if self._version is not None and age < _OLDEST_SECONDS:
            return
        if self._available is not False:
            _log.error(
                "the API keys cannot be read; no key is accepted",
                extra={"cause": str(failure) or "reading takes too long"},
            )
        self._set_available(False)

    def _set_available(self, available: bool) -> None:
        if available is self._available:
            return
        if available and self._available is False:
            _log.info("the API keys can be read again")
        self._available = available
        self._forget_proofs()
        self._note(available)

    def _forget_proofs(self) -> None:
        self._proven.clear()
        self._proven_tokens.clear()

    async def _keep_uses(self) -> None:
        while True:
            await self._clock.sleep(_BETWEEN_WRITES_SECONDS)
            await self._write_uses()

    async def _write_uses(self) -> None:
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            async with asyncio.timeout(self._read_seconds):
                await self._store.note_key_uses(uses)
        except (StorageUnavailable, TimeoutError) as failure:
            _log.warning(
                "the last uses of API keys were not stored; trying again in a minute",
                extra={"cause": str(failure) or "writing takes too long"},
            )
            self._uses = {**uses, **self._uses}


def _principal_by(key: StoredKey) -> Principal:
    return Principal(
        *(key.principal, key.roles, key.labels, key.id, key.expire_time, key.google_results)
    )
