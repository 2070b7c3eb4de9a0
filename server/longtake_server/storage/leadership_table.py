# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the engine: its term, the fence of its changes, and the release of earlier leases.

Each function runs inside a transaction that its caller opened. Only one process can open the
database, so a new name means that the earlier holder is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.store import EngineReplaced, LeaseLost

if TYPE_CHECKING:
    import sqlite3

    from longtake_server.operations.store import Fence


def epoch_of(connection: sqlite3.Connection, replica: str) -> int | None:
    """Return the epoch of the present term, or None if it is not this replica's."""
    found = connection.execute("SELECT epoch FROM meta WHERE engine = ?", (replica,)).fetchone()
    return None if found is None else found[0]


def begin(connection: sqlite3.Connection, replica: str) -> int:
    """Begin a term of this replica, and return its epoch."""
    epoch: int = connection.execute(
        "UPDATE meta SET engine = ?, epoch = epoch + 1 RETURNING epoch", (replica,)
    ).fetchone()[0]
    return epoch


def resign(connection: sqlite3.Connection, replica: str) -> None:
    """See OperationStore.resign."""
    connection.execute("UPDATE meta SET engine = NULL WHERE engine = ?", (replica,))


def leader(connection: sqlite3.Connection) -> str | None:
    """See OperationStore.leader."""
    engine: str | None = connection.execute("SELECT engine FROM meta").fetchone()[0]
    return engine


def release_leases(connection: sqlite3.Connection, epoch: int) -> None:
    """See OperationStore.release_leases."""
    check_epoch(connection, epoch)
    connection.execute(
        """
        UPDATE work SET owner = NULL, lease_until = NULL, wake_due = NULL
        WHERE owner IS NOT NULL
        """
    )


def check(connection: sqlite3.Connection, fence: Fence) -> None:
    """Raise EngineReplaced or LeaseLost unless the fence holds."""
    check_epoch(connection, fence.epoch)
    if (work := fence.work) is None:
        return
    held = connection.execute(
        "SELECT 1 FROM work WHERE name = ? AND owner = ? AND lease = ?",
        (work.name, work.owner, work.lease),
    ).fetchone()
    if held is None:
        raise LeaseLost(work.name)


def check_epoch(connection: sqlite3.Connection, epoch: int) -> None:
    """Raise EngineReplaced unless this is the present epoch."""
    if connection.execute("SELECT epoch FROM meta").fetchone()[0] != epoch:
        raise EngineReplaced(epoch)
