# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Threads that read, each from its own snapshot."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from longtake_server.errors import StorageUnavailable
from longtake_server.storage.faults import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")

_MOST_WAITING = 1024


class Readers:
    """Runs reads concurrently with each other and with the writer."""

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self._free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for connection in connections:
            self._free.put(connection)
        self._threads = ThreadPoolExecutor(len(connections), "storage-reader")
        self._places = asyncio.Semaphore(_MOST_WAITING)
        self._refusal: str | None = None

    async def run(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run a query on one snapshot, which includes every write acknowledged before the call.

        Raises:
            StorageUnavailable: The database cannot be read.

        The errors that the query raises are passed on.

        """
        async with self._places:
            if self._refusal is not None:
                raise StorageUnavailable(self._refusal)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._read, query)

    def refuse(self, cause: str) -> None:
        """Refuse all further reads with StorageUnavailable, which names the cause."""
        self._refusal = self._refusal or cause

    async def close(self) -> None:
        """Finish the running reads and stop the threads."""
        self.refuse("it is closed")
        await asyncio.to_thread(self._threads.shutdown)

    def _read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        connection = self._free.get()
        try:
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                connection.rollback()
        except sqlite3.Error as error:
            raise unavailable(error) from error
        finally:
            self._free.put(connection)
