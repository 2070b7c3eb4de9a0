# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL that inserts new operations, those of a transaction together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from longtake_server.operations.model import State
from longtake_server.storage.codec import encode_record, optional_micros, to_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from longtake_server.operations.model import OperationRecord


class NewOperations:
    """The operations that a transaction creates, which are in their tables only after `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._begin()

    def _begin(self) -> None:
        self._by_name: dict[str, OperationRecord] = {}
        self._by_request_id: dict[tuple[str, str], OperationRecord] = {}
        self._queued: Counter[str] = Counter()
        self._operations: list[tuple[object, ...]] = []
        self._requests: list[tuple[str, bytes]] = []
        self._labels: list[tuple[str, str, str]] = []
        self._work: list[tuple[str, int]] = []

    def with_request_id(self, caller: str, request_id: str) -> OperationRecord | None:
        """Return the operation with a caller's request_id, or None."""
        return self._by_request_id.get((caller, request_id))

    @property
    def callers(self) -> AbstractSet[str]:
        """The callers with queued ones."""
        return self._queued.keys()

    def with_name(self, name: str) -> OperationRecord | None:
        """Return the operation of this name, or None."""
        return self._by_name.get(name)

    def queued(self, caller: str) -> int:
        """Return how many of a caller's are queued."""
        return self._queued[caller]

    def add(
        self, record: OperationRecord, position: int, request: bytes, due: datetime | None
    ) -> None:
        """Add an operation. See changes.Creation."""
        self._by_name[record.name] = record
        if record.request_id:
            self._by_request_id[record.caller, record.request_id] = record
        if record.state is State.QUEUED:
            self._queued[record.caller] += 1
        self._operations.append(_row(record, position))
        self._requests.append((record.name, request))
        self._labels += [(record.name, key, value) for key, value in record.labels.items()]
        if not record.done:
            self._work.append((record.name, to_micros(due or record.create_time)))

    def flush(self) -> None:
        """Insert them."""
        if not self._operations:
            return
        insert = self._connection.executemany
        insert(
            """
            INSERT INTO operations (
                name, position, revision, caller, request_id, state, model,
                create_time, expire_time, upstream_operation, record
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            self._operations,
        )
        insert("INSERT INTO requests (name, request) VALUES (?, ?)", self._requests)
        insert("INSERT INTO work (name, due) VALUES (?, ?)", self._work)
        if self._labels:
            insert("INSERT INTO labels (name, key, value) VALUES (?, ?, ?)", self._labels)
        insert(
            "INSERT INTO request_ids (caller, request_id, name) VALUES (?, ?, ?)",
            [(*key, record.name) for key, record in self._by_request_id.items()],
        )
        self._begin()


def _row(record: OperationRecord, position: int) -> tuple[object, ...]:
    return (
        record.name,
        position,
        record.revision,
        record.caller,
        record.request_id,
        record.state.value,
        record.model,
        to_micros(record.create_time),
        optional_micros(record.expire_time),
        record.upstream_operation,
        encode_record(record),
    )
