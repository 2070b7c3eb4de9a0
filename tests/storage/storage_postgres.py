# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores in PostgreSQL for the storage tests, and proxies that lose and change answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from fakes.clock import FakeClock
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK = 65536


@asynccontextmanager
async def opened(url: str, number: int = 1) -> AsyncIterator[list[PostgresStore]]:
    """Open a number of stores on one database, as so many processes do."""
    async with AsyncExitStack() as closing:
        stores = []
        for _ in range(number):
            store = await PostgresStore.open(DatabaseAddress(url), FakeClock())
            closing.push_async_callback(store.close)
            stores.append(store)
        yield stores


def clock_of(store: PostgresStore) -> FakeClock:
    """Return the clock of the machine of a store that `opened` has opened."""
    clock = store._clock._clock
    assert isinstance(clock, FakeClock)
    return clock


async def execute(url: str, sql: LiteralString) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(sql)
        return [] if cursor.description is None else await cursor.fetchall()


class LossyProxy:
    """Passes all bytes on, until it is told to lose the answer to a commit.

    Attributes:
        lose_commit: Whether to close a connection instead of answering its next commit.

    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.lose_commit = False
        self._ends: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Serve on a port, which this yields."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            server.close()
            for end in self._ends:
                end.transport.abort()

    async def _connected(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, onward = await asyncio.open_connection("127.0.0.1", self._port)
        self._ends |= {back, onward}
        committed = asyncio.Event()
        with suppress(OSError):
            await asyncio.gather(
                self._ask(client, onward, committed), self._answer(answers, back, committed)
            )
        back.close()
        onward.close()

    async def _ask(
        self, client: asyncio.StreamReader, onward: asyncio.StreamWriter, committed: asyncio.Event
    ) -> None:
        while data := await client.read(_CHUNK):
            if self.lose_commit and b"COMMIT" in data:
                committed.set()
            onward.write(data)
        onward.close()

    async def _answer(
        self, answers: asyncio.StreamReader, back: asyncio.StreamWriter, committed: asyncio.Event
    ) -> None:
        while data := await answers.read(_CHUNK):
            if committed.is_set():
                break
            back.write(data)
        back.close()


Replacements = Mapping[bytes, bytes]


@asynccontextmanager
async def replacing_proxy(port: int, replacements: Replacements) -> AsyncIterator[int]:
    """Pass on what the server says with replacements of the same length, on a port of its own."""
    ends: set[asyncio.StreamWriter] = set()

    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                for real, other in replacements.items():
                    assert len(real) == len(other)
                    data = data.replace(real, other)
                target.write(data)
        target.close()

    async def connected(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        answers, onward = await asyncio.open_connection("127.0.0.1", port)
        ends.update((back, onward))
        await asyncio.gather(pass_on(client, onward), pass_on(answers, back))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        server.close()
        for end in ends:
            end.transport.abort()
        await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)
