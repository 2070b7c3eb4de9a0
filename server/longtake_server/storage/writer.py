# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that owns the writing connection and commits in groups.

While one commit waits for the disk, further writes queue up, and the next commit takes all of
them. After a large group, the next one waits while more come. If a write in a group fails, the
group is rolled back and repeated with a savepoint for each write, so that only the failing write is
refused.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from time import sleep
from typing import TYPE_CHECKING, TypeVar

from longtake_server.errors import StorageUnavailable
from longtake_server.storage.changes import Creation
from longtake_server.storage.faults import unavailable
from longtake_server.storage.group_commit import Outcome, Write, answer_all
from longtake_server.storage.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.storage.checkpoints import Checkpoints
    from longtake_server.storage.owned_files import OwnedFiles

_T = TypeVar("_T")
# May run again after a rollback, so it must change nothing but the transaction.
_Action = Callable[[Transaction], object]

_MOST_WAITING = 1024
_MOST_IN_A_COMMIT = 256
# As PostgreSQL's commit_siblings and commit_delay. A few writes at a time never wait; with many,
# fewer commits save more than the wait costs (docs/decisions/0003-sqlite-with-one-owner.md).
_SIBLINGS = 5
_PAUSE_SECONDS = 0.001
_MOST_PAUSES = 8


