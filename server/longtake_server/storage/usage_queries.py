# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that groups usage. Each function reads from one snapshot."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from longtake_server.operations.accounting import (
    SUMS,
    Dimension,
    Usage,
    UsagePage,
    UsageQuery,
    UsageRow,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

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

_EXPRESSIONS: Mapping[Dimension, str] = {
    Dimension.DAY: "day",
    Dimension.MODEL: "model",
    Dimension.PRINCIPAL: "caller",
    # Empty without the label, which comes before the label's empty value.
    Dimension.LABEL: "coalesce('=' || value, '')",
}


def read_page(
    connection: sqlite3.Connection, wanted: UsageQuery, limit: int, cursor: str | None
) -> UsagePage:
    """See OperationStore.usage_by."""
    dimensions = [one for one in Dimension if one in wanted.dimensions]
    size = len(dimensions)
    after = () if cursor is None else _decoded(cursor, size)
    values = {
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
        "caller": wanted.caller,
        "key": wanted.label_key,
        "limit": limit + 1,
        **{f"after{number}": value for number, value in enumerate(after)},
    }
    rows = connection.execute(_statement(dimensions, len(after)), values).fetchall()
    page = rows[:limit]
    return UsagePage(
        rows=tuple(
            _row(dict(zip(dimensions, row[:size], strict=True)), row[size:]) for row in page
        ),
        next_cursor=json.dumps(page[-1][:size]) if len(rows) > limit else None,
    )


def _statement(dimensions: Sequence[Dimension], bound: int) -> str:
    source = _BY_LABEL if Dimension.LABEL in dimensions else _ALL
    if not dimensions:
        return f"SELECT {_SUMS_OF_GROUP} FROM ({source}) LIMIT :limit"  # noqa: S608 - constants; values are bound
    key = ", ".join(_EXPRESSIONS[one] for one in dimensions)
    bounds = ", ".join(f":after{number}" for number in range(bound))
    after = f"WHERE ({key}) > ({bounds})" if bound else ""
    return (
        f"SELECT {key}, {_SUMS_OF_GROUP} FROM ({source}) {after} "  # noqa: S608 - as above
        f"GROUP BY {key} HAVING sum(accepted) <> 0 ORDER BY {key} LIMIT :limit"
    )


def _row(key: Mapping[Dimension, str], sums: Sequence[int]) -> UsageRow:
    day, label = key.get(Dimension.DAY), key.get(Dimension.LABEL)
    return UsageRow(
        day=None if day is None else date.fromisoformat(day),
        model=key.get(Dimension.MODEL),
        caller=key.get(Dimension.PRINCIPAL),
        label_value=label[1:] if label else None,
        sums=Usage(*sums),
    )


def _decoded(cursor: str, size: int) -> Sequence[str]:
    try:
        key = json.loads(cursor)
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or not key or len(key) != size:
        raise ValueError("the cursor is not one of this store's")
    if not all(isinstance(part, str) and part.isprintable() for part in key):
        raise ValueError("the cursor is not one of this store's")
    return key
