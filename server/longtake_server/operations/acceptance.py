# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Accepts requests: checks them, and creates the operations that serve them."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import InvalidRequest, RequestIdReused, ResourceError, Violation
from longtake_server.operations.admission.fallback import worst_case
from longtake_server.operations.budgets.terms import terms_of
from longtake_server.operations.model import OperationRecord, State
from longtake_server.operations.names import new_operation_name
from longtake_server.operations.requests.request_violations import micros_of
from longtake_server.operations.requests.validation import validate
from longtake_server.operations.requests.webhook_violations import webhook_id
from longtake_server.telemetry.traces import NO_TRACE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.budgets.terms import Terms
    from longtake_server.operations.ledger import Ledger
    from longtake_server.operations.requests.catalogue import Catalogue, ModelEntry
    from longtake_server.operations.store import OperationStore
    from longtake_server.operations.upstream import Upstream
    from longtake_server.telemetry.traces import TraceContext

    WebhookCheck = Callable[[str, Principal], Awaitable[None]]

# Hashing a smaller request is faster than handing it to a thread.
_SMALL_BYTES = 1 << 16
_EXCERPT_CHARACTERS = 80
_MILLISECONDS = 1000


class Acceptance:
    """Turns valid requests into stored operations.

    Args:
        store: Keeps the operations and the limits.
        ledger: Commits new operations.
        first_due: Returns when the first step of a new operation is due.
        routes: For each upstream named in the catalogue, the upstream that serves it.
        catalogue: The models.
        clock: The time source.
        check_webhook: Called with the id of the webhook that a request names, and the caller. It
            raises an error for the caller if the webhook is not its own or is disabled.
        enforce_retirement: Whether requests for a retired model are refused.

    """

    def __init__(
        self,
        *,
        store: OperationStore,
        ledger: Ledger,
        first_due: Callable[[OperationRecord], datetime],
        routes: Mapping[str, Upstream],
        catalogue: Catalogue,
        clock: Clock,
        check_webhook: WebhookCheck,
        enforce_retirement: bool,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._first_due = first_due
        self._routes = routes
        self._catalogue = catalogue
        self._clock = clock
        self._check_webhook = check_webhook
        self._enforce_retirement = enforce_retirement

    async def create(
        self, request: GenerateVideosRequest, principal: Principal, trace: TraceContext
    ) -> OperationRecord:
        """Create the operation of a request. See VideoOperations.generate."""
        served = await self._validated(request, principal)
        digest = await _digest_of(request)
        record = self._new_record(request, served, principal, trace, digest)
        stored = await self._ledger.create(
            record, request, self._first_due(record), _terms(request, principal)
        )
        if stored.request_digest != digest:
            raise RequestIdReused(request.request_id, stored.name)
        return stored

    async def check(self, request: GenerateVideosRequest, principal: Principal) -> OperationRecord:
        """Return the operation that a request would create. See VideoOperations.estimate."""
        served = await self._validated(request, principal)
        record = self._new_record(request, served, principal, NO_TRACE, b"")
        await self._store.check(record, _terms(request, principal))
        return record

    async def _validated(self, request: GenerateVideosRequest, principal: Principal) -> ModelEntry:
        """Return the model that serves a request.

        Raises:
            InvalidRequest, ModelRetired, WebhookDisabled: It cannot be served.

        """
        served = validate(
            request,
            self._catalogue,
            enforce_retirement=self._enforce_retirement,
            upstream_check=self._check,
        )
        if request.previous_operation:
            await self._check_previous(request.previous_operation, principal, served)
        if request.webhook:
            await self._check_webhook(webhook_id(request), principal)
        return served

    def _new_record(
        self,
        request: GenerateVideosRequest,
        served: ModelEntry,
        principal: Principal,
        trace: TraceContext,
        digest: bytes,
    ) -> OperationRecord:
        now = self._clock.now()
        asked = request.model.removeprefix("models/")
        upstream = self._routes[served.upstream]
        bill = self._catalogue.bill(served.id, request)
        most = worst_case(bill, request, served, self._catalogue, upstream)
        return OperationRecord(
            name=new_operation_name(now),
            revision=1,
            state=State.QUEUED,
            model=asked,
            served_model=served.id,
            upstream=upstream.name,
            create_time=now,
            update_time=now,
            request_digest=digest,
            request_id=request.request_id.lower(),
            caller=principal.id,
            queue_deadline=_queue_deadline(request, now),
            resubmit_if_unknown=request.resubmit_if_unknown,
            labels=_copied(request.config.labels),
            traceparent=trace.traceparent,
            tracestate=trace.tracestate,
            cost_micros=bill.cost_micros,
            priority=request.priority,
            prompt_excerpt=request.prompt[:_EXCERPT_CHARACTERS],
            reserved_micros=most.cost_micros,
            reserved_milliseconds=round(most.seconds * _MILLISECONDS),
            warnings=_alias_warnings(asked, self._catalogue.serving(asked)),
            webhook=webhook_id(request),
            webhook_metadata=_copied(request.webhook_metadata),
        )

    def _check(self, upstream: str, request: GenerateVideosRequest) -> Sequence[Violation]:
        route = self._routes.get(upstream)
        if route is None:
            return [Violation("model", f"it is served by {upstream}, which is not configured")]
        return route.check(request)

    async def _check_previous(self, name: str, principal: Principal, served: ModelEntry) -> None:
        """Refuse a previous_operation that a new operation cannot continue.

        Raises:
            InvalidRequest: It is not the caller's, has not succeeded, or ran at another upstream.

        """
        try:
            earlier = await self._ledger.read(name, principal.id)
        except ResourceError:
            earlier = None
        route = self._routes[served.upstream].name
        if earlier is None or earlier.state is not State.SUCCEEDED or earlier.upstream != route:
            accepted = f"accepted is one of your operations that has succeeded at {route}"
            raise InvalidRequest([Violation("previous_operation", accepted)])


def _copied(field: Mapping[str, str]) -> dict[str, str]:
    # Most are empty, and protobuf's maps are slow to walk.
    return dict(field) if field else {}


def _alias_warnings(asked: str, entry: ModelEntry | None) -> tuple[str, ...]:
    if entry is None or entry.id == asked:
        return ()
    return (f"{asked} is an alias of {entry.id}, set by the operator of this server",)


def _terms(request: GenerateVideosRequest, principal: Principal) -> Terms:
    most = micros_of(request.max_cost) if request.HasField("max_cost") else None
    return terms_of(principal, request.config.labels, most)


async def _digest_of(request: GenerateVideosRequest) -> bytes:
    if request.ByteSize() <= _SMALL_BYTES:
        return _digest(request)
    return await asyncio.to_thread(_digest, request)


def _digest(request: GenerateVideosRequest) -> bytes:
    """Return the SHA-256 digest of a request without its request_id."""
    content = GenerateVideosRequest()
    content.CopyFrom(request)
    content.ClearField("request_id")
    return hashlib.sha256(content.SerializeToString(deterministic=True)).digest()


def _queue_deadline(request: GenerateVideosRequest, now: datetime) -> datetime | None:
    if not request.HasField("queue_timeout"):
        return None
    timeout = request.queue_timeout
    return now + timedelta(seconds=timeout.seconds, microseconds=timeout.nanos // 1000)
