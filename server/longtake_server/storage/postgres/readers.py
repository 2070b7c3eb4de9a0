# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks that read, each on a connection of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from longtake_server.errors import StorageUnavailable
from longtake_server.storage.postgres.query import ask, ask_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from psycopg import AsyncConnection

    from longtake_server.storage.postgres.query import Query, Row
    from longtake_server.storage.postgres.session import Session

_T = TypeVar("_T")

_MOST_WAITING = 1024


@dataclass(frozen=True, slots=True)
class _Read(Generic[_T]):
    action: Callable[[AsyncConnection[Row]], Awaitable[_T]]
    answer: asyncio.Future[_T]


class Readers:
    """Runs reads concurrently with each other and with the writer."""

    def __init__(self, sessions: Sequence[Session], name: str) -> None:
        self._waiting: asyncio.Queue[_Read[Any] | None] = asyncio.Queue()
        self._places = asyncio.Semaphore(_MOST_WAITING)
        self._closed = False
        self._tasks = [
            asyncio.create_task(self._serve(session), name=f"{name}-{number}")
            for number, session in enumerate(sessions)
        ]

    async def run(self, query: Query[_T]) -> _T:
        """Run a query, which sees every write acknowledged before the call.

        Cancelling this call does not cancel the query.

        Raises:
            StorageUnavailable: The database cannot be read.

        The errors that the query raises are passed on.

        """
        return await self.act(partial(ask, query=query))

    async def run_all(self, queries: Sequence[Query[Any]]) -> list[Any]:
        """Run queries on one snapshot. See `run`."""
        return await self.act(partial(_on_one_snapshot, queries=queries))

    async def act(self, action: Callable[[AsyncConnection[Row]], Awaitable[_T]]) -> _T:
        """Run an action on a connection. See `run`.

        Args:
            action: May run again after a psycopg.Error.

        """
        async with self._places:
            if self._closed:
                raise StorageUnavailable("it is closed")
            answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
            self._waiting.put_nowait(_Read(action, answer))
            return await answer

    async def close(self) -> None:
        """Finish the waiting reads and close the connections."""
        if not self._closed:
            self._closed = True
            for _ in self._tasks:
                self._waiting.put_nowait(None)
        await asyncio.gather(*self._tasks)

    async def _serve(self, session: Session) -> None:
        while (read := await self._waiting.get()) is not None:
            try:
                result = await session.run(read.action)
            except Exception as error:  # noqa: BLE001 - passed to the caller, which waits for it
                if not read.answer.done():
                    read.answer.set_exception(error)
            else:
                if not read.answer.done():
                    read.answer.set_result(result)
        await session.close()


async def _on_one_snapshot(
    connection: AsyncConnection[Row], queries: Sequence[Query[Any]]
) -> list[Any]:
    async with connection.pipeline() as pipeline:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = await ask_all(connection, pipeline, queries)
        await connection.execute("COMMIT")
    return found
