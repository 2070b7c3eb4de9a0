# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A store for several replicas of a test, and the faults that only such a store has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from longtake_server.errors import OutcomeUnknown, StorageUnavailable
from longtake_server.operations.agreement_store import Agreement
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from longtake_server.clock import Clock
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.replica_store import Leadership
    from longtake_server.operations.store import Fence, Kind
    from longtake_server.storage.database import Database


class SharedStore(SqliteStore):
    """A SqliteStore whose replicas are in one process, so that terms are contested.

    Attributes:
        cut_off: The replicas that cannot reach the store to renew their term.
        asked: Set by each call of `lead`.
        answered: Set by each `lead` that succeeds.
        let_read: A new engine waits until it is set before it reads what is stored.
        agreed: What its replicas agreed on.
        unknown: What becomes of the next updates whose answer is lost: whether each is made.
        unknown_creations: Whether the answer to each of the next creations is lost.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self.cut_off: set[str] = set()
        self.agreed: Agreement | None = None
        self.unknown: list[bool] = []
        self.unknown_creations: list[bool] = []
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()
        self.let_read = asyncio.Event()
        self.let_read.set()
        self._hearers: list[Callable[[str], None]] = []
        self._until = 0.0
        self._electing = asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        return True

    async def tell(self, text: str) -> None:
        for hear in self._hearers:
            hear(text)

    def on_told(self, hear: Callable[[str], None]) -> None:
        self._hearers.append(hear)

    async def lead(self, replica: str, seconds: float) -> Leadership | None:
        self.asked.set()
        if replica in self.cut_off:
            raise StorageUnavailable("it is cut off")
        async with self._electing:
            now = self._clock.boottime()
            if await self.leader() not in (None, replica) and now < self._until:
                return None
            self._until = now + seconds
            leadership = await super().lead(replica, seconds)
        self.answered.set()
        return leadership

    async def agreement(self, upstreams: Mapping[str, str]) -> Agreement:
        self.agreed = self.agreed or Agreement(upstreams, is_held=False)
        return self.agreed

    async def hold_submissions(self) -> None:
        agreed = self.agreed or Agreement({}, is_held=True)
        self.agreed = agreed._replace(is_held=True)

    async def latencies(self) -> Mapping[Kind, Sequence[tuple[float, float]]]:
        await self.let_read.wait()
        return await super().latencies()

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime | None = None,
        terms: Terms | None = None,
    ) -> OperationRecord:
        is_lost = bool(self.unknown_creations) and self.unknown_creations.pop(0)
        stored = await super().create(record, request, due, terms)
        if is_lost:
            raise OutcomeUnknown("the connection broke")
        return stored

    async def update(
        self, record: OperationRecord, expected_revision: int, fence: Fence | None = None
    ) -> None:
        is_lost = bool(self.unknown)
        if not is_lost or self.unknown.pop(0):
            await super().update(record, expected_revision, fence)
        if is_lost:
            raise OutcomeUnknown("the connection broke")
