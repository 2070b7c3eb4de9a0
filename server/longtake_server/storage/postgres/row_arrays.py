# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rows as parameters of a statement: an array for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def table_of(types: Sequence[str]) -> str:
    """Return the rows as a table. Each parameter is an array of a column's values."""
    arrays = (
        f"%(column{number}){'b' if kind == 'bytea' else 's'}::{kind}[]"
        for number, kind in enumerate(types)
    )
    return f"unnest({', '.join(arrays)})"


def columns_of(types: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    """Return the parameters of `table_of` for these rows."""
    return {f"column{number}": [row[number] for row in rows] for number in range(len(types))}
