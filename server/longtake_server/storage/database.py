# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens the database file: locks it, checks it, and migrates it to the newest schema.

Each problem raises one StartFailure that names the path and says what to do. A refused file is left
unchanged.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure
from longtake_server.storage.faults import cause_of
from longtake_server.storage.migrations import (
    APPLICATION_ID,
    NEWEST_VERSION,
    migrate,
    schema_version,
)
from longtake_server.storage.owned_files import OwnedFiles
from longtake_server.storage.queries import position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 5.0
"""How long a connection waits for a lock."""

_READERS = 2
# A busy server commits all the time, and SQLite's busy handler is not fair.
_BUSY_SECONDS_BESIDE = 30.0
_LARGEST_FULLY_CHECKED = 8 << 20
_LARGEST_IDLE_WAL = 64 << 20

_HEADER_SIZE = 100
_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Database:
    """An open database that this process owns.

    Attributes:
        writing: The only connection that writes.
        copying: The connection that copies the write-ahead log to the file.
        reading: The read-only connections.
        reading_keys: The read-only connection for API keys, which therefore wait for no other read.
        files: The files of the database.
        position: The position of the store when it was opened.
    """

    writing: sqlite3.Connection
    copying: sqlite3.Connection
    reading: tuple[sqlite3.Connection, ...]
    reading_keys: sqlite3.Connection
    files: OwnedFiles
    position: int
    _lock: int

    def close(self) -> None:
        """Close the connections and unlock. The writing connection closes last and checkpoints."""
        for connection in (*self.reading, self.reading_keys, self.copying, self.writing):
            connection.close()
        os.close(self._lock)


