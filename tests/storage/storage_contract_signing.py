# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of every store for signing keys."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.identity.signing_keys import SigningKey
from storage.storage_records import NOON

if TYPE_CHECKING:
    from longtake_server.identity.signing_keys import SigningKeyStore

DAY = timedelta(days=1)
FIRST = SigningKey("first", bytes(range(32)), NOON)
SECOND = SigningKey("second", b"\x00\xff" * 16, NOON + DAY)


class SigningKeyContract:
    """Tests the signing keys of a store."""

    async def test_a_new_store_has_no_signing_keys(self, store: SigningKeyStore) -> None:
        assert await store.signing_keys() == ()

    async def test_signing_keys_are_read_back_the_newest_first(
        self, store: SigningKeyStore
    ) -> None:
        await store.add_signing_key(FIRST, NOON - DAY, NOON - DAY)
        await store.add_signing_key(SECOND, NOON + DAY, NOON - DAY)
        assert await store.signing_keys() == (SECOND, FIRST)

    async def test_a_signing_key_is_not_added_beside_one_that_is_new_enough(
        self, store: SigningKeyStore
    ) -> None:
        await store.add_signing_key(FIRST, NOON - DAY, NOON - DAY)
        await store.add_signing_key(SECOND, NOON - timedelta(microseconds=1), NOON - DAY)
        assert await store.signing_keys() == (FIRST,)
        await store.add_signing_key(SECOND, NOON, NOON - DAY)
        assert await store.signing_keys() == (SECOND, FIRST)

    async def test_signing_keys_that_no_address_needs_are_deleted(
        self, store: SigningKeyStore
    ) -> None:
        await store.add_signing_key(FIRST, NOON - DAY, NOON - DAY)
        await store.add_signing_key(SECOND, NOON + DAY, NOON + timedelta(microseconds=1))
        assert await store.signing_keys() == (SECOND,)

    def test_a_signing_key_does_not_show_its_secret(self) -> None:
        assert "secret" not in repr(FIRST)
