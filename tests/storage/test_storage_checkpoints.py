# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The write-ahead log is copied beside the commits, and is begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake_server.storage.checkpoints import Checkpoints
from longtake_server.storage.database import BUSY_SECONDS, Database, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LARGE = (64 << 20) + 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "longtake.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(path)
    yield database
    database.close()


@pytest.fixture
def checkpoints(database: Database) -> Iterator[Checkpoints]:
    checkpoints = Checkpoints(database.writing, database.copying, BUSY_SECONDS)
    yield checkpoints
    checkpoints.close()


def _commit(database: Database, count: int = 1) -> None:
    for _ in range(count):
        database.writing.execute("UPDATE meta SET position = position + 1")


def _commit_until_copied(database: Database, checkpoints: Checkpoints) -> None:
    """Commit until the thread has copied the log, and once more, which it has not copied."""
    is_due = False
    while not is_due:
        _commit(database)
        checkpoints.committed(0)
        is_due = checkpoints._commits == 0
    checkpoints._copied.wait()
    _commit(database)


def _pages_in_log(database: Database) -> int:
    pages: int = database.writing.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    return pages


def test_a_commit_copies_nothing(database: Database, path: Path) -> None:
    before = path.read_bytes()
    _commit(database, 2000)
    assert path.read_bytes() == before


def test_the_log_is_begun_anew_while_commits_go_on(
    database: Database, checkpoints: Checkpoints
) -> None:
    _commit_until_copied(database, checkpoints)
    checkpoints.committed(0)
    _commit(database)
    assert _pages_in_log(database) == 1


def test_many_bytes_are_copied_before_many_commits(
    database: Database, checkpoints: Checkpoints, path: Path
) -> None:
    _commit(database)
    before = path.read_bytes()
    checkpoints.committed(5 << 20)
    checkpoints._copied.wait()
    assert path.read_bytes() != before


def test_a_large_log_waits_only_a_moment_for_a_reader(
    database: Database, checkpoints: Checkpoints, path: Path
) -> None:
    log = path.with_name(f"{path.name}-wal")
    reading = database.reading[0]
    _commit(database)
    reading.execute("BEGIN")
    reading.execute("SELECT position FROM meta").fetchone()
    _commit_until_copied(database, checkpoints)
    checkpoints.committed(_LARGE)
    assert log.stat().st_size > 0
    assert database.writing.execute("PRAGMA busy_timeout").fetchone()[0] == BUSY_SECONDS * 1000

    reading.rollback()
    _commit_until_copied(database, checkpoints)
    checkpoints.committed(_LARGE)
    assert log.stat().st_size == 0
