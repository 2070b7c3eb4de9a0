# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that groups usage. Each function reads from one snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.accounting import SUMS, Dimension
from longtake_server.storage.usage_pages import EXPRESSIONS, after_of, dimensions_of, page_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from longtake_server.operations.accounting import UsagePage, UsageQuery

_SUMS_OF_GROUP = ", ".join(f"coalesce(sum({name}), 0)" for name in SUMS)
_SELECTED = "day BETWEEN :since AND :until AND (:caller IS NULL OR caller = :caller)"
_ALL = f"SELECT day, caller, model, NULL AS value, {', '.join(SUMS)} FROM usage WHERE {_SELECTED}"  # noqa: S608 - the names are the fields of Usage
# Operations without the label have no rows in label_usage: they are all minus those with it.
_BY_LABEL = f"""
    {_ALL}
    UNION ALL
    SELECT day, caller, model, NULL, {", ".join(f"-{name}" for name in SUMS)}
    FROM label_usage WHERE key = :key AND {_SELECTED}
    UNION ALL
    SELECT day, caller, model, value, {", ".join(SUMS)}
    FROM label_usage WHERE key = :key AND {_SELECTED}
"""  # noqa: S608 - as above


def read_page(
    connection: sqlite3.Connection, wanted: UsageQuery, limit: int, cursor: str | None
) -> UsagePage:
    """See OperationStore.usage_by."""
    dimensions = dimensions_of(wanted)
    after = after_of(cursor, len(dimensions))
    values = {
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
        "caller": wanted.caller,
        "key": wanted.label_key,
        "limit": limit + 1,
        **{f"after{number}": value for number, value in enumerate(after)},
    }
    rows = connection.execute(_statement(dimensions, len(after)), values).fetchall()
    return page_of(rows, dimensions, limit)


def _statement(dimensions: Sequence[Dimension], bound: int) -> str:
    source = _BY_LABEL if Dimension.LABEL in dimensions else _ALL
    if not dimensions:
        return f"SELECT {_SUMS_OF_GROUP} FROM ({source}) LIMIT :limit"  # noqa: S608 - constants; values are bound
    key = ", ".join(EXPRESSIONS[one] for one in dimensions)
    bounds = ", ".join(f":after{number}" for number in range(bound))
    after = f"WHERE ({key}) > ({bounds})" if bound else ""
    return (
        f"SELECT {key}, {_SUMS_OF_GROUP} FROM ({source}) {after} "  # noqa: S608 - as above
        f"GROUP BY {key} HAVING sum(accepted) <> 0 ORDER BY {key} LIMIT :limit"
    )
