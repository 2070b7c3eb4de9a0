# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store keeps the contract of every store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.key_queries import KeyTable
from longtake_server.storage.postgres.store import PostgresStore
from storage.storage_contract import OperationStoreContract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from storage.storage_contract_keys import OpenRegister


class Opener:
    """Holds the only open store of a test."""

    def __init__(self, url: str, clock: FakeClock) -> None:
        self.address = DatabaseAddress(url)
        self.clock = clock
        self.store: PostgresStore | None = None

    async def __call__(self) -> PostgresStore:
        await self.close()
        self.store = await PostgresStore.open(self.address, self.clock)
        return self.store

    async def close(self) -> None:
        if self.store is not None:
            await self.store.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def reopen(database_url: str, clock: FakeClock) -> AsyncIterator[Opener]:
    opener = Opener(database_url, clock)
    yield opener
    await opener.close()


@pytest.fixture
async def store(reopen: Opener) -> PostgresStore:
    return await reopen()


@pytest.fixture
def register(reopen: Opener) -> OpenRegister:
    @contextmanager
    def opened() -> Iterator[KeyTable]:
        with reopen.address.connect_blocking() as connection:
            yield KeyTable(connection)

    return opened


class TestPostgresStore(OperationStoreContract):
    """Tests the contract with a schema of a real server."""
