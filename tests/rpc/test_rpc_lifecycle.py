# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server reports its health and shuts down cleanly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.clock import FakeClock
from google.longrunning import operations_pb2 as standard
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from longtake.v1 import video_service_pb2 as api
from longtake_server.errors import StartFailure
from longtake_server.rpc.health import HealthServicer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.server import RpcServer
from longtake_server.telemetry import Telemetry
from operations.operations_requests import ask
from rpc.rpc_server import fault_of, open_door, refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from rpc.rpc_server import Fault, Server

SERVICES = [
    "",
    "longtake.v1.VideoService",
    "longtake.v1.WebhookService",
    "google.longrunning.Operations",
]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def health(server: Server) -> Any:
    return health_pb2_grpc.HealthStub(server.channel)


async def said(server: Server) -> set[int]:
    """Return the health of all services."""
    return {
        (await health(server).Check(health_pb2.HealthCheckRequest(service=service))).status
        for service in SERVICES
    }


async def test_health_says_serving_and_when_it_ends_not_serving(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert await said(server) == {SERVING}
        await server.rpc.enter_shutdown()
        assert await said(server) == {NOT_SERVING}


async def test_health_says_whether_this_replica_is_the_engine(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        asked = health_pb2.HealthCheckRequest(service="engine")
        watch = aiter(health(server).Watch(asked))
        assert (await anext(watch)).status == SERVING
        server.health.note_engine(False)
        assert (await anext(watch)).status == NOT_SERVING
        assert await said(server) == {SERVING}
        await server.rpc.enter_shutdown()
        server.health.note_engine(True)
        assert (await health(server).Check(asked)).status == NOT_SERVING


async def test_health_knows_no_other_service(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await health(server).Check(health_pb2.HealthCheckRequest(service="other"))
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("service", "before", "after"),
    [
        ("", SERVING, NOT_SERVING),
        (SERVICES[1], SERVING, NOT_SERVING),
        ("other", SERVICE_UNKNOWN, SERVICE_UNKNOWN),
    ],
)
async def test_a_watch_of_health_tells_of_the_end_and_ends(
    tmp_path: Path, service: str, before: int, after: int
) -> None:
    async with serving(tmp_path) as server:
        request = health_pb2.HealthCheckRequest(service=service)
        messages = aiter(health(server).Watch(request))
        assert (await anext(messages)).status == before
        await server.rpc.enter_shutdown()
        late = aiter(health(server).Watch(request))
        for watch in (messages, late):
            told: list[int] = []
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await keep(watch, told)
            # gRPC may drop a message that an error follows immediately.
            assert told in ([], [after])
            assert_told_to_come_back(fault_of(ended.value))


async def keep(watch: AsyncIterator[Any], told: list[int]) -> None:
    async for message in watch:
        told.append(message.status)  # noqa: PERF401 - messages before an error count


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_the_services_and_describes_them(
    tmp_path: Path, version: str
) -> None:
    async with serving(tmp_path) as server:
        call = server.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        asked = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICES[1]),
        ]
        listed, described = [answer async for answer in call(iter(asked))]
    assert {service.name for service in listed.list_services_response.service} == {
        *SERVICES[1:],
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert described.file_descriptor_response.file_descriptor_proto


async def test_a_drain_ends_watches_and_waits_and_tells_them_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name, videos = await server.running(), server.videos
        watch = aiter(videos.WatchOperation(api.WatchOperationRequest(name=name)))
        everything = aiter(videos.WatchOperations(api.WatchOperationsRequest()))
        await anext(watch)
        for _ in range(2):
            await anext(everything)
        wait = asyncio.ensure_future(videos.WaitOperation(api.WaitOperationRequest(name=name)))
        theirs = asyncio.ensure_future(
            server.operations.WaitOperation(standard.WaitOperationRequest(name=name))
        )
        await server.parts.clock.sleeping(4)
        server.parts.watching.drain()
        faults = [await refused(call) for call in (watch, everything, wait, theirs)]
    for fault in faults:
        assert_told_to_come_back(fault)


async def test_a_server_that_drains_takes_no_watch_and_no_generation_but_answers(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name, videos = await server.running(), server.videos
        server.parts.watching.drain()
        calls: list[Awaitable[object] | Any] = [
            videos.GenerateVideos(ask()),
            videos.WatchOperation(api.WatchOperationRequest(name=name)),
            videos.WatchOperations(api.WatchOperationsRequest()),
            videos.WaitOperation(api.WaitOperationRequest(name=name)),
            server.operations.WaitOperation(standard.WaitOperationRequest(name=name)),
        ]
        for call in calls:
            assert_told_to_come_back(await refused(call))
        operations = (await videos.ListOperations(api.ListOperationsRequest())).operations
        assert [operation.name for operation in operations] == [name]
        cancelled = await videos.CancelOperation(api.CancelOperationRequest(name=name))
        assert cancelled.metadata.cancel_requested


def assert_told_to_come_back(fault: Fault) -> None:
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    assert fault.details["RetryInfo"].retry_delay.ToMilliseconds() > 0


async def test_open_streams_do_not_hold_the_end_up(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        watch = aiter(
            server.videos.WatchOperation(api.WatchOperationRequest(name=await server.accepted()))
        )
        watching_health = aiter(health(server).Watch(health_pb2.HealthCheckRequest()))
        await anext(watch)
        await anext(watching_health)
        await server.rpc.enter_shutdown()
        server.parts.watching.drain()
        # The grace period is longer than any test may take.
        await server.rpc.stop(3600)
        assert_told_to_come_back(await refused(watch))


async def test_an_address_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        second = RpcServer(
            server.parts.service,
            server.parts.webhooks,
            HealthServicer(),
            max_request_bytes=1,
            budget=RequestBudget(1 << 30),
            send_timeout_seconds=1.0,
            clock=FakeClock(),
            door=open_door(FakeClock()),
            telemetry=Telemetry(),
        )
        first = server.address
        with pytest.raises(StartFailure, match=f"cannot listen on {first}: another program"):
            second.bind(first)


async def test_a_method_that_does_not_exist_is_unimplemented(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        call: Any = server.channel.unary_unary("/longtake.v1.VideoService/Rewind")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_health_says_of_an_upstream_whether_it_answers(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        upstream = health_pb2.HealthCheckRequest(service="upstream/scripted")
        watch = aiter(health(server).Watch(upstream))
        assert (await anext(watch)).status == SERVING
        server.health.note_upstream("scripted", answers=False)
        assert (await anext(watch)).status == NOT_SERVING
        assert (await health(server).Check(upstream)).status == NOT_SERVING
        # The server itself stays healthy.
        assert await said(server) == {SERVING}
        server.health.note_upstream("scripted", answers=True)
        assert (await anext(watch)).status == SERVING
