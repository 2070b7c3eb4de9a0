# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the records of operations, those that are asked for meanwhile by one query."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from longtake_server.storage.codec import decode_record
from longtake_server.storage.postgres.decisions import gone
from longtake_server.storage.postgres.query import Query, ask

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from psycopg import AsyncConnection

    from longtake_server.operations.model import OperationRecord
    from longtake_server.storage.postgres.query import Row
    from longtake_server.storage.postgres.readers import Readers

_MOST_IN_ONE_QUERY = 500


class _Wanted(NamedTuple):
    """An operation that a caller asks for. `owner` is as in OperationStore.get."""

    name: str
    owner: str | None


class _Found(NamedTuple):
    """What the store has of an operation: its record, or else the kind of its tombstone."""

    record: OperationRecord | None
    kind: str | None


_Answers = dict[_Wanted, _Found]


@dataclass(slots=True, eq=False)
class _Batch:
    """The operations of one query. `reading` ends with the answers."""

    wanted: set[_Wanted] = field(default_factory=set)
    reading: asyncio.Task[_Answers] | None = None


class RecordReads:
    """Reads the records of operations.

    One query runs at a time. A call joins the next one, which begins after the call, so it sees
    every write that was acknowledged before. With three at a time, GetOperation costs half as much
    processor time again, as most queries read one record (make bench NAME=cluster).

    Args:
        readers: Run the queries.

    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._turn = asyncio.Lock()
        self._gathering: _Batch | None = None
        self._running: set[asyncio.Task[_Answers]] = set()

    async def get(self, name: str, owner: str | None) -> OperationRecord:
        """See OperationStore.get. Cancelling this call does not cancel the query."""
        wanted = _Wanted(name, owner)
        found = (await asyncio.shield(self._join(wanted)))[wanted]
        if found.record is None:
            raise gone(name, found.kind)
        return found.record

    async def close(self) -> None:
        """Wait for the queries that run."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _join(self, wanted: _Wanted) -> asyncio.Task[_Answers]:
        batch = self._gathering
        if batch is None or batch.reading is None or len(batch.wanted) >= _MOST_IN_ONE_QUERY:
            batch = self._gathering = _Batch()
            batch.reading = asyncio.create_task(self._run(batch), name="storage-record-read")
            self._running.add(batch.reading)
            batch.reading.add_done_callback(self._ended)
        batch.wanted.add(wanted)
        return batch.reading

    async def _run(self, batch: _Batch) -> _Answers:
        async with self._turn:
            try:
                return await self._readers.act(partial(self._read, batch))
            finally:
                # Without a connection, the query did not begin.
                self._end_gathering(batch)

    def _end_gathering(self, batch: _Batch) -> None:
        if self._gathering is batch:
            self._gathering = None

    def _ended(self, reading: asyncio.Task[_Answers]) -> None:
        self._running.discard(reading)
        if not reading.cancelled():
            # Taken even if every caller has left.
            reading.exception()

    async def _read(self, batch: _Batch, connection: AsyncConnection[Row]) -> _Answers:
        self._end_gathering(batch)
        return await ask(connection, _records(batch.wanted))


def _records(wanted: Collection[_Wanted]) -> Query[_Answers]:
    names, owners = zip(*wanted, strict=True)
    return Query(
        """
        SELECT wanted.name, wanted.owner, operations.record, tombstones.kind
        FROM unnest(%(names)s::text[], %(owners)s::text[]) AS wanted (name, owner)
        LEFT JOIN operations ON operations.name = wanted.name
            AND (wanted.owner IS NULL OR operations.caller = wanted.owner)
        LEFT JOIN tombstones ON tombstones.name = wanted.name
            AND (wanted.owner IS NULL OR tombstones.caller = wanted.owner)
        """,
        {"names": list(names), "owners": list(owners)},
        _answers,
    )


def _answers(rows: Sequence[Row]) -> _Answers:
    decoded: Mapping[str, OperationRecord] = {
        name: decode_record(record) for name, _, record, _ in rows if record is not None
    }
    return {
        _Wanted(name, owner): _Found(None if record is None else decoded[name], kind)
        for name, owner, record, kind in rows
    }
