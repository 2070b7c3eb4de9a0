# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations and API keys in one SQLite file, for one process.

Implements operations.store, identity.key_store, identity.signing_keys and webhooks.store.

A write is durable before it is acknowledged. A read sees every write acknowledged before it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from longtake_server.clock import happened
from longtake_server.errors import LongtakeError, StartFailure
from longtake_server.operations.agreement_store import Agreement
from longtake_server.operations.replica_store import Leadership
from longtake_server.storage import (
    budget_changes,
    budget_table,
    changes,
    key_table,
    latency_table,
    leadership_table,
    limits_table,
    queries,
    signing_key_table,
    usage_queries,
    usage_table,
    work_queue,
)
from longtake_server.storage.checkpoints import Checkpoints
from longtake_server.storage.database import BUSY_SECONDS, Database, open_database
from longtake_server.storage.readers import Readers
from longtake_server.storage.transaction import Transaction
from longtake_server.storage.webhook_store import SqliteWebhooks
from longtake_server.storage.writer import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.identity.key_store import StoredKey
    from longtake_server.identity.signing_keys import SigningKey
    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.budgets.terms import Allowance, BudgetEvent, Terms
    from longtake_server.operations.model import Charge, OperationRecord
    from longtake_server.operations.store import Change, Fence, Filter, Kind, Page, Work

_T = TypeVar("_T")

_LOOK_SECONDS = 1.0


