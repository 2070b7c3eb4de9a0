# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The use cases of the API, independent of the transport. rpc/ calls only this module."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import ResourceError, RoleMissing, ServerDraining
from longtake_server.identity.principal import Role
from longtake_server.operations.acceptance import Acceptance
from longtake_server.operations.budgets.terms import terms_of
from longtake_server.operations.model import CancelRequested, OperationRecord, State
from longtake_server.operations.ownership import (
    may_change,
    may_see,
    scope_of,
    scoped,
    usage_scope_of,
)
from longtake_server.operations.results.download import Downloads, video_of
from longtake_server.telemetry.traces import NO_TRACE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.clock import Clock
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.acceptance import WebhookCheck
    from longtake_server.operations.accounting import UsagePage, UsageQuery
    from longtake_server.operations.budgets.terms import Allowance
    from longtake_server.operations.engine.election import Election
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.requests.catalogue import Catalogue, ModelEntry
    from longtake_server.operations.results.addresses import (
        Disposition,
        VideoAddress,
        VideoAddresses,
    )
    from longtake_server.operations.results.download import Download
    from longtake_server.operations.store import Filter, OperationStore, Page
    from longtake_server.operations.upstream import Upstream
    from longtake_server.operations.view import StoreEvent
    from longtake_server.operations.watching import Heartbeat, Watching
    from longtake_server.telemetry.traces import TraceContext


