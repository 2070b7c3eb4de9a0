# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations and API keys in PostgreSQL, for many processes.

Implements operations.store, identity.key_store, identity.signing_keys and webhooks.store.

A write is durable before it is acknowledged. A read sees every write that any process acknowledged
before it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from longtake_server.storage import budget_changes
from longtake_server.storage.postgres import (
    agreement_queries,
    budget_queries,
    decisions,
    key_queries,
    latency_queries,
    queries,
    signing_key_queries,
    usage_queries,
    work_queue,
)
from longtake_server.storage.postgres.budget_reads import ReadBudgets, Reading
from longtake_server.storage.postgres.budget_reads import budget_queries as read_budgets
from longtake_server.storage.postgres.database_clock import DatabaseClock
from longtake_server.storage.postgres.listening import Listener
from longtake_server.storage.postgres.opening import open_database
from longtake_server.storage.postgres.readers import Readers
from longtake_server.storage.postgres.record_reads import RecordReads
from longtake_server.storage.postgres.session import Session
from longtake_server.storage.postgres.webhook_changes import enqueue_channel
from longtake_server.storage.postgres.webhook_store import PostgresWebhooks
from longtake_server.storage.postgres.writer import Decision, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.identity.key_store import StoredKey
    from longtake_server.identity.signing_keys import SigningKey
    from longtake_server.operations.accounting import Account, Usage, UsagePage, UsageQuery
    from longtake_server.operations.agreement_store import Agreement
    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.budgets.limits import Limits, Source
    from longtake_server.operations.budgets.terms import Allowance, BudgetEvent, Terms
    from longtake_server.operations.model import Charge, OperationRecord
    from longtake_server.operations.replica_store import Leadership
    from longtake_server.operations.store import (
        Change,
        Fence,
        Filter,
        Kind,
        Page,
        Work,
    )
    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.group_reads import Keys
    from longtake_server.storage.postgres.opening import Opened

_READERS = 3
# A larger request would hold up the writes of all processes while it is sent.
_LARGEST_WITHIN_A_COMMIT = 64 << 10


