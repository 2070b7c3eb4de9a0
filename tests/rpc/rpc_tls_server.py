# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the production server with a TLS and an mTLS listener on loopback."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc
from fakes.clock import FakeClock
from fakes.engine import engine
from longtake.v1.video_service_pb2 import ListModelsRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake_server.rpc.health import HealthServicer
from longtake_server.rpc.listeners import bind
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.server import RpcServer
from longtake_server.settings import Settings
from longtake_server.telemetry import Telemetry
from rpc.rpc_server import open_door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake_server.rpc.certificates import Certificates
    from rpc.rpc_certificates import TlsFolder

PEER = "/test.Peer/Properties"


@dataclass(frozen=True)
class TlsServer:
    """The server, its addresses and its certificates."""

    address: str
    mtls_address: str
    certificates: Certificates
    clock: FakeClock


@asynccontextmanager
async def tls_serving(folder: Path, files: TlsFolder) -> AsyncIterator[TlsServer]:
    """Serve with `files`, and answer PEER with the names of what is known of the client."""
    settings = Settings(
        listen="127.0.0.1:0",
        tls_certificate=files.certificate,
        tls_key=files.key,
        mtls_listen="127.0.0.1:0",
        mtls_client_ca=files.client_ca,
    )
    # Clients judge the certificates by the clock of the machine.
    async with engine(folder, clock=FakeClock(datetime.now(UTC))) as parts:
        server = RpcServer(
            parts.service,
            parts.webhooks,
            HealthServicer([]),
            max_request_bytes=1 << 20,
            budget=RequestBudget(1 << 30),
            send_timeout_seconds=600.0,
            clock=parts.clock,
            telemetry=Telemetry(),
            door=open_door(parts.clock),
        )
        server._server.add_generic_rpc_handlers((_peer_handler(),))
        listeners = await bind(server, settings, parts.clock)
        assert listeners.mtls_address is not None
        assert listeners.certificates is not None
        await server.start()
        try:
            yield TlsServer(
                listeners.address, listeners.mtls_address, listeners.certificates, parts.clock
            )
        finally:
            parts.watching.drain()
            await server.stop(0)


def _peer_handler() -> grpc.GenericRpcHandler:
    async def properties(_: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        known = context.auth_context()
        return b"\n".join(
            b"%s=%s" % (name.encode(), value)
            for name, values in known.items()
            for value in values
            if name.startswith("peer_") and name != "peer_identity"
        )

    _, service, method = PEER.split("/")
    behaviour: Any = properties
    return grpc.method_handlers_generic_handler(
        service, {method: grpc.unary_unary_rpc_method_handler(behaviour)}
    )


async def models(channel: grpc.aio.Channel) -> int:
    """Call ListModels, and return the number of models."""
    stub: Any = VideoServiceStub(channel)
    return len((await stub.ListModels(ListModelsRequest())).models)
