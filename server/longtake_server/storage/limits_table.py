# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for limits. Each function runs inside a transaction that its caller opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.budgets.limits import Source
from longtake_server.storage.limits_codec import decode_limits, encode_limits
from longtake_server.storage.limits_documents import documents_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from longtake_server.operations.budgets.limits import Limits
    from longtake_server.storage.limits_documents import Documents


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


def documents(connection: sqlite3.Connection, subjects: Sequence[str]) -> Documents:
    """Return the documents of subjects."""
    # In the order of the key, a command comes before a file.
    rows = connection.execute(
        "SELECT subject, document FROM budget_limits "  # noqa: S608 - only the number of parameters varies
        f"WHERE subject IN ({', '.join('?' * len(subjects))}) ORDER BY subject, source",
        subjects,
    )
    return documents_of(rows)


def limit_concurrency(connection: sqlite3.Connection) -> bool:
    """Return whether any document limits concurrency."""
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM budget_limits WHERE limits_concurrency)"
    ).fetchone()
    return bool(found[0])
