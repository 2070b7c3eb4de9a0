# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The access log has one line for each call: its code, operation, peer and duration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.access_log import access_lines
from google.longrunning import operations_pb2
from grpc_reflection.v1alpha import reflection_pb2
from longtake.v1 import video_service_pb2 as api
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.access_log import AccessLines
    from rpc.rpc_server import Server

PROMPT = "a secret dog"
ABSENT = "operations/01936d3c-0000-7000-8000-000000000000"
SECRET = "operations/ltk_a_secret_in_the_wrong_place"


@pytest.fixture
def lines() -> Iterator[AccessLines]:
    with access_lines() as lines:
        yield lines


def about(line: dict[str, Any]) -> tuple[str, str, str]:
    """Check the fields that every line has, and return the method, code and operation."""
    assert line["peer"].startswith(("ipv4:127.0.0.1:", "ipv6:[::1]:"))
    assert line["seconds"] >= 0
    service, _, method = line["method"].rpartition("/")
    assert service
    return method, line["code"], line.get("operation", "")


async def test_each_unary_call_has_a_line_with_its_operation(
    tmp_path: Path, lines: AccessLines
) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted(prompt=PROMPT)
        assert about(await lines.next()) == ("GenerateVideos", "OK", name)
        await server.videos.GetOperation(api.GetOperationRequest(name=name))
        assert about(await lines.next()) == ("GetOperation", "OK", name)
        await server.operations.GetOperation(operations_pb2.GetOperationRequest(name=name))
        assert about(await lines.next()) == ("GetOperation", "OK", name)
        await server.videos.ListOperations(api.ListOperationsRequest())
        assert about(await lines.next()) == ("ListOperations", "OK", "")
    assert PROMPT not in str(lines.all)


async def test_a_refused_call_has_its_code_and_no_name_that_is_not_one(
    tmp_path: Path, lines: AccessLines
) -> None:
    async with serving(tmp_path) as server:
        await refused(server.videos.GetOperation(api.GetOperationRequest(name=ABSENT)))
        assert about(await lines.next()) == ("GetOperation", "NOT_FOUND", ABSENT)
        await refused(server.videos.GetOperation(api.GetOperationRequest(name=PROMPT)))
        assert about(await lines.next()) == ("GetOperation", "INVALID_ARGUMENT", "")
        download = api.DownloadVideoRequest(name=f"{ABSENT}/videos/0")
        await refused(server.videos.DownloadVideo(download))
        assert about(await lines.next()) == ("DownloadVideo", "NOT_FOUND", ABSENT)
        # It could be a name, and may be a key in the wrong place.
        await refused(server.videos.GetOperation(api.GetOperationRequest(name=SECRET)))
        assert about(await lines.next()) == ("GetOperation", "NOT_FOUND", "")
    assert PROMPT not in str(lines.all)
    assert SECRET not in str(lines.all)


async def test_a_stream_that_ends_is_ok(tmp_path: Path, lines: AccessLines) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"bytes")
        await lines.next()
        async for _ in server.videos.WatchOperation(api.WatchOperationRequest(name=name)):
            pass
        assert about(await lines.next()) == ("WatchOperation", "OK", name)
        download = api.DownloadVideoRequest(name=f"{name}/videos/0")
        async for _ in server.videos.DownloadVideo(download):
            pass
        assert about(await lines.next()) == ("DownloadVideo", "OK", name)


def watches(server: Server, name: str, timeout: float) -> Iterator[tuple[str, str, Any]]:
    """Yield the method, the operation and a call of each watch."""
    watch = api.WatchOperationRequest(name=name)
    yield "WatchOperation", name, server.videos.WatchOperation(watch, timeout=timeout)
    all_of_them = api.WatchOperationsRequest()
    yield "WatchOperations", "", server.videos.WatchOperations(all_of_them, timeout=timeout)


async def test_a_call_that_its_caller_cancels_is_cancelled(
    tmp_path: Path, lines: AccessLines
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        await lines.next()
        for method, operation, call in watches(server, name, timeout=1000):
            await call.read()
            call.cancel()
            assert about(await lines.next()) == (method, "CANCELLED", operation)
        waiting = server.videos.WaitOperation(api.WaitOperationRequest(name=name))
        await server.parts.clock.sleeping()
        waiting.cancel()
        assert about(await lines.next()) == ("WaitOperation", "CANCELLED", name)


async def test_a_call_whose_deadline_passes_is_expired(tmp_path: Path, lines: AccessLines) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        await lines.next()
        expiring = list(watches(server, name, timeout=2))
        for _, _, call in expiring:
            assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert {about(await lines.next()) for _ in expiring} == {
            (method, "DEADLINE_EXCEEDED", operation) for method, operation, _ in expiring
        }


async def test_a_stream_that_the_server_ends_has_the_code_that_it_sends(
    tmp_path: Path, lines: AccessLines
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        await lines.next()
        call = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
        await call.read()
        server.parts.watching.drain()
        assert about(await lines.next()) == ("WatchOperation", "UNAVAILABLE", name)


async def test_a_stream_of_requests_has_one_line(tmp_path: Path, lines: AccessLines) -> None:
    async with serving(tmp_path) as server:
        reflection = server.channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        listing = reflection_pb2.ServerReflectionRequest(list_services="")
        async for _ in reflection(iter([listing, listing])):
            pass
        assert about(await lines.next()) == ("ServerReflectionInfo", "OK", "")
