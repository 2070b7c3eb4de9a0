# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The task that owns the writing connection and commits in groups.

While one commit waits for the database, further writes queue up, and the next commit takes all of
them. All groups of all processes are serial: each locks the one row of `meta` first. So positions
have no gaps and come in the order of the commits, and nothing deadlocks.

A group takes two exchanges with the database: one to lock and to read the rows that its writes
need, and one to store what changed and to commit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import psycopg

from longtake_server.errors import LongtakeError, OutcomeUnknown, StorageUnavailable
from longtake_server.operations.store import EngineReplaced, LeaseLost, RevisionConflict
from longtake_server.storage.group_commit import Outcome, Write, answer_all
from longtake_server.storage.postgres.faults import unavailable
from longtake_server.storage.postgres.group_changes import changes_of
from longtake_server.storage.postgres.group_reads import Keys, read_group
from longtake_server.storage.postgres.query import Query, rows_of, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import AsyncConnection

    from longtake_server.storage.postgres.group import Group
    from longtake_server.storage.postgres.query import Row
    from longtake_server.storage.postgres.session import Session

_T = TypeVar("_T")

_MOST_WAITING = 1024
_MOST_IN_A_COMMIT = 128
_REFUSALS = (LongtakeError, RevisionConflict, LeaseLost, EngineReplaced)
_REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)


class _Refused(Exception):
    """The database does not store a value of a write."""

    def __init__(self, cause: StorageUnavailable) -> None:
        self.cause = cause
        super().__init__()


@dataclass(frozen=True, slots=True)
class Decision(Generic[_T]):
    """A write that is decided in memory on rows that its group has read.

    Attributes:
        keys: Adds the keys of these rows.
        decide: Returns the result. If it raises, it must have changed nothing.
    """

    keys: Callable[[Keys], None]
    decide: Callable[[Group], _T]


# A query has no row in common with decisions.
_Change = Decision[Any] | Query[Any]


class Writer:
    """Runs writes and acknowledges each once it is durable.

    Args:
        session: The writing connection.
        channel: The channel of the notifications of new positions.
        committed: Called with the position after each commit.

    """

    def __init__(self, session: Session, channel: str, committed: Callable[[int], None]) -> None:
        self._session = session
        self._channel = channel
        self._committed = committed
        self._places = asyncio.Semaphore(_MOST_WAITING)
        self._waiting: asyncio.Queue[Write[_Change] | None] = asyncio.Queue()
        self._closed = False
        self._task = asyncio.create_task(self._run(), name="storage-writer")

    async def run(self, change: Decision[_T] | Query[_T]) -> _T:
        """Make a change, and return its result once it is durable.

        Cancelling this call does not cancel the change.

        Raises:
            OutcomeUnknown: The answer to the commit was lost.
            StorageUnavailable: Otherwise: the write failed; nothing was changed.

        The errors of the domain that the change raises are passed on; then, too, nothing was
        changed.

        """
        await self._places.acquire()
        if self._closed:
            self._places.release()
            raise StorageUnavailable("it is closed")
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(Write(change, answer))
        return await answer

    async def close(self) -> None:
        """Finish the waiting writes and close the connection."""
        if not self._closed:
            self._closed = True
            self._waiting.put_nowait(None)
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        open_ = True
        while open_:
            group = [await self._waiting.get()]
            while len(group) < _MOST_IN_A_COMMIT and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            open_ = None not in group
            outcomes = await self._commit([write for write in group if write is not None])
            answer_all(outcomes, self._places)
        await self._session.close()

    async def _commit(self, writes: Sequence[Write[_Change]]) -> Sequence[Outcome[_Change]]:
        if not writes:
            return ()
        try:
            return await self._session.run(partial(self._transact, writes=writes))
        except StorageUnavailable as error:
            return [Outcome(write, error=error) for write in writes]
        except Exception as error:  # noqa: BLE001 - passed to the caller, which waits for it
            if len(writes) == 1:
                cause = error.cause if isinstance(error, _Refused) else error
                return [Outcome(writes[0], error=cause)]
        # A write that cannot be stored must not fail the others.
        return [outcome for write in writes for outcome in await self._commit([write])]

    async def _transact(
        self, connection: AsyncConnection[Row], writes: Sequence[Write[_Change]]
    ) -> Sequence[Outcome[_Change]]:
        is_committing = False
        decisions = [
            (write, write.change) for write in writes if isinstance(write.change, Decision)
        ]
        queries = [(write, write.change) for write in writes if isinstance(write.change, Query)]
        try:
            async with connection.pipeline() as pipeline:
                await connection.execute("BEGIN", prepare=True)
                group = await read_group(connection, pipeline, _keys(decisions))
                outcomes = [
                    _outcome(write, partial(change.decide, group)) for write, change in decisions
                ]
                for query in changes_of(group, self._channel):
                    await send(connection, query)
                cursors = [await send(connection, query) for _, query in queries]
                is_committing = True
                await connection.execute("COMMIT", prepare=True)
        except psycopg.Error as error:
            if connection.closed and is_committing:
                raise OutcomeUnknown("the answer to a commit was lost") from None
            if isinstance(error, _REFUSED):
                raise _Refused(unavailable(error)) from None
            raise
        self._committed(group.position)
        for (write, query), cursor in zip(queries, cursors, strict=True):
            outcomes.append(_outcome(write, partial(query.answer, await rows_of(cursor))))
        return outcomes


def _keys(decisions: Sequence[tuple[Write[_Change], Decision[Any]]]) -> Keys:
    keys = Keys()
    for _, decision in decisions:
        decision.keys(keys)
    return keys


def _outcome(write: Write[_Change], result: Callable[[], Any]) -> Outcome[_Change]:
    try:
        return Outcome(write, result=result())
    except _REFUSALS as refusal:
        return Outcome(write, error=refusal)
