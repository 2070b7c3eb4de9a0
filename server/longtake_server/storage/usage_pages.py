# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Pages of grouped usage, whatever the store."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from longtake_server.operations.accounting import Dimension, Usage, UsagePage, UsageQuery, UsageRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXPRESSIONS: Mapping[Dimension, str] = {
    Dimension.DAY: "day",
    Dimension.MODEL: "model",
    Dimension.PRINCIPAL: "caller",
    # Empty without the label, which comes before the label's empty value.
    Dimension.LABEL: "coalesce('=' || value, '')",
}
"""What a dimension is in SQL."""


def dimensions_of(wanted: UsageQuery) -> Sequence[Dimension]:
    """Return the dimensions of a query in the order of the columns."""
    return [one for one in Dimension if one in wanted.dimensions]


def page_of(
    rows: Sequence[tuple[Any, ...]], dimensions: Sequence[Dimension], limit: int
) -> UsagePage:
    """Return the page of rows of a key and sums, of which one too many was read."""
    size = len(dimensions)
    page = rows[:limit]
    return UsagePage(
        rows=tuple(
            _row(dict(zip(dimensions, row[:size], strict=True)), row[size:]) for row in page
        ),
        next_cursor=json.dumps(page[-1][:size]) if len(rows) > limit else None,
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


def after_of(cursor: str | None, size: int) -> Sequence[str]:
    """Return the key that the page before ended with.

    Raises:
        ValueError: `page_of` did not make the cursor for as many dimensions.

    """
    if cursor is None:
        return ()
    try:
        key = json.loads(cursor)
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or not key or len(key) != size:
        raise ValueError("the cursor is not one of this store's")
    if not all(isinstance(part, str) and part.isprintable() for part in key):
        raise ValueError("the cursor is not one of this store's")
    return key
