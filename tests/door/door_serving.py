# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the HTTP listener on a loopback socket, beside the gRPC server of rpc_server."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from longtake_server.http.parts import DoorParts, DoorSettings
from longtake_server.http.server import door_listener, mtls_door_listener
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.telemetry import Telemetry
from rpc.rpc_server import MAX_REQUEST_BYTES, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.clock import FakeClock
    from fakes.upstream import ScriptedUpstream
    from longtake_server.http_listener import HttpListener
    from longtake_server.identity.authentication import Proofs
    from longtake_server.rpc.certificates import Certificates
    from rpc.rpc_server import Server

_SEND_TIMEOUT_SECONDS = 600.0
_READ_SECONDS = 30.0


@dataclass
class HttpDoor:
    """The listeners of one server, and an HTTP client.

    Attributes:
        mtls_address: The address on which clients must present a certificate; empty without one.
    """

    grpc: Server
    listener: HttpListener
    address: str
    client: httpx.AsyncClient
    mtls_address: str = ""


@asynccontextmanager
async def http_serving(
    folder: Path,
    upstream: ScriptedUpstream | None = None,
    *,
    proofs: Proofs | None = None,
    caller_header: str | None = None,
    clock: FakeClock | None = None,
    max_request_bytes: int = MAX_REQUEST_BYTES,
    max_request_bytes_in_flight: int = 10 * MAX_REQUEST_BYTES,
    send_timeout_seconds: float = _SEND_TIMEOUT_SECONDS,
    redirects: bool = False,
    google_results: str = "inline",
    telemetry: Telemetry | None = None,
    certificates: Certificates | None = None,
    requires_certificates: bool = False,
    grace_seconds: float = 1.0,
) -> AsyncIterator[HttpDoor]:
    """Serve gRPC and HTTP on loopback ports.

    Args:
        proofs: How callers prove who they are. By default all may do everything.
        caller_header: The header in which a trusted proxy names the caller.
        clock: The clock of the server.
        redirects: Whether signed addresses redirect to those of the media store.
        certificates: The certificate for TLS.
        requires_certificates: Whether a second listener requires certificates of its clients.
        grace_seconds: How long requests under way may take when the listener stops.
        google_results: How results come on Google's wire.
    """
    async with serving(
        folder,
        upstream,
        proofs=proofs,
        caller_header=caller_header,
        clock=clock,
        send_timeout_seconds=send_timeout_seconds,
        telemetry=telemetry,
        public_url=None,
    ) as server:
        parts = DoorParts(
            server.parts.service,
            server.authenticator,
            server.parts.clock,
            DoorSettings(
                *(caller_header, max_request_bytes, send_timeout_seconds, redirects),
                google_results=google_results,
            ),
            server.parts.signer,
            RequestBudget(max_request_bytes_in_flight),
            telemetry or Telemetry(),
            server.parts.webhooks,
        )
        listener = door_listener(parts, grace_seconds, certificates)
        address = listener.bind("127.0.0.1:0")
        server.parts.signer.listens(address, tls=certificates is not None)
        async with AsyncExitStack() as closing:
            closing.push_async_callback(listener.stop)
            await listener.start()
            mtls_address = ""
            if requires_certificates:
                assert certificates is not None
                mtls = mtls_door_listener(parts, grace_seconds, certificates)
                closing.push_async_callback(mtls.stop)
                mtls_address = mtls.bind("127.0.0.1:0")
                await mtls.start()
            closing.callback(server.parts.watching.drain)
            base = f"http://{address}"
            async with httpx.AsyncClient(base_url=base, timeout=_READ_SECONDS) as client:
                yield HttpDoor(server, listener, address, client, mtls_address)
