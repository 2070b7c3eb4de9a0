# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the work queue and for the engine's leadership."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longtake_server.operations.replica_store import Leadership
from longtake_server.operations.store import EngineReplaced, LeaseLost, Work
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.postgres.query import Query, first_value, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.storage.postgres.query import Row


def take(
    owner: str, now: datetime, lease_until: datetime, limit: int, epoch: int | None
) -> Query[Sequence[Work]]:
    """See OperationStore.take."""

    def answer(rows: Sequence[Row]) -> Sequence[Work]:
        if rows and not rows[0][0]:
            raise EngineReplaced(epoch)
        return tuple(
            Work(name, owner, from_micros(due), lease)
            for _, name, due, lease in rows
            if name is not None
        )

    return Query(
        # Leased work is due as well, but the scan stays short: only work in progress is leased.
        # An owner that takes its own work again has not handled the wake-up yet.
        """
        WITH term AS (
            SELECT %(epoch)s::bigint IS NULL OR %(epoch)s::bigint = epoch AS holds FROM meta
        ), free AS (
            SELECT name FROM work
            WHERE due <= %(now)s::bigint AND (SELECT holds FROM term)
                AND (lease_until IS NULL OR lease_until <= %(now)s::bigint)
            ORDER BY due, name LIMIT %(limit)s
        ), taken AS (
            UPDATE work SET
                wake_due = CASE WHEN owner = %(owner)s::text THEN wake_due END,
                owner = %(owner)s::text, lease_until = %(lease_until)s::bigint,
                lease = nextval('work_leases')
            FROM free WHERE work.name = free.name
            RETURNING work.name, work.due, work.lease
        )
        SELECT holds, name, due, lease FROM term LEFT JOIN taken ON true ORDER BY due, name
        """,
        {
            "owner": owner,
            "now": to_micros(now),
            "lease_until": to_micros(lease_until),
            "limit": limit,
            "epoch": epoch,
        },
        answer,
    )


def extend(work: Work, lease_until: datetime) -> Query[None]:
    """See OperationStore.extend."""
    return _change_leased(work, "lease_until = %(time)s::bigint", lease_until)


def again(work: Work, due: datetime) -> Query[None]:
    """See OperationStore.again."""
    given_back = (
        "due = least(%(time)s::bigint, coalesce(wake_due, %(time)s::bigint)), "
        "owner = NULL, lease_until = NULL, wake_due = NULL"
    )
    return _change_leased(work, given_back, due)


def _change_leased(work: Work, assignments: str, time: datetime) -> Query[None]:
    def answer(rows: Sequence[Row]) -> None:
        if not rows:
            raise LeaseLost(work.name)

    return Query(
        f"""
        UPDATE work SET {assignments}
        WHERE name = %(name)s AND owner = %(owner)s AND lease = %(lease)s
        RETURNING name
        """,  # noqa: S608 - the assignments are the constants above
        {"time": to_micros(time), "name": work.name, "owner": work.owner, "lease": work.lease},
        answer,
    )


def wake(name: str, due: datetime) -> Query[None]:
    """See OperationStore.wake."""
    return Query(
        """
        UPDATE work SET
            due = CASE WHEN owner IS NULL THEN least(due, %(due)s::bigint) ELSE due END,
            wake_due = CASE WHEN owner IS NULL THEN NULL
                ELSE least(%(due)s::bigint, coalesce(wake_due, %(due)s::bigint)) END
        WHERE name = %(name)s
        """,
        {"name": name, "due": to_micros(due)},
        nothing,
    )


def next_due(now: datetime) -> Query[datetime | None]:
    """See OperationStore.next_due."""
    return Query(
        """
        SELECT least(
            (SELECT min(due) FROM work WHERE owner IS NULL),
            (SELECT min(CASE WHEN lease_until > %(now)s::bigint
                THEN greatest(due, lease_until) ELSE due END)
            FROM work WHERE owner IS NOT NULL)
        )
        """,
        {"now": to_micros(now)},
        lambda rows: None if rows[0][0] is None else from_micros(rows[0][0]),
    )


def release_leases(epoch: int) -> Query[None]:
    """See OperationStore.release_leases."""

    def answer(rows: Sequence[Row]) -> None:
        if rows[0][0] != epoch:
            raise EngineReplaced(epoch)

    return Query(
        """
        WITH released AS (
            UPDATE work SET owner = NULL, lease_until = NULL, wake_due = NULL
            WHERE owner IS NOT NULL AND %(epoch)s::bigint = (SELECT epoch FROM meta)
        )
        SELECT epoch FROM meta
        """,
        {"epoch": epoch},
        answer,
    )


class Led(NamedTuple):
    """The answer to `lead`, and the time of the database."""

    leadership: Leadership | None
    time: datetime


def lead(replica: str, seconds: float) -> Query[Led]:
    """See ReplicaStore.lead."""

    def answer(rows: Sequence[Row]) -> Led:
        [(time, epoch, is_new)] = rows
        leadership = None if epoch is None else Leadership(epoch, is_new)
        return Led(leadership, from_micros(time))

    return Query(
        """
        WITH led AS (
            UPDATE meta SET
                epoch = epoch + (engine IS DISTINCT FROM %(replica)s::text)::int,
                engine = %(replica)s::text,
                engine_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
            FROM (SELECT engine AS holder FROM meta) AS before
            WHERE engine IS NULL OR engine = %(replica)s::text OR engine_until < clock_timestamp()
            RETURNING epoch, holder IS DISTINCT FROM %(replica)s::text AS is_new
        )
        SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, led.epoch, led.is_new
        FROM (SELECT 1) AS one LEFT JOIN led ON true
        """,
        {"replica": replica, "seconds": seconds},
        answer,
    )


def resign(replica: str) -> Query[None]:
    """See OperationStore.resign."""
    return Query(
        "UPDATE meta SET engine = NULL, engine_until = NULL WHERE engine = %(replica)s",
        {"replica": replica},
        nothing,
    )


def leader() -> Query[str | None]:
    """See OperationStore.leader."""
    return Query(
        "SELECT engine FROM meta",
        {},
        first_value,
    )
