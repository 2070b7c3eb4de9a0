# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the production server on a loopback socket; only the upstream and the clock are fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from fakes.engine import MODEL, engine
from fakes.media import put
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from longtake.v1.error_reason_pb2 import ErrorReason
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub
from longtake_server.identity.authentication import Authenticator, Proofs
from longtake_server.identity.principal import Role
from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted, Succeeded
from longtake_server.rpc.door import Door
from longtake_server.rpc.health import HealthServicer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.server import RpcServer
from longtake_server.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.engine import Engine
    from fakes.upstream import ScriptedUpstream
    from google.protobuf.message import Message
    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake_server.clock import Clock
    from longtake_server.operations.service import VideoOperations

MAX_REQUEST_BYTES = 24 << 20
# Never reached unless a test sets a shorter timeout.
_SEND_TIMEOUT_SECONDS = 600.0
_BETWEEN_CHECKS_SECONDS = 3.0

_DETAILS = (
    error_details_pb2.ErrorInfo,
    error_details_pb2.BadRequest,
    error_details_pb2.ResourceInfo,
    error_details_pb2.RetryInfo,
    error_details_pb2.PreconditionFailure,
    error_details_pb2.QuotaFailure,
    error_details_pb2.RequestInfo,
)


@dataclass(frozen=True)
class Fault:
    """An error as its caller received it.

    Attributes:
        code: The status code.
        message: The message.
        details: The google.rpc details, keyed by the names of their types.
    """

    code: grpc.StatusCode
    message: str
    details: dict[str, Any]

    @property
    def reason(self) -> str:
        """The reason, checked to be one of the contract's."""
        info = self.details["ErrorInfo"]
        assert info.domain == "longtake.dev"
        assert f"ERROR_REASON_{info.reason}" in ErrorReason.DESCRIPTOR.values_by_name
        return cast("str", info.reason)

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.details["ErrorInfo"].metadata)

    @property
    def fields(self) -> list[str]:
        """The field paths of the BadRequest, each checked to have a description."""
        violations = self.details["BadRequest"].field_violations
        assert all(violation.description for violation in violations)
        return [violation.field for violation in violations]


def fault_of(error: grpc.aio.AioRpcError) -> Fault:
    """Return an error with its details, whose types must all be known."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None, f"{error.code()} without details: {error.details()}"
    details: dict[str, Message] = {}
    for packed in status.details:
        kind = next(kind for kind in _DETAILS if packed.Is(kind.DESCRIPTOR))
        details[kind.DESCRIPTOR.name] = kind.FromString(packed.value)
    return Fault(error.code(), error.details() or "", details)


async def refused(call: Awaitable[object] | AsyncIterable[object]) -> Fault:
    """Return the error that a call ends with. Reads a stream to its end."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await _to_its_end(call)
    return fault_of(raised.value)


async def _to_its_end(call: Awaitable[object] | AsyncIterable[object]) -> None:
    if not isinstance(call, AsyncIterable):
        await call
        return
    async for _ in call:
        pass


@dataclass
class Server:
    """The server, its parts, and the stubs of a caller."""

    parts: Engine
    rpc: RpcServer
    health: HealthServicer
    address: str
    channel: grpc.aio.Channel
    videos: Any
    webhooks: Any
    operations: Any
    checks: asyncio.Semaphore
    authenticator: Authenticator

    async def check_sessions(self) -> None:
        """Let the time of the next check of credentials come, and wait for the check."""
        self.parts.clock.advance(_BETWEEN_CHECKS_SECONDS)
        await self.checks.acquire()

    async def accepted(self, **fields: Any) -> str:
        """Create an operation over the socket and return its name."""
        request = GenerateVideosRequest(**{"model": MODEL, "prompt": "a dog", **fields})
        operation: GenerateVideosOperation = await self.videos.GenerateVideos(request)
        return operation.name

    async def running(self) -> str:
        """Create an operation that the upstream has accepted, and return its name."""
        name = await self.accepted()
        await self.run(name)
        return name

    async def run(self, name: str) -> None:
        """Have the upstream accept a queued operation."""
        await self.parts.ledger.commit(name, SubmissionStarted())
        await self.parts.ledger.commit(name, SubmissionAccepted("up/1"))

    async def succeed(self, name: str, *videos: bytes) -> None:
        """End a running operation with these videos, stored in the media store."""
        media = self.parts.media
        stored = [await put(media, name, index, video) for index, video in enumerate(videos)]
        await self.parts.ledger.commit(name, Succeeded(tuple(stored)))

    async def succeeded(self, *videos: bytes) -> str:
        """Create an operation that has ended with these videos, and return its name."""
        name = await self.running()
        await self.succeed(name, *videos)
        return name


