# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A statement as a value, which any connection can run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg import AsyncConnection, AsyncCursor, AsyncPipeline, Connection

_T = TypeVar("_T")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Query(Generic[_T]):
    """A statement and what its rows mean.

    Attributes:
        sql: The statement. It may be built from constants only.
        values: Its parameters.
        answer: Turns the rows into the result. It may raise an error of the domain.
    """

    sql: str
    values: Mapping[str, object] = field(repr=False)
    answer: Callable[[Sequence[Row]], _T]


async def send(connection: AsyncConnection[Row], query: Query[Any]) -> AsyncCursor[Row]:
    """Send a statement, in pipeline mode without waiting for it."""
    return await connection.execute(query.sql, query.values, prepare=True, binary=True)


async def rows_of(cursor: AsyncCursor[Row]) -> Sequence[Row]:
    """Return the rows of a statement, none for one that returns no rows."""
    return [] if cursor.description is None else await cursor.fetchall()


async def ask(connection: AsyncConnection[Row], query: Query[_T]) -> _T:
    """Run a query and return its result."""
    return query.answer(await rows_of(await send(connection, query)))


async def ask_all(
    connection: AsyncConnection[Row], pipeline: AsyncPipeline, queries: Sequence[Query[Any]]
) -> list[Any]:
    """Run queries together in pipeline mode, and return their results."""
    cursors = [await send(connection, query) for query in queries]
    # PostgreSQL limits how long a transaction is idle only after a Sync. Fetching sends a Flush.
    await pipeline.sync()
    found = [await cursor.fetchall() for cursor in cursors]
    return [query.answer(rows) for query, rows in zip(queries, found, strict=True)]


def ask_blocking(connection: Connection[Row], query: Query[_T]) -> _T:
    """Run a query on a blocking connection and return its result."""
    cursor = connection.execute(query.sql, query.values, binary=True)
    return query.answer([] if cursor.description is None else cursor.fetchall())


def nothing(_: Sequence[Row]) -> None:
    """Return None, the result of a statement without rows."""


def first_value(rows: Sequence[Row]) -> Any:
    """Return the only value of the only row."""
    return rows[0][0]