class Writer:
    """Runs writes one after another and acknowledges each once it is durable.

    Args:
        connection: The writing connection. Only the writer's thread uses it.
        files: Checked after each commit.
        checkpoints: Keeps the write-ahead log short.
        lost: Called once, on the event loop, with a description of the fault if the files are
            removed or replaced. From then on, each write is refused.
        position: The position of the store.

    Attributes:
        position: The position of the latest change that is durable.

    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        files: OwnedFiles,
        checkpoints: Checkpoints,
        lost: Callable[[str], None],
        position: int,
    ) -> None:
        self.position = position
        self._newest = position
        self._has_enqueued = False
        self._hearers: list[Callable[[], None]] = []
        self._moved = asyncio.Event()
        self._connection = connection
        self._files = files
        self._checkpoints = checkpoints
        self._lost = lost
        self._fault: str | None = None
        self._kept: Transaction | None = None
        self._version = 0
        self._loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(_MOST_WAITING)
        self._waiting: queue.SimpleQueue[Write[_Action] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    async def run(self, action: Callable[[Transaction], _T]) -> _T:
        """Run an action in a transaction, and return its result once it is durable.

        Cancelling this call does not cancel the write.

        Args:
            action: Called in the writer's thread, possibly more than once.

        Raises:
            StorageUnavailable: The write failed; nothing was changed.

        The errors that the action raises are passed on; then, too, nothing was changed.

        """
        await self._places.acquire()
        if self._closed:
            self._places.release()
            raise StorageUnavailable("it is closed")
        answer: asyncio.Future[_T] = self._loop.create_future()
        self._waiting.put(Write(action, answer))
        return await answer

    def moved(self) -> asyncio.Event:
        """Return an event that is set once `position` has changed."""
        return self._moved

    def on_enqueued(self, hear: Callable[[], None]) -> None:
        """See DeliveryStore.on_enqueued."""
        self._hearers.append(hear)

    async def close(self) -> None:
        """Finish the queued writes and stop the thread."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        group: list[Write[_Action] | None] = []
        while None not in group:
            group = self._next_group(siblings=len(group))
            outcomes = self._commit_to_files([write for write in group if write is not None])
            # The loop may be closed if the process exits without closing the store.
            with suppress(RuntimeError):
                enqueued, self._has_enqueued = self._has_enqueued, False
                self._loop.call_soon_threadsafe(self._answer, outcomes, self._newest, enqueued)
            self._checkpoints.committed(self._files.log_bytes)
        self._checkpoints.close()

    def _next_group(self, siblings: int) -> list[Write[_Action] | None]:
        """Wait for a write, and return it with those that wait by then. None ends the thread.

        Args:
            siblings: How many the group before had.

        """
        group = [self._waiting.get()]
        if siblings >= _SIBLINGS:
            self._wait_for_more()
        with suppress(queue.Empty):
            while len(group) < _MOST_IN_A_COMMIT:
                group.append(self._waiting.get_nowait())
        return group

    def _wait_for_more(self) -> None:
        """Wait while writes keep coming, up to a limit."""
        waiting = self._waiting.qsize()
        for _ in range(_MOST_PAUSES):
            sleep(_PAUSE_SECONDS)
            before, waiting = waiting, self._waiting.qsize()
            if waiting == before or waiting >= _MOST_IN_A_COMMIT:
                return

    def _commit_to_files(self, writes: Sequence[Write[_Action]]) -> Sequence[Outcome[_Action]]:
        """Commit, and acknowledge writes only if the files are still in place after it."""
        outcomes = self._commit(writes) if self._fault is None else ()
        if not self._has_lost_files():
            return outcomes
        return [Outcome(write, error=StorageUnavailable(str(self._fault))) for write in writes]

    def _has_lost_files(self) -> bool:
        if self._fault is None and (fault := self._files.fault()) is not None:
            self._fault = fault
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._lost, fault)
        return self._fault is not None

    def _commit(self, writes: Sequence[Write[_Action]]) -> Sequence[Outcome[_Action]]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return [Outcome(write, error=unavailable(error)) for write in writes]
        try:
            outcomes, newest, enqueued = self._attempt_all(writes)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._kept = None
            self._connection.rollback()
            if len(writes) == 1:
                return [Outcome(writes[0], error=unavailable(error))]
            # A write that does not fit on the disk must not fail the others.
            return [outcome for write in writes for outcome in self._commit([write])]
        self._newest = max(newest, self._newest)
        self._has_enqueued = self._has_enqueued or enqueued
        return outcomes

    def _attempt_all(
        self, writes: Sequence[Write[_Action]]
    ) -> tuple[Sequence[Outcome[_Action]], int, bool]:
        """Run writes in the open transaction.

        Returns:
            The outcomes, the last new position, and whether deliveries were made due.

        """
        try:
            # Failures are rare, and the two savepoint statements cost as much as a write.
            transaction = self._transaction()
            changes = [write.change for write in writes]
            transaction.look_up([one.record for one in changes if isinstance(one, Creation)])
            outcomes = [Outcome(write, result=write.change(transaction)) for write in writes]
            transaction.flush()
        except sqlite3.Error:
            raise
        except Exception:  # noqa: BLE001 - the next attempt shows which write failed
            self._kept = None
            self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            attempts = [self._attempt(write) for write in writes]
            newest = max(position for _, position, _ in attempts)
            return [one for one, _, _ in attempts], newest, any(new for *_, new in attempts)
        enqueued, transaction.has_enqueued = transaction.has_enqueued, False
        return outcomes, transaction.position or 0, enqueued

    def _transaction(self) -> Transaction:
        """Return the transaction that the previous commit left, if it is still true, or a new one.

        Another connection, that of a command, may have committed since.
        """
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._kept is None or version != self._version:
            self._kept, self._version = Transaction(self._connection), version
        return self._kept

    def _attempt(self, write: Write[_Action]) -> tuple[Outcome[_Action], int, bool]:
        self._connection.execute("SAVEPOINT one")
        position, enqueued = 0, False
        try:
            transaction = Transaction(self._connection)
            outcome = Outcome(write, result=write.change(transaction))
            transaction.flush()
            position, enqueued = transaction.position or 0, transaction.has_enqueued
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - passed to the caller, which waits on the event loop
            self._connection.execute("ROLLBACK TO one")
            outcome = Outcome(write, error=error)
        self._connection.execute("RELEASE one")
        return outcome, position, enqueued

    def _answer(
        self, outcomes: Sequence[Outcome[_Action]], newest: int, has_enqueued: bool
    ) -> None:
        answer_all(outcomes, self._places)
        if newest > self.position:
            self.position = newest
            # After the answers: whoever made a change knows of it before its news.
            self._moved.set()
            self._moved = asyncio.Event()
        if has_enqueued:
            for hear in self._hearers:
                hear()