class VideoOperations:
    """The use cases of the service.

    Args:
        store: Keeps the operations.
        ledger: Commits changes.
        watching: Serves watches and waits.
        election: Reaches the engine if it is this replica.
        upstreams: All upstreams by name, including those that only earlier operations use.
        routes: For each upstream named in the catalogue, the upstream that serves it.
        media: Keeps result videos.
        catalogue: The models.
        clock: The time source.
        addresses: Creates addresses of videos.
        check_webhook: See Acceptance.
        enforce_retirement: Whether requests for a retired model are refused.

    """

    def __init__(
        self,
        *,
        store: OperationStore,
        ledger: Ledger,
        watching: Watching,
        election: Election,
        upstreams: Mapping[str, Upstream],
        routes: Mapping[str, Upstream],
        media: MediaStore,
        catalogue: Catalogue,
        clock: Clock,
        addresses: VideoAddresses,
        check_webhook: WebhookCheck,
        enforce_retirement: bool,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._watching = watching
        self._election = election
        self._media = media
        self._catalogue = catalogue
        self._clock = clock
        self._acceptance = Acceptance(
            store=store,
            ledger=ledger,
            first_due=election.first_due,
            routes=routes,
            catalogue=catalogue,
            clock=clock,
            check_webhook=check_webhook,
            enforce_retirement=enforce_retirement,
        )
        self._addresses = addresses
        self._downloads = Downloads(ledger, media, upstreams)

    async def generate(
        self,
        request: GenerateVideosRequest,
        principal: Principal,
        trace: TraceContext = NO_TRACE,
    ) -> OperationRecord:
        """Accept a generation durably, and return its operation.

        A repeated request with the same request_id returns the operation of the first one.

        Args:
            request: The request.
            principal: The owner of the operation.
            trace: The trace context to keep with the operation; none by default.

        Raises:
            InvalidRequest, ModelRetired, WebhookDisabled: The request cannot be served.
            RequestIdReused: Its request_id was used for a different request.
            OperationDeleted, OperationExpired: Its request_id belongs to an operation that is gone.
            ServerDraining: The server is shutting down; nothing was accepted.
            StorageUnavailable: The store failed; nothing was accepted.

        Raises also as OperationStore.create, if a budget or a limit refuses it.

        """
        if self._watching.draining:
            raise ServerDraining
        return await self._acceptance.create(request, principal, trace)

    async def estimate(
        self, request: GenerateVideosRequest, principal: Principal
    ) -> OperationRecord:
        """Check a request as `generate` does, with all limits, and store nothing.

        Returns:
            The operation that would be created. Its reserved_micros is the most that it can cost.

        Raises as `generate`.

        """
        return await self._acceptance.check(request, principal)

    async def allowance(self, principal: Principal) -> Allowance:
        """Return what a principal may do and spend now. See BudgetStore.allowance."""
        return await self._store.allowance(terms_of(principal), self._clock.now())

    async def get(self, name: str, principal: Principal) -> OperationRecord:
        """Return an operation.

        Raises as OperationStore.get. An operation that the principal may not see raises the same
        as one that never existed.
        """
        record = self._known(name, principal) or await self._read(name, principal)
        return self._with_outage(record)

    async def _find(self, name: str, principal: Principal) -> OperationRecord:
        return self._known(name, principal) or await self._read(name, principal)

    def _known(self, name: str, principal: Principal) -> OperationRecord | None:
        cached = self._ledger.newest(name)
        return cached if cached is not None and may_see(cached, principal) else None

    async def _read(self, name: str, principal: Principal) -> OperationRecord:
        # Another's operation takes the same read as a name that never existed, and as long.
        return await self._ledger.read(name, scope_of(principal))

    async def _find_to_change(self, name: str, principal: Principal) -> OperationRecord:
        record = await self._find(name, principal)
        if not may_change(record, principal):
            raise RoleMissing([Role.ADMIN.value])
        return record

    def _with_outage(self, record: OperationRecord) -> OperationRecord:
        """Add the outage to a queued record if its upstream does not answer.

        The outage is not stored: a commit for each waiting operation would be too expensive.
        """
        outage = self._election.outage(record) if record.state is State.QUEUED else None
        if outage is None:
            return record
        refusal = replace(outage.failure, reason="UPSTREAM_UNAVAILABLE")
        return replace(record, last_refusal=refusal, next_retry_time=outage.retry_time)

    async def watch(
        self, name: str, principal: Principal, after_revision: int, heartbeat_seconds: float
    ) -> AsyncGenerator[OperationRecord | Heartbeat]:
        """Return a stream of the states of an operation. See Watching.watch."""
        record = await self._find(name, principal)
        watch = self._watching.watch(name, after_revision, heartbeat_seconds, principal.id)
        # While an upstream does not answer, those that wait have no new revisions: an outage
        # that begins later changes no message of this watch.
        is_held_up = self._with_outage(record) is not record
        return self._with_outages(watch) if is_held_up else watch

    async def _with_outages(
        self, watch: AsyncGenerator[OperationRecord | Heartbeat]
    ) -> AsyncGenerator[OperationRecord | Heartbeat]:
        async with aclosing(watch):
            async for news in watch:
                yield self._with_outage(news) if isinstance(news, OperationRecord) else news

    def watch_all(
        self, wanted: Filter, principal: Principal, after: int | None, heartbeat_seconds: float
    ) -> AsyncGenerator[StoreEvent]:
        """Yield the changes of all matching operations. See Watching.watch_all."""
        seen = scoped(wanted, principal)
        return self._watching.watch_all(seen, after, heartbeat_seconds, principal.id)

    async def position(self) -> int:
        """Return the position of the newest change. See OperationStore.position."""
        return await self._store.position()

    async def position_key(self) -> bytes:
        """Return the key that seals positions. See OperationStore.position_key."""
        return await self._store.position_key()

    async def wait(
        self, name: str, principal: Principal, after_revision: int | None, timeout: float
    ) -> OperationRecord:
        """Return an operation once it has changed or ended. See Watching.wait."""
        await self._find(name, principal)
        record = await self._watching.wait(name, after_revision, timeout, principal.id)
        return self._with_outage(record)

    async def list(
        self, wanted: Filter, principal: Principal, limit: int, cursor: str | None
    ) -> Page:
        """Return a page of operations. See OperationStore.list."""
        page = await self._store.list(scoped(wanted, principal), limit, cursor)
        return replace(page, records=tuple(map(self._with_outage, page.records)))

    async def cancel(self, name: str, principal: Principal) -> OperationRecord:
        """Cancel an operation. One that has ended stays unchanged.

        A queued operation ends at once, a running one within its next step.

        Raises:
            RoleMissing: The principal may see the operation but not change it.

        Raises also as `get`.

        """
        await self._find_to_change(name, principal)
        return await self._ledger.finish(self._cancel(name))

    async def _cancel(self, name: str) -> OperationRecord:
        record = await self._ledger.commit(name, CancelRequested())
        if record.done:
            return record
        await self._store.wake(name, self._clock.now())
        self._election.notify()
        return record

    async def hint(self, upstream_operation: str) -> bool:
        """Poll a generation now, given the upstream's name of it.

        The state changes only by the result of the poll, so a wrong, early or repeated hint costs
        one poll and does no harm.

        Returns:
            Whether a generation that may go on has this name.

        Raises:
            StorageUnavailable: The store failed; nothing is polled.

        """
        name = await self._store.find_by_upstream(upstream_operation)
        if name is None:
            return False
        try:
            record = await self._store.get(name)
        except ResourceError:
            # Deleted after it was found.
            return False
        if record.state is not State.RUNNING and not record.may_succeed_late:
            return False
        self._election.hint(name)
        await self._store.wake(name, self._clock.now())
        self._election.notify()
        return True

    async def delete(self, name: str, principal: Principal) -> None:
        """Delete an operation and its videos in the media store.

        Raises:
            RoleMissing: As `cancel`.
            StorageUnavailable: The operation still exists, though videos may be missing, and can
                be deleted again; or it is deleted, but a video stored meanwhile remains.

        Raises also as `get`.

        """
        await self._find_to_change(name, principal)
        await self._ledger.finish(self._delete(name))

    async def _delete(self, name: str) -> None:
        await self._media.delete(name)
        await self._ledger.delete(name)
        self._election.forget(name)
        # A step in progress may have stored videos after the first deletion.
        await self._media.delete(name)

    async def read_videos(self, record: OperationRecord, most_bytes: int) -> Sequence[bytes]:
        """Return the bytes of an operation's videos. See Downloads.read_all."""
        return await self._downloads.read_all(record, most_bytes)

    @asynccontextmanager
    async def download(
        self, name: str, principal: Principal, index: int, offset: int, limit: int | None
    ) -> AsyncGenerator[Download]:
        """Open a video of an operation for reading. See Downloads.open."""
        record = await self._find(name, principal)
        async with self._downloads.open(record, index, offset, limit) as download:
            yield download

    async def create_video_url(
        self,
        name: str,
        principal: Principal,
        index: int,
        lifetime_seconds: int | None,
        disposition: Disposition,
    ) -> VideoAddress:
        """Return an address at which a video can be read without a credential, for a time.

        Raises:
            VideoNotReady, VideoNotFound: As `download`.

        Raises also as `get` and as VideoAddresses.create.

        """
        record = await self._find(name, principal)
        video = video_of(record, index)
        return await self._addresses.create(
            video, (name, index), principal, lifetime_seconds, disposition
        )

    async def store_address(
        self, name: str, principal: Principal, index: int, lifetime_seconds: int
    ) -> str | None:
        """Return an address of a video that its store signs, or None. See MediaStore.address.

        Raises also as `download`.

        """
        record = await self._find(name, principal)
        return await self._downloads.store_address(record, index, lifetime_seconds)

    async def usage(
        self, wanted: UsageQuery, principal: Principal, limit: int, cursor: str | None
    ) -> UsagePage:
        """Return a page of the usage that a principal may see. See OperationStore.usage_by.

        Raises:
            RoleMissing: The query names another caller, and the principal is no admin.

        """
        seen = replace(wanted, caller=usage_scope_of(principal, wanted.caller))
        return await self._store.usage_by(seen, limit, cursor)

    def models(self) -> Sequence[ModelEntry]:
        """Return all models in the order of their ids."""
        return self._catalogue.models

    def model(self, model: str) -> ModelEntry:
        """Return a model. Raises ModelNotFound."""
        return self._catalogue.find(model)

    def serves(self, model: str) -> bool:
        """Return whether a model, or an alias that the operator has set, is served."""
        return self._catalogue.serving(model) is not None
