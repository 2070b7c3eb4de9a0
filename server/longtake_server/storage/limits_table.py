# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for limits. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from longtake_server.operations.budgets.limits import (
    ANY_VALUE,
    Limited,
    Source,
    limited,
    subject_of_label,
)
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.limits_codec import decode_limits, encode_limits

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.limits import Limits
    from longtake_server.operations.budgets.terms import Terms

_Documents = dict[str, tuple[str, ...]]
"""The documents of each subject, by precedence."""

_MOST_CACHED = 1024
_MINUTE_MICROS = 60_000_000


def keep(
    connection: sqlite3.Connection, subject: str, source: Source, limits: Limits | None
) -> None:
    """See BudgetStore.set_limits."""
    if limits is None:
        connection.execute(
            "DELETE FROM budget_limits WHERE subject = ? AND source = ?", (subject, source.value)
        )
        return
    connection.execute(
        "INSERT OR REPLACE INTO budget_limits VALUES (?, ?, ?, ?)",
        (subject, source.value, encode_limits(limits), limits.limits_concurrency),
    )


def keep_all(
    connection: sqlite3.Connection, source: Source, documents: Mapping[str, Limits]
) -> None:
    """See BudgetStore.replace_limits."""
    connection.execute("DELETE FROM budget_limits WHERE source = ?", (source.value,))
    for subject, limits in documents.items():
        keep(connection, subject, source, limits)


def read(connection: sqlite3.Connection) -> Mapping[tuple[str, Source], Limits]:
    """See BudgetStore.limits."""
    rows = connection.execute(
        "SELECT subject, source, document FROM budget_limits ORDER BY subject, source"
    )
    return {
        (subject, Source(source)): decode_limits(document) for subject, source, document in rows
    }


def read_one(connection: sqlite3.Connection, subject: str, source: Source) -> Limits | None:
    """Return the document of a subject from a source, or None."""
    found = connection.execute(
        "SELECT document FROM budget_limits WHERE subject = ? AND source = ?",
        (subject, source.value),
    ).fetchone()
    return None if found is None else decode_limits(found[0])


def limited_by(connection: sqlite3.Connection, terms: Terms, now: datetime) -> tuple[Limited, ...]:
    """Return what an operation is charged to: the principal, and each label with a budget."""
    documents = _documents(connection, [terms.subject, *terms.roles, *_label_subjects(terms)])
    minute = minute_of(now)
    found = [_principal(documents, terms.subject, terms.roles, minute)]
    for key, value in terms.labels.items():
        subject = subject_of_label(key, value)
        own = documents.get(subject, ())
        texts = own + documents.get(subject_of_label(key, ANY_VALUE), ())
        if texts:
            found.append(_limited(subject, texts, minute))
    return tuple(found)


def minute_of(now: datetime) -> int:
    """Return the minute of a moment, throughout which limits and periods are the same."""
    return to_micros(now) // _MINUTE_MICROS


def concurrency_limits(
    connection: sqlite3.Connection, principals: Sequence[Terms], now: datetime
) -> Mapping[str, int | None] | None:
    """See BudgetStore.concurrency_limits, given what is known of each principal."""
    if not connection.execute(
        "SELECT EXISTS (SELECT 1 FROM budget_limits WHERE limits_concurrency)"
    ).fetchone()[0]:
        return None
    minute = minute_of(now)
    found: dict[str, int | None] = {}
    for terms in principals:
        documents = _documents(connection, [terms.subject, *terms.roles])
        limits = _principal(documents, terms.subject, terms.roles, minute)
        found[terms.principal] = limits.values.max_concurrent
    return found


def _label_subjects(terms: Terms) -> Iterator[str]:
    for key, value in terms.labels.items():
        yield subject_of_label(key, value)
        yield subject_of_label(key, ANY_VALUE)


def _documents(connection: sqlite3.Connection, subjects: Sequence[str]) -> _Documents:
    # In the order of the key, a command comes before a file.
    rows = connection.execute(
        "SELECT subject, document FROM budget_limits "  # noqa: S608 - only the number of parameters varies
        f"WHERE subject IN ({', '.join('?' * len(subjects))}) ORDER BY subject, source",
        subjects,
    )
    found: _Documents = {}
    for subject, document in rows:
        found[subject] = (*found.get(subject, ()), document)
    return found


def _principal(documents: _Documents, subject: str, roles: Sequence[str], minute: int) -> Limited:
    texts = documents.get(subject, ())
    for role in roles:
        texts += documents.get(role, ())
    return _limited(subject, texts, minute)


# The periods and the overrides of a subject change at whole minutes only.
@lru_cache(maxsize=_MOST_CACHED)
def _limited(subject: str, documents: tuple[str, ...], minute: int) -> Limited:
    now = from_micros(minute * _MINUTE_MICROS)
    return limited(subject, [decode_limits(document) for document in documents], now)
