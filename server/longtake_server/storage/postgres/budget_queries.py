# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that reads and sets limits, and reads what is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake_server.operations.budgets import charging
from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.operations.budgets.limits import Measure, Source
from longtake_server.operations.budgets.terms import Allowance, BudgetEvent
from longtake_server.operations.model import Charge
from longtake_server.storage.budget_rows import terms_of_known
from longtake_server.storage.codec import from_micros
from longtake_server.storage.limits_codec import decode_limits, encode_limits
from longtake_server.storage.limits_documents import concurrency_limits
from longtake_server.storage.postgres.budget_reads import (
    ReadBudgets,
    Reading,
    budget_queries,
    documents,
    known_principals,
)
from longtake_server.storage.postgres.query import Query, ask, first_value, nothing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection

    from longtake_server.operations.budgets.limits import Limits
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.storage.postgres.query import Row


def set_limits(subject: str, source: Source, limits: Limits | None) -> Query[None]:
    """See BudgetStore.set_limits."""
    key = {"subject": subject, "source": source.value}
    if limits is None:
        return Query(
            "DELETE FROM budget_limits WHERE subject = %(subject)s AND source = %(source)s",
            key,
            nothing,
        )
    return Query(
        """
        INSERT INTO budget_limits (subject, source, document, limits_concurrency)
        VALUES (%(subject)s, %(source)s, %(document)s, %(limits_concurrency)s)
        ON CONFLICT (subject, source) DO UPDATE SET
            document = excluded.document, limits_concurrency = excluded.limits_concurrency
        """,
        {
            **key,
            "document": encode_limits(limits),
            "limits_concurrency": limits.limits_concurrency,
        },
        nothing,
    )


def replace_limits(source: Source, by_subject: Mapping[str, Limits]) -> Query[None]:
    """See BudgetStore.replace_limits."""
    return Query(
        """
        WITH removed AS (
            DELETE FROM budget_limits
            WHERE source = %(source)s AND subject <> ALL (%(subjects)s::text[])
        )
        INSERT INTO budget_limits (subject, source, document, limits_concurrency)
        SELECT subject, %(source)s, document, limits_concurrency
        FROM unnest(%(subjects)s::text[], %(documents)s::text[], %(concurrency)s::boolean[])
            AS new (subject, document, limits_concurrency)
        ON CONFLICT (subject, source) DO UPDATE SET
            document = excluded.document, limits_concurrency = excluded.limits_concurrency
        """,
        {
            "source": source.value,
            "subjects": list(by_subject),
            "documents": [encode_limits(limits) for limits in by_subject.values()],
            "concurrency": [limits.limits_concurrency for limits in by_subject.values()],
        },
        nothing,
    )


def all_limits() -> Query[Mapping[tuple[str, Source], Limits]]:
    """See BudgetStore.limits."""
    return Query(
        "SELECT subject, source, document FROM budget_limits ORDER BY subject, source",
        {},
        lambda rows: {
            (subject, Source(source)): decode_limits(document) for subject, source, document in rows
        },
    )


def limits_of(subject: str, source: Source) -> Query[Limits | None]:
    """Return the document of a subject from a source, or None."""
    return Query(
        "SELECT document FROM budget_limits WHERE subject = %(subject)s AND source = %(source)s",
        {"subject": subject, "source": source.value},
        lambda rows: decode_limits(rows[0][0]) if rows else None,
    )


def allowance_queries(terms: Terms, now: datetime) -> Sequence[Query[Any]]:
    """Return the queries for what `allowance` needs."""
    concurrent: Query[int] = Query(
        """
        SELECT count(*) FROM operations
        WHERE caller = %(caller)s AND state IN ('SUBMITTING', 'RUNNING')
        """,
        {"caller": terms.principal},
        first_value,
    )
    return (concurrent, *budget_queries([(terms, now)]))


def allowance(answers: Sequence[Any], terms: Terms, now: datetime) -> Allowance:
    """See BudgetStore.allowance. Takes the answers of `allowance_queries`."""
    running, *found = answers
    reading = Reading(ReadBudgets(*found))
    rows = reading.budgets
    limited = rows.limited_by(terms, now)
    return Allowance(
        limited[0].time_zone,
        limited[0].values,
        tuple(budget for one in limited for budget in charging.budgets_of(one, rows.amounts)),
        reading.queued(terms.principal),
        running,
    )


def spending() -> Query[Mapping[Charge, Amounts]]:
    """See BudgetStore.spending."""
    return Query(
        """
        SELECT subject, period_key,
            reserved_micros, spent_micros, reserved_milliseconds, spent_milliseconds
        FROM budget_spending ORDER BY subject, period_key
        """,
        {},
        lambda rows: {Charge(subject, key): Amounts(*sums) for subject, key, *sums in rows},
    )


async def concurrent(
    connection: AsyncConnection[Row], principals: Collection[str], now: datetime
) -> Mapping[str, int | None] | None:
    """See BudgetStore.concurrency_limits."""
    is_limited: Query[bool] = Query(
        "SELECT EXISTS (SELECT 1 FROM budget_limits WHERE limits_concurrency)", {}, first_value
    )
    if not await ask(connection, is_limited):
        return None
    known = await ask(connection, known_principals(principals))
    terms = [terms_of_known(one, known.get(one)) for one in principals]
    subjects = {subject for one in terms for subject in (one.subject, *one.roles)}
    return concurrency_limits(await ask(connection, documents(subjects)), terms, now)


def events(after: int, limit: int) -> Query[Sequence[BudgetEvent]]:
    """See BudgetStore.budget_events."""
    return Query(
        """
        SELECT number, subject, period_key, measure, percent, time FROM budget_events
        WHERE number > %(after)s::bigint ORDER BY number LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
        lambda rows: tuple(
            BudgetEvent(number, subject, key, Measure(measure), percent, from_micros(time))
            for number, subject, key, measure, percent, time in rows
        ),
    )


def newest_event() -> Query[int]:
    """See BudgetStore.newest_budget_event."""
    return Query("SELECT coalesce(max(number), 0) FROM budget_events", {}, first_value)
