# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys that sign addresses of videos, which change every day, and the port to their store.

tests/storage has one suite that every implementation of the port must pass.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from longtake_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from datetime import datetime

    from longtake_server.clock import Clock

_T = TypeVar("_T")

_SECRET_BYTES = 32
_ID_BYTES = 8
_SIGNS = timedelta(days=1)
# How long a server may not know that the keys were replaced beside it.
_OLDEST_SECONDS = 5.0
_STORE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs addresses.

    Attributes:
        id: Its public name, which the addresses have.
        secret: 32 random bytes.
        create_time: When it was made.
    """

    id: str
    secret: bytes = field(repr=False)
    create_time: datetime


class SigningKeyStore(Protocol):
    """Where the keys are kept. Every method may raise StorageUnavailable."""

    async def signing_keys(self) -> Sequence[SigningKey]:
        """Return all keys, the newest first."""

    async def add_signing_key(
        self, key: SigningKey, unless_since: datetime, forget_before: datetime
    ) -> None:
        """Add a key, unless there is one that was made after `unless_since`.

        Args:
            key: The key.
            unless_since: A key that was made later makes this one unnecessary.
            forget_before: Keys that were made earlier are deleted.

        """


class SigningKeys:
    """The signing keys of a running server.

    A key signs for a day. It is kept until the last address that it signed has expired.

    Args:
        store: The store of keys.
        clock: Time.
        longest: The longest lifetime of an address.

    """

    def __init__(self, store: SigningKeyStore, clock: Clock, longest: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._longest = longest
        self._keys: Mapping[str, SigningKey] = {}
        self._read_at: float | None = None
        # One read at a time. Whoever waits for the lock may find that it has been made meanwhile.
        self._reading = asyncio.Lock()
        self._reads_begun = 0

    async def newest(self) -> SigningKey:
        """Return the key that signs now, which every server of the store knows.

        Raises:
            StorageUnavailable: The keys cannot be read, or a new one cannot be stored.

        """
        await self._keep_fresh()
        now = self._clock.now()
        key = self._signing(now)
        if key is not None:
            return key
        made = SigningKey(secrets.token_hex(_ID_BYTES), secrets.token_bytes(_SECRET_BYTES), now)
        forget_before = now - _SIGNS - self._longest
        await _in_time(self._store.add_signing_key(made, now - _SIGNS, forget_before))
        await self._read()
        stored = self._signing(now)
        if stored is None:
            raise StorageUnavailable("the new signing key was not stored")
        return stored

    async def find(self, key_id: str) -> SigningKey | None:
        """Return a key, or None if there is none of this id.

        Raises:
            StorageUnavailable: The keys cannot be read.

        """
        await self._keep_fresh()
        if key_id not in self._keys:
            await self._read()
        return self._keys.get(key_id)

    def _signing(self, now: datetime) -> SigningKey | None:
        newest = max(self._keys.values(), key=lambda key: key.create_time, default=None)
        return newest if newest is not None and now - newest.create_time < _SIGNS else None

    async def _keep_fresh(self) -> None:
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at > _OLDEST_SECONDS:
            await self._read()

    async def _read(self) -> None:
        """Read the keys. Calls that wait at the same time share a read that begins after them."""
        begun = self._reads_begun
        async with self._reading:
            if self._reads_begun != begun:
                return
            self._reads_begun += 1
            began = self._clock.monotonic()
            keys = await _in_time(self._store.signing_keys())
            self._keys = {key.id: key for key in keys}
            self._read_at = began


async def _in_time(access: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            return await access
    except TimeoutError as error:
        raise StorageUnavailable("the signing keys cannot be reached in time") from error
