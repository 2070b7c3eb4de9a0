# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that locks the store and reads the rows that a group of writes needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longtake_server.storage.codec import decode_record
from longtake_server.storage.postgres.budget_reads import NO_BUDGETS, ReadBudgets, budget_queries
from longtake_server.storage.postgres.group import Group, OperationRow
from longtake_server.storage.postgres.query import Query, ask_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection, AsyncPipeline

    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.storage.postgres.query import Row

_LOCK: Query[tuple[int, int]] = Query(
    "SELECT position, epoch FROM meta FOR UPDATE",
    {},
    lambda rows: rows[0],
)


@dataclass(slots=True)
class Keys:
    """The keys of the rows that the writes of a group need.

    Attributes:
        names: Names of operations.
        request_ids: Callers and their request_ids.
        terms: Terms of new operations, and when these are created.
    """

    names: set[str] = field(default_factory=set)
    request_ids: set[tuple[str, str]] = field(default_factory=set)
    terms: list[tuple[Terms, datetime]] = field(default_factory=list)


async def read_group(
    connection: AsyncConnection[Row], pipeline: AsyncPipeline, keys: Keys
) -> Group:
    """Lock the store against other writers, and return the group with its rows."""
    queries: list[Query[Any]] = [_LOCK]
    if keys.names:
        queries.append(_operations(keys.names))
    if keys.request_ids:
        queries.append(_request_ids(keys.request_ids))
    if keys.terms:
        queries.extend(budget_queries(keys.terms))
    answers = iter(await ask_all(connection, pipeline, queries))
    position, epoch = next(answers)
    operations: dict[str, OperationRow] = next(answers) if keys.names else {}
    request_ids: dict[tuple[str, str], str] = {}
    if keys.request_ids:
        for key, name, row in next(answers):
            request_ids[key] = name
            operations.setdefault(name, row)
    budgets = ReadBudgets(*answers) if keys.terms else NO_BUDGETS
    return Group(position, epoch, operations, request_ids, budgets)


def _operations(names: set[str]) -> Query[Mapping[str, OperationRow]]:
    return Query(
        """
        SELECT name, record, kind, owner, lease
        FROM unnest(%(names)s::text[]) AS wanted (name)
        LEFT JOIN operations USING (name) LEFT JOIN tombstones USING (name)
        LEFT JOIN work USING (name)
        """,
        {"names": sorted(names)},
        lambda rows: {name: _row(*columns) for name, *columns in rows},
    )


def _request_ids(
    request_ids: set[tuple[str, str]],
) -> Query[Sequence[tuple[tuple[str, str], str, OperationRow]]]:
    callers, ids = zip(*sorted(request_ids), strict=True)
    return Query(
        """
        SELECT caller, request_id, name, record, kind, owner, lease
        FROM unnest(%(callers)s::text[], %(ids)s::text[]) AS wanted (caller, request_id)
        JOIN request_ids USING (caller, request_id)
        LEFT JOIN (SELECT name, record FROM operations) AS operations USING (name)
        LEFT JOIN (SELECT name, kind FROM tombstones) AS tombstones USING (name)
        LEFT JOIN (SELECT name, owner, lease FROM work) AS work USING (name)
        """,
        {"callers": list(callers), "ids": list(ids)},
        lambda rows: [
            ((caller, request_id), name, _row(*columns))
            for caller, request_id, name, *columns in rows
        ],
    )


def _row(
    record: bytes | None, kind: str | None, owner: str | None, lease: int | None
) -> OperationRow:
    return OperationRow(
        record=None if record is None else decode_record(record),
        gone=kind,
        owner=owner,
        lease=lease or 0,
        is_stored=record is not None,
    )
