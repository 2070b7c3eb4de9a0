# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A connection that is made again after it is lost."""

from __future__ import annotations

import random
import socket
from contextlib import contextmanager, suppress
from os import dup
from typing import TYPE_CHECKING, TypeVar

import psycopg

from longtake_server.errors import StorageUnavailable
from longtake_server.storage.postgres.faults import cause_of, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from psycopg import AsyncConnection

    from longtake_server.clock import Clock
    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.query import Row

_T = TypeVar("_T")

_ANSWER_SECONDS = 20.0
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0


class Backoff:
    """How long to wait after failures: each time twice as long, up to 5 seconds, with jitter."""

    def __init__(self) -> None:
        self._failures = 0

    def failed(self) -> float:
        """Return the seconds to wait after another failure."""
        longest: float = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads the load, no more

    def succeeded(self) -> None:
        """Begin again with the shortest wait."""
        self._failures = 0


class Session:
    """One connection for one task.

    Args:
        address: The database.
        clock: Measures the deadline of an answer, and the waits between attempts to connect.

    """

    def __init__(self, address: DatabaseAddress, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._connection: AsyncConnection[Row] | None = None
        self._backoff = Backoff()
        self._retry_at = float("-inf")

    async def run(self, action: Callable[[AsyncConnection[Row]], Awaitable[_T]]) -> _T:
        """Run an action on the connection and return its result.

        If a connection was lost while it was idle, the action runs once more on a new one.

        Args:
            action: May run again after a psycopg.Error.

        Raises:
            StorageUnavailable: The database cannot be reached, or refused.

        The errors of the domain that the action raises are passed on.

        """
        was_open = self._connection is not None
        try:
            return await self._attempt(action)
        except psycopg.Error as error:
            if not (was_open and self._connection is None):
                raise unavailable(error) from None
        try:
            return await self._attempt(action)
        except psycopg.Error as error:
            raise unavailable(error) from None

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _attempt(self, action: Callable[[AsyncConnection[Row]], Awaitable[_T]]) -> _T:
        connection = await self._open()
        try:
            with _deadline(connection, self._clock):
                return await action(connection)
        finally:
            await self._tidy(connection)

    async def _open(self) -> AsyncConnection[Row]:
        if self._connection is not None:
            return self._connection
        if self._clock.monotonic() < self._retry_at:
            raise StorageUnavailable("the database cannot be reached")
        try:
            self._connection = await self._address.connect()
        except psycopg.Error as error:
            self._retry_at = self._clock.monotonic() + self._backoff.failed()
            raise StorageUnavailable(cause_of(error)) from None
        self._backoff.succeeded()
        return self._connection

    async def _tidy(self, connection: AsyncConnection[Row]) -> None:
        """Leave the connection without a transaction, or without the connection."""
        if not connection.closed:
            if connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE:
                return
            with suppress(psycopg.Error), _deadline(connection, self._clock):
                await connection.rollback()
                return
        self._connection = None
        await connection.close()


@contextmanager
def _deadline(connection: AsyncConnection[Row], clock: Clock) -> Iterator[None]:
    """Cut the connection if the database does not answer in time. Then each wait ends at once."""
    alarm = clock.call_later(_ANSWER_SECONDS, lambda: _cut(connection))
    try:
        yield
    finally:
        alarm.cancel()


def _cut(connection: AsyncConnection[Row]) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