class SqliteStore:
    """An OperationStore and a KeyStore in a file that no other server may open.

    Attributes:
        webhooks: The WebhookStore and DeliveryStore of the same file.

    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._readers = Readers(database.reading)
        self._key_readers = Readers((database.reading_keys,))
        checkpoints = Checkpoints(database.writing, database.copying, BUSY_SECONDS)
        self._writer = Writer(
            database.writing, database.files, checkpoints, self._lose, database.position
        )
        self.webhooks = SqliteWebhooks(self._readers, self._writer)
        self._closing: asyncio.Task[None] | None = None

    @property
    def clock(self) -> Clock:
        """The clock of the one process that has the files."""
        return self._clock

    @property
    def is_shared(self) -> bool:
        """See OperationStore.is_shared."""
        return False

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> SqliteStore:
        """Open the database; create the file and its folder if they do not exist.

        Args:
            path: The file. SQLite and the lock add `-wal`, `-shm` and `.lock` beside it.
            clock: Determines the times of tombstones.

        Raises:
            StartFailure: Another process uses the database, or it cannot be opened.

        """
        opening = asyncio.ensure_future(asyncio.to_thread(open_database, path))
        try:
            return cls(await asyncio.shield(opening), clock)
        except asyncio.CancelledError:
            with suppress(StartFailure):
                database = await opening
                await asyncio.to_thread(database.close)
            raise

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime | None = None,
        terms: Terms | None = None,
    ) -> OperationRecord:
        """See OperationStore.create."""
        stored = request.SerializeToString()
        created = await self._writer.run(changes.Creation(record, stored, due, terms))
        if isinstance(created, LongtakeError):
            raise created
        return created

    async def get(self, name: str, owner: str | None = None) -> OperationRecord:
        """See OperationStore.get."""
        return await self._readers.run(partial(queries.get, name=name, owner=owner))

    async def get_request(self, name: str) -> GenerateVideosRequest:
        """See OperationStore.get_request."""
        return await self._readers.run(partial(queries.get_request, name=name))

    async def find_by_upstream(self, upstream_operation: str) -> str | None:
        """See OperationStore.find_by_upstream."""
        return await self._readers.run(
            partial(queries.find_by_upstream, upstream_operation=upstream_operation)
        )

    async def update(
        self, record: OperationRecord, expected_revision: int, fence: Fence | None = None
    ) -> None:
        """See OperationStore.update."""
        await self._writer.run(
            partial(changes.update, record=record, expected_revision=expected_revision, fence=fence)
        )

    async def list(self, wanted: Filter, limit: int, cursor: str | None = None) -> Page:
        """See OperationStore.list."""
        return await self._readers.run(
            partial(queries.list_page, wanted=wanted, limit=limit, cursor=cursor)
        )

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """See OperationStore.delete."""
        now = self._clock.now()
        return await self._writer.run(partial(changes.delete, name=name, expired=expired, now=now))

    async def changes(self, after: int, limit: int, *, begun: int = 0) -> Sequence[Change]:
        """See OperationStore.changes."""
        return await self._readers.run(
            partial(queries.changes, after=after, limit=limit, begun=begun)
        )

    async def position(self) -> int:
        """See OperationStore.position."""
        return await self._readers.run(queries.position)

    async def news(self, after: int) -> None:
        """See OperationStore.news."""
        if self._writer.position <= after:
            await happened(self._writer.moved(), self._clock, _LOOK_SECONDS)

    async def position_key(self) -> bytes:
        """See OperationStore.position_key."""
        return await self._readers.run(queries.position_key)

    async def tell(self, text: str) -> None:
        """See ReplicaStore.tell. There is no other process."""

    def on_told(self, hear: Callable[[str], None]) -> None:
        """See ReplicaStore.on_told."""

    async def take(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        *,
        epoch: int | None = None,
    ) -> Sequence[Work]:
        """See OperationStore.take."""
        take = partial(work_queue.take, owner=owner, now=now, lease_until=lease_until)
        return await self._change(partial(take, limit=limit, epoch=epoch))

    async def extend(self, work: Work, lease_until: datetime) -> None:
        """See OperationStore.extend."""
        await self._change(partial(work_queue.extend, work=work, lease_until=lease_until))

    async def again(self, work: Work, due: datetime) -> None:
        """See OperationStore.again."""
        await self._change(partial(work_queue.again, work=work, due=due))

    async def wake(self, name: str, due: datetime) -> None:
        """See OperationStore.wake."""
        await self._change(partial(work_queue.wake, name=name, due=due))

    async def next_due(self, now: datetime) -> datetime | None:
        """See OperationStore.next_due."""
        return await self._readers.run(partial(work_queue.next_due, now=now))

    async def lead(self, replica: str, seconds: float) -> Leadership | None:
        """See OperationStore.lead. The one process that has the files always leads.

        Renewing it only reads, so that an idle server writes nothing.
        """
        _ = seconds
        epoch = await self._readers.run(partial(leadership_table.epoch_of, replica=replica))
        if epoch is not None:
            return Leadership(epoch, is_new=False)
        epoch = await self._change(partial(leadership_table.begin, replica=replica))
        return Leadership(epoch, is_new=True)

    async def resign(self, replica: str) -> None:
        """See OperationStore.resign."""
        await self._change(partial(leadership_table.resign, replica=replica))

    async def leader(self) -> str | None:
        """See OperationStore.leader."""
        return await self._readers.run(leadership_table.leader)

    async def release_leases(self, epoch: int) -> None:
        """See OperationStore.release_leases."""
        await self._change(partial(leadership_table.release_leases, epoch=epoch))

    async def expired(self, now: datetime, limit: int) -> Sequence[str]:
        """See OperationStore.expired."""
        return await self._readers.run(partial(queries.expired, now=now, limit=limit))

    async def latencies(self) -> Mapping[Kind, Sequence[tuple[float, float]]]:
        """See OperationStore.latencies."""
        return await self._readers.run(latency_table.read)

    async def keep_latencies(self, kind: Kind, pairs: Sequence[tuple[float, float]]) -> None:
        """See OperationStore.keep_latencies."""
        await self._change(partial(latency_table.keep, kind=kind, pairs=pairs))

    async def usage(
        self, since: date, until: date, caller: str | None = None
    ) -> Mapping[Account, Usage]:
        """See OperationStore.usage."""
        return await self._readers.run(
            partial(usage_table.read, since=since, until=until, caller=caller)
        )

    async def key_version(self) -> int:
        """See KeyStore.key_version."""
        return await self._key_readers.run(key_table.version)

    async def keys(self) -> Sequence[StoredKey]:
        """See KeyStore.keys."""
        return await self._key_readers.run(key_table.read)

    async def note_key_uses(self, uses: Mapping[str, datetime]) -> None:
        """See KeyStore.note_key_uses."""
        await self._change(partial(key_table.note_uses, uses=dict(uses)))

    async def redeem_key(self, old: bytes, key: StoredKey, now: datetime) -> bool:
        """See KeyStore.redeem_key."""
        return await self._change(partial(key_table.redeem, old=old, key=key, now=now))

    async def signing_keys(self) -> Sequence[SigningKey]:
        """See SigningKeyStore.signing_keys."""
        return await self._key_readers.run(signing_key_table.read)

    async def add_signing_key(
        self, key: SigningKey, unless_since: datetime, forget_before: datetime
    ) -> None:
        """See SigningKeyStore.add_signing_key."""
        add = partial(signing_key_table.add, key=key, unless_since=unless_since)
        await self._change(partial(add, forget_before=forget_before))

    async def usage_by(
        self, wanted: UsageQuery, limit: int, cursor: str | None = None
    ) -> UsagePage:
        """See OperationStore.usage_by."""
        return await self._readers.run(
            partial(usage_queries.read_page, wanted=wanted, limit=limit, cursor=cursor)
        )

    async def check(self, record: OperationRecord, terms: Terms) -> None:
        """See BudgetStore.check."""
        await self._readers.run(
            lambda connection: budget_changes.admit(Transaction(connection), record, terms)
        )

    async def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """See BudgetStore.set_limits."""
        await self._writer.run(
            partial(budget_table.set_limits, subject=subject, source=source, limits=limits)
        )

    async def replace_limits(self, source: Source, documents: Mapping[str, Limits]) -> None:
        """See BudgetStore.replace_limits."""
        await self._writer.run(
            partial(budget_table.replace_limits, source=source, documents=documents)
        )

    async def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """See BudgetStore.limits."""
        return await self._readers.run(limits_table.read)

    async def allowance(self, terms: Terms, now: datetime) -> Allowance:
        """See BudgetStore.allowance."""
        return await self._readers.run(partial(budget_table.allowance, terms=terms, now=now))

    async def spending(self) -> Mapping[Charge, Amounts]:
        """See BudgetStore.spending."""
        return await self._readers.run(budget_table.spending)

    async def concurrency_limits(
        self, principals: Collection[str], now: datetime
    ) -> Mapping[str, int | None] | None:
        """See BudgetStore.concurrency_limits."""
        return await self._readers.run(
            partial(budget_table.concurrent, principals=principals, now=now)
        )

    async def budget_events(self, after: int, limit: int) -> Sequence[BudgetEvent]:
        """See BudgetStore.budget_events."""
        return await self._readers.run(partial(budget_table.events, after=after, limit=limit))

    async def newest_budget_event(self) -> int:
        """See BudgetStore.newest_budget_event."""
        return await self._readers.run(budget_table.newest_event)

    async def agreement(self, upstreams: Mapping[str, str]) -> Agreement:
        """See AgreementStore.agreement."""
        return Agreement(upstreams, is_held=False)

    async def hold_submissions(self) -> None:
        """See AgreementStore.hold_submissions."""

    async def compact(self, before: datetime) -> None:
        """See OperationStore.compact."""
        await self._writer.run(partial(changes.compact, before=before))

    async def lost(self) -> str:
        """Wait until the database files are removed or replaced; return a short description.

        From then on, reads and writes raise StorageUnavailable.
        """
        return await asyncio.shield(self._lost)

    async def _change(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run a write that has no row in common with others."""
        return await self._writer.run(lambda write: action(write.connection))

    def _lose(self, fault: str) -> None:
        self._readers.refuse(fault)
        self._key_readers.refuse(fault)
        self._lost.set_result(fault)

    async def close(self) -> None:
        """See OperationStore.close."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="storage-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._writer.close()
        await self._readers.close()
        await self._key_readers.close()
        await asyncio.to_thread(self._database.close)