def open_door(clock: Clock) -> Door:
    """Return the door of a server without authentication."""
    return Door(Authenticator(Proofs()), clock)


@asynccontextmanager
async def serving(
    folder: Path,
    upstream: ScriptedUpstream | None = None,
    *,
    service: VideoOperations | None = None,
    max_watches: int = 100,
    max_watches_per_caller: int | None = None,
    caller_header: str | None = None,
    proofs: Proofs | None = None,
    clock: FakeClock | None = None,
    max_connection_age_seconds: float | None = None,
    max_request_bytes_in_flight: int = 10 * MAX_REQUEST_BYTES,
    max_calls_per_connection: int = 1000,
    send_timeout_seconds: float = _SEND_TIMEOUT_SECONDS,
    telemetry: Telemetry | None = None,
    public_url: str | None = "https://videos.example",
) -> AsyncIterator[Server]:
    """Serve on a loopback port.

    Args:
        service: Replaces the real use cases.
        proofs: How callers prove who they are. By default all may do everything.
        clock: The clock of the server.
        public_url: The base of signed addresses, None for that of an HTTP listener.
    """
    async with engine(
        folder,
        upstream,
        clock=clock,
        max_watches=max_watches,
        max_watches_per_caller=max_watches_per_caller,
        telemetry=telemetry,
        public_url=public_url,
    ) as parts:
        health = HealthServicer(["scripted"])
        health.note_engine(True)
        callers = None if caller_header is None else frozenset({Role.GENERATOR})
        authenticator = Authenticator(proofs or Proofs(caller_roles=callers))
        checks = asyncio.Semaphore(0)

        def tell(works: bool) -> None:
            health.note_authentication(works)
            checks.release()

        door = Door(authenticator, parts.clock, header=caller_header, tell=tell)
        server = RpcServer(
            service or parts.service,
            parts.webhooks,
            health,
            max_request_bytes=MAX_REQUEST_BYTES,
            budget=RequestBudget(max_request_bytes_in_flight),
            max_calls_per_connection=max_calls_per_connection,
            send_timeout_seconds=send_timeout_seconds,
            clock=parts.clock,
            telemetry=telemetry or Telemetry(),
            door=door,
            max_connection_age_seconds=max_connection_age_seconds,
            connection_grace_seconds=0.0,
        )
        address = server.bind("127.0.0.1:0")
        await server.start()
        # Without credentials there is nothing to check, and the clock has no further sleeper.
        guarding = None if proofs is None else asyncio.create_task(door.run())
        if guarding is not None:
            await checks.acquire()
        try:
            async with grpc.aio.insecure_channel(address, _OPTIONS) as channel:
                yield Server(
                    *(parts, server, health, address, channel),
                    *(VideoServiceStub(channel), WebhookServiceStub(channel)),
                    *(OperationsStub(channel), checks),
                    authenticator,
                )
        finally:
            parts.watching.drain()
            await server.stop(0)
            if guarding is not None:
                guarding.cancel()
                await asyncio.wait([guarding])
            await authenticator.aclose()


# A response may have 16 MiB of video data, and a request may exceed the server's limit.
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)