class PostgresStore:
    """An OperationStore and a KeyStore in a database that many processes share.

    Attributes:
        webhooks: The WebhookStore and DeliveryStore of the same database.

    """

    def __init__(self, address: DatabaseAddress, opened: Opened, clock: Clock) -> None:
        self._clock = DatabaseClock(clock)
        self._texts_channel = f"{opened.channel}_texts"
        self._listener = Listener(
            *(address, opened.channel, self._texts_channel, enqueue_channel(opened.channel)),
            *(opened.position, clock),
        )
        self._writer = Writer(Session(address, clock), opened.channel, self._listener.note)
        self._readers = Readers(
            [Session(address, clock) for _ in range(_READERS)], "storage-reader"
        )
        self._records = RecordReads(self._readers)
        self._key_readers = Readers([Session(address, clock)], "storage-key-reader")
        self.webhooks = PostgresWebhooks(
            self._readers, self._writer, self._listener, opened.channel
        )
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, address: DatabaseAddress, clock: Clock, wait_seconds: float = 0.0
    ) -> PostgresStore:
        """Connect to the database, and bring its schema to the newest version.

        Args:
            address: The database.
            clock: Determines the times of tombstones, and the deadlines.
            wait_seconds: How long to wait for a database that cannot be reached.

        Raises:
            StartFailure: The database cannot be reached in this time, or cannot be used.

        """
        return cls(address, await open_database(address, clock, wait_seconds), clock)

    @property
    def clock(self) -> Clock:
        """The clock that all processes of this store share, once `lead` was called."""
        return self._clock

    @property
    def is_shared(self) -> bool:
        """See OperationStore.is_shared."""
        return True

    async def create(
        self,
        record: OperationRecord,
        request: GenerateVideosRequest,
        due: datetime | None = None,
        terms: Terms | None = None,
    ) -> OperationRecord:
        """See OperationStore.create. Repeating a call whose outcome is unknown has no effect."""
        stored: bytes | None = request.SerializeToString()
        if stored is not None and len(stored) > _LARGEST_WITHIN_A_COMMIT:
            await self._readers.run(queries.keep_request(record.name, stored))
            stored = None

        def keys(wanted: Keys) -> None:
            wanted.names.add(record.name)
            if record.request_id:
                wanted.request_ids.add((record.caller, record.request_id))
            if terms is not None:
                wanted.terms.append((terms, record.create_time))

        decide = partial(decisions.create, record=record, request=stored, due=due, terms=terms)
        return await self._writer.run(Decision(keys, decide))

    async def get(self, name: str, owner: str | None = None) -> OperationRecord:
        """See OperationStore.get."""
        return await self._records.get(name, owner)

    async def get_request(self, name: str) -> GenerateVideosRequest:
        """See OperationStore.get_request."""
        return await self._readers.run(queries.get_request(name))

    async def find_by_upstream(self, upstream_operation: str) -> str | None:
        """See OperationStore.find_by_upstream."""
        return await self._readers.run(queries.find_by_upstream(upstream_operation))

    async def update(
        self, record: OperationRecord, expected_revision: int, fence: Fence | None = None
    ) -> None:
        """See OperationStore.update."""

        def keys(wanted: Keys) -> None:
            wanted.names.add(record.name)
            if fence is not None and fence.work is not None:
                wanted.names.add(fence.work.name)

        decide = partial(
            decisions.update, record=record, expected_revision=expected_revision, fence=fence
        )
        await self._writer.run(Decision(keys, decide))

    async def list(self, wanted: Filter, limit: int, cursor: str | None = None) -> Page:
        """See OperationStore.list."""
        return await self._readers.run(queries.list_page(wanted, limit, cursor))

    async def delete(self, name: str, *, expired: bool = False) -> OperationRecord:
        """See OperationStore.delete."""
        kind = "expired" if expired else "deleted"
        decide = partial(decisions.delete, name=name, kind=kind, now=self._clock.now())
        return await self._writer.run(Decision(lambda wanted: wanted.names.add(name), decide))

    async def changes(self, after: int, limit: int, *, begun: int = 0) -> Sequence[Change]:
        """See OperationStore.changes."""
        return await self._readers.run(queries.changes(after, limit, begun))

    async def news(self, after: int) -> None:
        """See OperationStore.news."""
        await self._listener.news(after)

    async def tell(self, text: str) -> None:
        """See ReplicaStore.tell."""
        await self._readers.run(queries.tell(self._texts_channel, text))

    def on_told(self, hear: Callable[[str], None]) -> None:
        """See ReplicaStore.on_told."""
        self._listener.on_told(hear)

    async def position(self) -> int:
        """See OperationStore.position."""
        return await self._readers.run(queries.position())

    async def position_key(self) -> bytes:
        """See OperationStore.position_key."""
        return await self._readers.run(queries.position_key())

    async def lead(self, replica: str, seconds: float) -> Leadership | None:
        """See ReplicaStore.lead. The answer also tells the time, for `clock`."""
        asked = self._clock.uncorrected()
        led = await self._writer.run(work_queue.lead(replica, seconds))
        self._clock.told(led.time, asked)
        return led.leadership

    async def resign(self, replica: str) -> None:
        """See OperationStore.resign."""
        await self._writer.run(work_queue.resign(replica))

    async def leader(self) -> str | None:
        """See OperationStore.leader."""
        return await self._readers.run(work_queue.leader())

    async def release_leases(self, epoch: int) -> None:
        """See OperationStore.release_leases."""
        await self._writer.run(work_queue.release_leases(epoch))

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
        return await self._writer.run(work_queue.take(owner, now, lease_until, limit, epoch))

    async def extend(self, work: Work, lease_until: datetime) -> None:
        """See OperationStore.extend."""
        await self._writer.run(work_queue.extend(work, lease_until))

    async def again(self, work: Work, due: datetime) -> None:
        """See OperationStore.again."""
        await self._writer.run(work_queue.again(work, due))

    async def wake(self, name: str, due: datetime) -> None:
        """See OperationStore.wake."""
        await self._writer.run(work_queue.wake(name, due))

    async def next_due(self, now: datetime) -> datetime | None:
        """See OperationStore.next_due."""
        return await self._readers.run(work_queue.next_due(now))

    async def expired(self, now: datetime, limit: int) -> Sequence[str]:
        """See OperationStore.expired."""
        return await self._readers.run(queries.expired(now, limit))

    async def latencies(self) -> Mapping[Kind, Sequence[tuple[float, float]]]:
        """See OperationStore.latencies."""
        return await self._readers.run(latency_queries.read())

    async def keep_latencies(self, kind: Kind, pairs: Sequence[tuple[float, float]]) -> None:
        """See OperationStore.keep_latencies."""
        await self._writer.run(latency_queries.keep(kind, pairs))

    async def usage(
        self, since: date, until: date, caller: str | None = None
    ) -> Mapping[Account, Usage]:
        """See OperationStore.usage."""
        return await self._readers.run(usage_queries.read(since, until, caller))

    async def usage_by(
        self, wanted: UsageQuery, limit: int, cursor: str | None = None
    ) -> UsagePage:
        """See OperationStore.usage_by."""
        return await self._readers.run(usage_queries.read_page(wanted, limit, cursor))

    async def key_version(self) -> int:
        """See KeyStore.key_version."""
        return await self._key_readers.run(key_queries.version())

    async def keys(self) -> Sequence[StoredKey]:
        """See KeyStore.keys."""
        return await self._key_readers.run(key_queries.read())

    async def note_key_uses(self, uses: Mapping[str, datetime]) -> None:
        """See KeyStore.note_key_uses."""
        await self._writer.run(key_queries.note_uses(uses))

    async def redeem_key(self, old: bytes, key: StoredKey, now: datetime) -> bool:
        """See KeyStore.redeem_key."""
        return await self._writer.run(key_queries.redeem(old, key, now))

    async def signing_keys(self) -> Sequence[SigningKey]:
        """See SigningKeyStore.signing_keys."""
        return await self._key_readers.run(signing_key_queries.read())

    async def add_signing_key(
        self, key: SigningKey, unless_since: datetime, forget_before: datetime
    ) -> None:
        """See SigningKeyStore.add_signing_key."""
        await self._writer.run(signing_key_queries.add(key, unless_since, forget_before))

    async def check(self, record: OperationRecord, terms: Terms) -> None:
        """See BudgetStore.check."""
        found = await self._readers.run_all(read_budgets([(terms, record.create_time)]))
        budget_changes.admit(Reading(ReadBudgets(*found)), record, terms)

    async def set_limits(self, subject: str, source: Source, limits: Limits | None) -> None:
        """See BudgetStore.set_limits."""
        await self._writer.run(budget_queries.set_limits(subject, source, limits))

    async def replace_limits(self, source: Source, documents: Mapping[str, Limits]) -> None:
        """See BudgetStore.replace_limits."""
        await self._writer.run(budget_queries.replace_limits(source, documents))

    async def limits(self) -> Mapping[tuple[str, Source], Limits]:
        """See BudgetStore.limits."""
        return await self._readers.run(budget_queries.all_limits())

    async def allowance(self, terms: Terms, now: datetime) -> Allowance:
        """See BudgetStore.allowance."""
        asked = budget_queries.allowance_queries(terms, now)
        return budget_queries.allowance(await self._readers.run_all(asked), terms, now)

    async def spending(self) -> Mapping[Charge, Amounts]:
        """See BudgetStore.spending."""
        return await self._readers.run(budget_queries.spending())

    async def concurrency_limits(
        self, principals: Collection[str], now: datetime
    ) -> Mapping[str, int | None] | None:
        """See BudgetStore.concurrency_limits."""
        return await self._readers.act(
            partial(budget_queries.concurrent, principals=principals, now=now)
        )

    async def budget_events(self, after: int, limit: int) -> Sequence[BudgetEvent]:
        """See BudgetStore.budget_events."""
        return await self._readers.run(budget_queries.events(after, limit))

    async def newest_budget_event(self) -> int:
        """See BudgetStore.newest_budget_event."""
        return await self._readers.run(budget_queries.newest_event())

    async def agreement(self, upstreams: Mapping[str, str]) -> Agreement:
        """See AgreementStore.agreement."""
        found = await self._readers.run(agreement_queries.read())
        if found is not None:
            return found
        return await self._writer.run(agreement_queries.settle(upstreams))

    async def hold_submissions(self) -> None:
        """See AgreementStore.hold_submissions."""
        await self._writer.run(agreement_queries.hold())

    async def compact(self, before: datetime) -> None:
        """See OperationStore.compact."""
        await self._writer.run(queries.compact(before))

    async def lost(self) -> str:
        """Wait for ever: a database that is away comes back. See SqliteStore.lost."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    async def close(self) -> None:
        """See OperationStore.close."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="storage-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._writer.close()
        await self._readers.close()
        await self._records.close()
        await self._key_readers.close()
        await self._listener.close()
