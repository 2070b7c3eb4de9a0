# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A running call does not keep its request in memory."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

import grpc
from longtake_server.clock import SystemClock
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.telemetry import Telemetry
from rpc.rpc_server import open_door

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Request:
    def __init__(self, data: bytes) -> None:
        self.data = data


async def test_a_stream_holds_no_request_that_its_behaviour_let_go() -> None:
    requests: list[weakref.ref[Request]] = []

    async def stream(request: Request, _context: object) -> AsyncGenerator[bytes]:
        requests.append(weakref.ref(request))
        answer = request.data
        del request
        yield answer
        await asyncio.Event().wait()

    # grpcio types the synchronous server.
    streaming: Any = stream
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_stream_rpc_method_handler(
        streaming, Request
    )
    server = grpc.aio.server()
    observer = Observer(SystemClock(), Telemetry())
    calls = Calls(
        server,
        max_request_bytes=10,
        budget=RequestBudget(10),
        send_timeout_seconds=600.0,
        observer=observer,
        door=open_door(SystemClock()),
    )
    calls.add_registered_method_handlers("test.Service", {"Stream": handler})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            streams: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
                "/test.Service/Stream"
            )
            call = streams(b"request")
            assert await call.read() == b"request"
            [request] = requests
            assert request() is None
            call.cancel()
    finally:
        await server.stop(0)
