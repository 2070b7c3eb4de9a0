# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for API keys.

The fixture `register` is a function that opens a KeyRegister beside the open store, as a context
that commits at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import StartFailure
from longtake_server.identity.api_key import generate
from longtake_server.identity.key_store import KeyRegister, KeyStore, StoredKey
from longtake_server.identity.principal import Role
from storage.storage_records import NOON

if TYPE_CHECKING:
    from collections.abc import Awaitable

OpenRegister = Callable[[], AbstractContextManager[KeyRegister]]

HOUR = timedelta(hours=1)


def new_key(**changes: object) -> StoredKey:
    """Return what is stored of a new key."""
    key = generate()
    made = StoredKey(
        id=key.id,
        hash=key.hash,
        last_four=key.text[-4:],
        principal="ann",
        roles=frozenset({Role.GENERATOR}),
        labels={},
        create_time=NOON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each change is of its field's type


class KeyContract:
    """Tests the keys of a store and the register beside it."""

    async def test_a_new_store_has_no_keys(self, store: KeyStore) -> None:
        assert await store.keys() == ()

    async def test_keys_are_read_back_in_the_order_of_their_creation(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        first = new_key(
            principal="corp:ann@example.com",
            roles=frozenset(Role),
            labels={"größe": "7", "team": ""},
            expire_time=NOON + 2 * HOUR,
            revoke_time=NOON + HOUR,
            last_use_time=NOON,
            public_key="-----BEGIN PUBLIC KEY-----\n",
            google_results="addresses",
        )
        second = new_key(create_time=NOON + HOUR)
        with register() as keys:
            keys.add(second)
            keys.add(first)
            assert keys.find(first.id) == first
            assert keys.find("0" * 12) is None
        assert await store.keys() == (first, second)

    async def test_each_change_of_a_key_changes_the_version(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        key = new_key()
        versions = [await store.key_version()]
        with register() as keys:
            keys.add(key)
        versions.append(await store.key_version())
        with register() as keys:
            keys.expire(key.id, NOON + HOUR)
        versions.append(await store.key_version())
        with register() as keys:
            keys.revoke(key.id, NOON)
        versions.append(await store.key_version())
        assert versions == sorted(set(versions))

    async def test_a_key_is_revoked_once(self, store: KeyStore, register: OpenRegister) -> None:
        key, other = new_key(), new_key(create_time=NOON + HOUR)
        with register() as keys:
            keys.add(key)
            keys.add(other)
            keys.revoke(key.id, NOON)
            keys.revoke(key.id, NOON + HOUR)
        assert await store.keys() == (replace(key, revoke_time=NOON), other)

    async def test_an_expiry_is_brought_forward_and_never_put_off(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        key = new_key()
        with register() as keys:
            keys.add(key)
            keys.expire(key.id, NOON + 2 * HOUR)
            keys.expire(key.id, NOON + HOUR)
            keys.expire(key.id, NOON + 2 * HOUR)
        assert await store.keys() == (replace(key, expire_time=NOON + HOUR),)

    async def test_what_is_broken_off_changes_nothing(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        before = await store.key_version()

        def break_off() -> None:
            with register() as keys:
                keys.add(new_key())
                raise StartFailure("no such key")

        with pytest.raises(StartFailure, match="no such key"):
            break_off()
        assert await store.keys() == ()
        assert await store.key_version() == before

    async def test_a_use_is_stored_to_the_minute_and_never_taken_back(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        key, other = new_key(), new_key(create_time=NOON + HOUR)
        with register() as keys:
            keys.add(key)
            keys.add(other)
        version = await store.key_version()
        minute = NOON + timedelta(minutes=5)
        await store.note_key_uses({key.id: minute + timedelta(seconds=59.9), "0" * 12: NOON})
        await store.note_key_uses({key.id: NOON})
        assert await store.keys() == (replace(key, last_use_time=minute), other)
        assert await store.key_version() == version

    async def test_a_secret_is_replaced_once_and_only_while_the_key_is_accepted(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        link = new_key(expire_time=NOON + HOUR)
        expired, revoked = new_key(expire_time=NOON), new_key()
        with register() as keys:
            for key in (link, expired, revoked):
                keys.add(key)
            keys.revoke(revoked.id, NOON)
        version = await store.key_version()
        new = replace(link, hash=bytes(32), last_four="last", expire_time=NOON + 9 * HOUR)
        assert not await store.redeem_key(bytes(32), new, NOON)
        assert await store.redeem_key(link.hash, new, NOON)
        assert await store.key_version() > version
        assert not await store.redeem_key(link.hash, new, NOON)
        for key in (expired, revoked):
            assert not await store.redeem_key(key.hash, replace(key, hash=bytes(32)), NOON)
        hashes = {key.id: key.hash for key in await store.keys()}
        assert hashes == {
            link.id: bytes(32),
            expired.id: expired.hash,
            revoked.id: revoked.hash,
        }
        assert new in await store.keys()

    async def test_keys_survive(
        self,
        store: KeyStore,
        register: OpenRegister,
        reopen: Callable[[], Awaitable[KeyStore]],
    ) -> None:
        key = new_key()
        with register() as keys:
            keys.add(key)
        await store.note_key_uses({key.id: NOON})
        version = await store.key_version()
        reopened = await reopen()
        assert await reopened.keys() == (replace(key, last_use_time=NOON),)
        assert await reopened.key_version() == version

    async def test_no_change_of_a_register_is_lost_beside_uses(
        self, store: KeyStore, register: OpenRegister
    ) -> None:
        added = [new_key() for _ in range(10)]

        def add(key: StoredKey) -> None:
            with register() as keys:
                keys.add(key)

        await asyncio.gather(
            *(asyncio.to_thread(add, key) for key in added),
            *(store.note_key_uses({added[0].id: NOON}) for _ in range(10)),
        )
        assert {key.id for key in await store.keys()} == {key.id for key in added}
