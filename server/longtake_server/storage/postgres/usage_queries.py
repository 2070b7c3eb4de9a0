# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that reads usage."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from longtake_server.operations.accounting import SUMS, Account, Dimension, Usage
from longtake_server.storage.postgres.query import Query
from longtake_server.storage.usage_pages import EXPRESSIONS, after_of, dimensions_of, page_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longtake_server.operations.accounting import UsagePage, UsageQuery

_NAMES = ", ".join(SUMS)
_SUMS_OF_GROUP = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in SUMS)
_SELECTED = """
    day BETWEEN %(since)s AND %(until)s
    AND (%(caller)s::text IS NULL OR caller = %(caller)s::text)
"""
_ALL = f"SELECT day, caller, model, NULL AS value, {_NAMES} FROM usage WHERE {_SELECTED}"  # noqa: S608 - the names are the fields of Usage
# Operations without the label have no rows in label_usage: they are all minus those with it.
_BY_LABEL = f"""
    {_ALL}
    UNION ALL
    SELECT day, caller, model, NULL, {", ".join(f"-{name}" for name in SUMS)}
    FROM label_usage WHERE key = %(key)s AND {_SELECTED}
    UNION ALL
    SELECT day, caller, model, value, {_NAMES}
    FROM label_usage WHERE key = %(key)s AND {_SELECTED}
"""  # noqa: S608 - as above


def read(since: date, until: date, caller: str | None) -> Query[Mapping[Account, Usage]]:
    """See OperationStore.usage."""
    return Query(
        f"SELECT day, caller, model, {_NAMES} FROM usage WHERE {_SELECTED} "  # noqa: S608 - as above
        "ORDER BY day, caller, model",
        {"since": since.isoformat(), "until": until.isoformat(), "caller": caller},
        lambda rows: {
            Account(date.fromisoformat(day), owner, model): Usage(*sums)
            for day, owner, model, *sums in rows
        },
    )


def read_page(wanted: UsageQuery, limit: int, cursor: str | None) -> Query[UsagePage]:
    """See OperationStore.usage_by."""
    dimensions = dimensions_of(wanted)
    after = after_of(cursor, len(dimensions))
    return Query(
        _statement(dimensions, len(after)),
        {
            "since": wanted.since.isoformat(),
            "until": wanted.until.isoformat(),
            "caller": wanted.caller,
            "key": wanted.label_key,
            "limit": limit + 1,
            **{f"after{number}": value for number, value in enumerate(after)},
        },
        lambda rows: page_of(rows, dimensions, limit),
    )


def _statement(dimensions: Sequence[Dimension], bound: int) -> str:
    source = _BY_LABEL if Dimension.LABEL in dimensions else _ALL
    if not dimensions:
        return f"SELECT {_SUMS_OF_GROUP} FROM ({source}) AS selected LIMIT %(limit)s"  # noqa: S608 - constants; values are bound
    key = ", ".join(EXPRESSIONS[one] for one in dimensions)
    bounds = ", ".join(f"%(after{number})s::text" for number in range(bound))
    after = f"WHERE ({key}) > ({bounds})" if bound else ""
    return (
        f"SELECT {key}, {_SUMS_OF_GROUP} FROM ({source}) AS selected {after} "  # noqa: S608 - as above
        f"GROUP BY {key} HAVING sum(accepted) <> 0 ORDER BY {key} LIMIT %(limit)s"
    )
