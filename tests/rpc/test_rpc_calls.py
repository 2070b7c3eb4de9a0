# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How calls are accepted, and that a running call does not keep its request in memory."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from longtake_server.clock import SystemClock
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.telemetry import Telemetry
from rpc.rpc_server import open_door

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping


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
    calls = calls_of(server)
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


class Registering:
    """Takes the place of the gRPC server, and keeps the names of the registered methods."""

    def __init__(self) -> None:
        self.registered: list[str] = []

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Ignore them: they are not registered."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, object]) -> None:
        self.registered += [f"{service}/{name}" for name in handlers]


def test_only_health_checks_are_accepted_apart() -> None:
    server = Registering()
    calls: Any = calls_of(server)
    health_pb2_grpc.add_HealthServicer_to_server(health_pb2_grpc.HealthServicer(), calls)
    calls.add_registered_method_handlers("test.Service", {"Check": echo()})
    assert server.registered == ["grpc.health.v1.Health/Check"]


def echo() -> grpc.RpcMethodHandler[Any, Any]:
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
        lambda request, _: request
    )
    return handler


def calls_of(server: Any) -> Calls:
    return Calls(
        server,
        max_request_bytes=10,
        budget=RequestBudget(10),
        send_timeout_seconds=600.0,
        observer=Observer(SystemClock(), Telemetry()),
        door=open_door(SystemClock()),
    )