def open_database(path: Path) -> Database:
    """Open the database; create it and its folder if they do not exist. Blocks.

    Raises:
        StartFailure: The database cannot be used.

    """
    with ExitStack() as undo:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = _lock(path)
            undo.callback(os.close, lock)
            header, size = _read_header(path)
        except OSError as error:
            raise StartFailure(
                f"{path} cannot be written: {error.strerror}; let this user write there, or set "
                "LONGTAKE_DATA_FOLDER to a writable folder"
            ) from error
        _check_header(path, header, size)
        try:
            writing = _connect(path)
            undo.callback(writing.close)
            _prepare(path, writing, size)
            copying = _connect(path)
            undo.callback(copying.close)
            reading = tuple(_connect_to_read(path, undo) for _ in range(_READERS))
            reading_keys = _connect_to_read(path, undo)
            files = OwnedFiles(path)
        except OSError as error:
            raise StartFailure(
                f"{path} is being removed or replaced: {error}; let nothing else use its folder"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StartFailure(
                f"{path} cannot be opened: {cause_of(error)} ({error}); "
                "make room, restore it from a backup, or move it away"
            ) from error
        undo.pop_all()
        return Database(writing, copying, reading, reading_keys, files, position(writing), lock)


def migrate_file(path: Path) -> int:
    """Bring a database to the newest schema, and return the version before. Blocks.

    A server may own the database if its schema is the newest already.

    Raises:
        StartFailure: The database cannot be used, or needs a migration while a server owns it.

    """
    version = 0
    if path.exists() and path.stat().st_size:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
                version = schema_version(found)
        except sqlite3.DatabaseError as error:
            raise StartFailure(f"{path} cannot be read: {cause_of(error)} ({error})") from error
    if version > NEWEST_VERSION:
        raise _too_new(path, version)
    if version < NEWEST_VERSION:
        open_database(path).close()
    return version


@contextmanager
def reading_beside(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database to read one snapshot, even while a server owns it. Blocks.

    Raises:
        StartFailure: The database cannot be read, or its schema is not the newest.

    """
    if not path.exists():
        raise StartFailure(
            f"{path} does not exist; set LONGTAKE_DATA_FOLDER to the data folder of a server"
        )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            reading.execute("BEGIN")
            _check_version(path, schema_version(reading))
            yield reading
    except sqlite3.DatabaseError as error:
        raise StartFailure(f"{path} cannot be read: {cause_of(error)} ({error})") from error


@contextmanager
def writing_beside(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database to change it in one transaction, even while a server owns it. Blocks.

    Creates the database if it does not exist. Commits at the end of the block, or rolls back if the
    block raises. Keep the block short: the server's commits wait for it, at most 5 seconds.

    Raises:
        StartFailure: The database cannot be written, or its schema is not the newest.

    """
    if not path.exists():
        open_database(path).close()
    try:
        with closing(_connect_beside(path)) as writing:
            writing.execute("PRAGMA synchronous = FULL")
            writing.execute("BEGIN IMMEDIATE")
            _check_version(path, schema_version(writing))
            if writing.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise _not_ours(path)
            yield writing
            writing.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise StartFailure(f"{path} cannot be written: {cause_of(error)} ({error})") from error


def _connect_beside(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS_BESIDE,
        isolation_level=None,
    )


def _check_version(path: Path, version: int) -> None:
    if version > NEWEST_VERSION:
        raise _too_new(path, version)
    if version < NEWEST_VERSION:
        raise StartFailure(
            f"{path} has schema version {version}; `longtake-server migrate`, or the start of "
            f"this server, brings it to version {NEWEST_VERSION}"
        )


def _lock(path: Path) -> int:
    """Take the lock file, which the process holds until it ends, and return its descriptor."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise StartFailure(
            f"{path} is in use by another server; stop that one, or set LONGTAKE_DATA_FOLDER to "
            "another folder"
        ) from error
    return lock


def _read_header(path: Path) -> tuple[bytes, int]:
    """Return SQLite's header and the file's size; create an empty file if there is none."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return os.read(file, _HEADER_SIZE), os.fstat(file).st_size
    finally:
        os.close(file)


def _check_header(path: Path, header: bytes, size: int) -> None:
    """Refuse a file by its header alone, before SQLite opens it."""
    if not header:
        return
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        raise _not_ours(path)
    if _number(header, 60) > NEWEST_VERSION:
        raise _too_new(path, _number(header, 60))
    if _number(header, 68) not in (0, APPLICATION_ID):
        raise _not_ours(path)
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    # After a crash, the missing pages may still be in the write-ahead log.
    if size < _number(header, 28) * page_size and not _has_log(path):
        raise _damaged(path, "its end is missing")


def _number(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "big")


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _connect(path: Path) -> sqlite3.Connection:
    # Only one thread at a time uses a connection, but not always the same thread.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _connect_to_read(path: Path, undo: ExitStack) -> sqlite3.Connection:
    connection = _connect(path)
    undo.callback(connection.close)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _prepare(path: Path, connection: sqlite3.Connection, size: int) -> None:
    version = schema_version(connection)
    if version > NEWEST_VERSION:
        raise _too_new(path, version)
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if version == 0 and tables:
        raise _not_ours(path)
    # Checking a large file would delay the start. Damage is detected when its pages are read.
    if 0 < size <= _LARGEST_FULLY_CHECKED:
        with closing(connection.execute("PRAGMA quick_check(1)")) as found:
            finding = found.fetchone()[0]
        if finding != "ok":
            raise _damaged(path, str(finding).replace("\n", " "))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Not in commits: see checkpoints.py.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_IDLE_WAL}")
    migrate(connection)


def _not_ours(path: Path) -> StartFailure:
    return StartFailure(
        f"{path} is not a Longtake database; move it away, or set LONGTAKE_DATA_FOLDER to another "
        "folder"
    )


def _too_new(path: Path, version: int) -> StartFailure:
    return StartFailure(
        f"{path} has schema version {version} and this server knows versions up to "
        f"{NEWEST_VERSION}; start the newer server that wrote it"
    )


def _damaged(path: Path, finding: str) -> StartFailure:
    return StartFailure(f"{path} is damaged: {finding}; restore it from a backup or move it away")
