# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies the write-ahead log to the database file, in a thread of its own.

SQLite would do that in the commit that fills the log, which then takes many times as long, and so
do all operations that wait for it.

The thread never delays a commit, so under load the log is never copied to its end, and only then
may SQLite begin it anew. Therefore the writer copies the last few pages after the thread has copied
the others. While readers overlap without a gap, not even that is enough: a log that has become
large is begun anew once the present readers have ended, for which the writer waits a moment.
"""

from __future__ import annotations

import logging
import sqlite3
import threading

from longtake_server.storage.faults import cause_of

_log = logging.getLogger(__name__)

_COMMITS_BETWEEN = 64
_BYTES_BETWEEN = 4 << 20
_LARGE_BYTES = 64 << 20
_READERS_WAIT_SECONDS = 0.1


class Checkpoints:
    """Keeps the write-ahead log short. Its methods run in the writer's thread.

    Args:
        writing: The connection of the writer, which makes no checkpoints by itself.
        copying: A connection of the thread's own.
        busy_seconds: How long the writer waits for locks otherwise.

    """

    def __init__(
        self, writing: sqlite3.Connection, copying: sqlite3.Connection, busy_seconds: float
    ) -> None:
        self._writing = writing
        self._copying = copying
        self._busy_seconds = busy_seconds
        self._commits = 0
        self._bytes = 0
        self._due = threading.Event()
        self._copied = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="storage-checkpoints", daemon=True)
        self._thread.start()

    def committed(self, log_bytes: int) -> None:
        """Note a commit, after its writes were acknowledged.

        Args:
            log_bytes: The size of the file of the log. It stays when SQLite begins the log anew.

        """
        self._commits += 1
        self._bytes = min(self._bytes, log_bytes)
        if self._copied.is_set():
            self._copied.clear()
            self._copy_rest(is_large=log_bytes > _LARGE_BYTES)
        elif self._commits >= _COMMITS_BETWEEN or log_bytes - self._bytes > _BYTES_BETWEEN:
            self._commits, self._bytes = 0, log_bytes
            self._due.set()

    def close(self) -> None:
        """Stop the thread."""
        self._closing = True
        self._due.set()
        self._thread.join()

    def _copy_rest(self, *, is_large: bool) -> None:
        if not is_large:
            _checkpoint(self._writing, "PASSIVE")
            return
        _wait_for_locks(self._writing, _READERS_WAIT_SECONDS)
        _checkpoint(self._writing, "TRUNCATE")
        _wait_for_locks(self._writing, self._busy_seconds)

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._closing:
                return
            _checkpoint(self._copying, "PASSIVE")
            self._copied.set()


def _checkpoint(connection: sqlite3.Connection, mode: str) -> None:
    """Copy what can be copied. If it fails, the log is longer until the next one."""
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    except sqlite3.Error as error:
        _log.warning("cannot copy the write-ahead log", extra={"cause": cause_of(error)})


def _wait_for_locks(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}").fetchall()
