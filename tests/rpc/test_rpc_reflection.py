# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""grpcurl, buf curl and a reflection client read the contract from the running server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from longtake.v1 import (
    error_reason_pb2,
    generation_pb2,
    media_pb2,
    model_pb2,
    operation_pb2,
    video_service_pb2,
    webhook_pb2,
    webhook_service_pb2,
)
from polyglot.toolchains import BUILD_SECONDS, GRPCURL, go_install
from rpc.rpc_server import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from google.protobuf.descriptor import Descriptor, FileDescriptor
    from rpc.rpc_server import Server

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

SERVICES = {
    "google.longrunning.Operations",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "longtake.v1.VideoService",
    "longtake.v1.WebhookService",
}
CONTRACT: tuple[FileDescriptor, ...] = tuple(
    module.DESCRIPTOR
    for module in (
        error_reason_pb2,
        generation_pb2,
        media_pb2,
        model_pb2,
        operation_pb2,
        video_service_pb2,
        webhook_pb2,
        webhook_service_pb2,
    )
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def told(*command: str | Path) -> str:
    """Run a command and return its output. If the command fails, fail with its output."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return output.decode()


async def grpcurl(server: Server, *arguments: str) -> str:
    program = await asyncio.to_thread(go_install, GRPCURL)
    return await told(program, "-plaintext", server.address, *arguments)


async def buf_methods(server: Server, reflection: str) -> set[str]:
    listed = await told(
        Path(sys.executable).with_name("buf"),
        *("curl", "--protocol", "grpc", "--http2-prior-knowledge"),
        *("--reflect-protocol", reflection, "--list-methods", f"http://{server.address}"),
    )
    return set(listed.split())


async def test_grpcurl_describes_the_whole_server(server: Server) -> None:
    listed = await grpcurl(server, "list")
    described = await grpcurl(server, "describe")
    assert set(listed.split()) == SERVICES
    for service in SERVICES:
        assert f"{service} is a service:" in described


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("longtake.v1.VideoService.WatchOperations", "is a method:"),
        ("google.longrunning.Operations.WaitOperation", "is a method:"),
        ("grpc.health.v1.Health.Check", "is a method:"),
        ("longtake.v1.GenerateVideosRequest", "message GenerateVideosRequest {"),
        ("longtake.v1.ErrorReason", "ERROR_REASON_OPERATION_NOT_FOUND = 3;"),
        ("google.rpc.ErrorInfo", "message ErrorInfo {"),
    ],
)
async def test_grpcurl_describes_symbols(server: Server, symbol: str, expected: str) -> None:
    assert expected in await grpcurl(server, "describe", symbol)


@pytest.mark.parametrize("reflection", ["grpc-v1", "grpc-v1alpha"])
async def test_buf_curl_lists_all_methods(server: Server, reflection: str) -> None:
    pool = descriptor_pool.Default()
    assert await buf_methods(server, reflection) == {
        f"{service}/{method}"
        for service in SERVICES
        for method in pool.FindServiceByName(service).methods_by_name
    }


def symbols() -> Iterator[str]:
    """Yield every symbol of the contract and the services of other packages."""
    for file in CONTRACT:
        for message in file.message_types_by_name.values():
            yield from within(message)
        yield from (enum.full_name for enum in file.enum_types_by_name.values())
    pool = descriptor_pool.Default()
    for service in SERVICES:
        yield service
        yield from (method.full_name for method in pool.FindServiceByName(service).methods)


def within(message: Descriptor) -> Iterator[str]:
    yield message.full_name
    yield from (field.full_name for field in message.fields)
    yield from (enum.full_name for enum in message.enum_types)
    for nested in message.nested_types:
        yield from within(nested)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_every_symbol_is_found_with_all_that_its_file_imports(
    server: Server, version: str
) -> None:
    asked = sorted(set(symbols()))
    answers = await reflected(server, version, asked)
    for symbol, answer in zip(asked, answers, strict=True):
        assert answer.HasField("file_descriptor_response"), symbol
        # A new pool refuses a file with a missing import or type.
        pool = descriptor_pool.DescriptorPool()
        for file in in_order(answer.file_descriptor_response.file_descriptor_proto):
            pool.AddSerializedFile(file.SerializeToString())


async def test_an_unknown_symbol_is_not_found(server: Server) -> None:
    for version in ("v1", "v1alpha"):
        asked = ["longtake.v1.VideoService.Nothing", "longtake.v1.Nothing", "nothing", ""]
        for answer in await reflected(server, version, asked):
            assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


async def reflected(
    server: Server, version: str, asked: Sequence[str]
) -> list[reflection_pb2.ServerReflectionResponse]:
    """Request the files of all symbols on one reflection stream."""
    method = server.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = [
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in asked
    ]
    return [answer async for answer in method(iter(requests))]


def in_order(files: Sequence[bytes]) -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """Yield the files, each after its imports."""
    left = {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, files)}
    while left:
        ready = [file for file in left.values() if not left.keys() & set(file.dependency)]
        assert ready, f"imports are missing: {sorted(left)}"
        for file in ready:
            yield left.pop(file.name)
