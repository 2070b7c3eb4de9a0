# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the work queue. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.store import LeaseLost, Work
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.leadership_table import check_epoch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime


def take(
    connection: sqlite3.Connection,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
    epoch: int | None,
) -> Sequence[Work]:
    """See OperationStore.take."""
    if epoch is not None:
        check_epoch(connection, epoch)
    # Leased work is due as well, but the scan stays short: only work in progress is leased.
    rows = connection.execute(
        """
        SELECT name, due FROM work INDEXED BY work_due
        WHERE due <= :now AND (lease_until IS NULL OR lease_until <= :now)
        ORDER BY due, name LIMIT :limit
        """,
        {"now": to_micros(now), "limit": limit},
    ).fetchall()
    if not rows:
        return ()
    last = connection.execute(
        "UPDATE meta SET leases = leases + ? RETURNING leases", (len(rows),)
    ).fetchone()[0]
    taken = [
        Work(name, owner, from_micros(due), lease)
        for lease, (name, due) in enumerate(rows, last - len(rows) + 1)
    ]
    connection.executemany(
        # An owner that takes its own work again has not handled the wake-up yet.
        """
        UPDATE work SET
            wake_due = CASE WHEN owner = :owner THEN wake_due END,
            owner = :owner, lease_until = :lease_until, lease = :lease
        WHERE name = :name
        """,
        [
            {
                "owner": owner,
                "lease_until": to_micros(lease_until),
                "name": work.name,
                "lease": work.lease,
            }
            for work in taken
        ],
    )
    return tuple(taken)


def extend(connection: sqlite3.Connection, work: Work, lease_until: datetime) -> None:
    """See OperationStore.extend."""
    _change_leased(connection, work, "lease_until = :time", lease_until)


def again(connection: sqlite3.Connection, work: Work, due: datetime) -> None:
    """See OperationStore.again."""
    given_back = (
        "due = min(:time, coalesce(wake_due, :time)), "
        "owner = NULL, lease_until = NULL, wake_due = NULL"
    )
    _change_leased(connection, work, given_back, due)


def _change_leased(
    connection: sqlite3.Connection, work: Work, assignments: str, time: datetime
) -> None:
    changed = connection.execute(
        f"UPDATE work SET {assignments} WHERE name = :name AND owner = :owner AND lease = :lease",  # noqa: S608 - the assignments are the constants above
        {"time": to_micros(time), "name": work.name, "owner": work.owner, "lease": work.lease},
    ).rowcount
    if not changed:
        raise LeaseLost(work.name)


def wake(connection: sqlite3.Connection, name: str, due: datetime) -> None:
    """See OperationStore.wake."""
    connection.execute(
        """
        UPDATE work SET
            due = CASE WHEN owner IS NULL THEN min(due, :due) ELSE due END,
            wake_due = CASE WHEN owner IS NULL THEN NULL
                ELSE min(:due, coalesce(wake_due, :due)) END
        WHERE name = :name
        """,
        {"name": name, "due": to_micros(due)},
    )


def next_due(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """See OperationStore.next_due."""
    earliest = connection.execute(
        """
        SELECT min(ready) FROM (
            SELECT min(due) AS ready FROM work WHERE owner IS NULL
            UNION ALL
            SELECT min(CASE WHEN lease_until > :now THEN max(due, lease_until) ELSE due END)
            FROM work WHERE owner IS NOT NULL
        )
        """,
        {"now": to_micros(now)},
    ).fetchone()[0]
    return None if earliest is None else from_micros(earliest)
