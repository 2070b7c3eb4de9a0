# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Two principals at one server: what one of them can learn of the other's operations."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from fakes.engine import MODEL
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from identity.identity_known_keys import KnownKeys
from longtake.v1 import video_service_pb2 as api
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.model import SubmissionAccepted, SubmissionStarted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from google.protobuf.message import Message
    from rpc.rpc_server import Server

ADA, BOB, READER, ADMIN = "ltk_ada", "ltk_bob", "ltk_reader", "ltk_admin"
OMNI = "gemini-omni-1.2-flash"
"""A model that can continue earlier operations."""
VIDEO = b"the bytes of a video"
STATES = ("queued", "running", "succeeded", "deleted", "expired")

_LITERAL = re.compile(r"'[^']*'")


def known_keys() -> KnownKeys:
    return KnownKeys(
        {
            ADA: Principal("ada", frozenset({Role.GENERATOR})),
            BOB: Principal("bob", frozenset({Role.GENERATOR})),
            READER: Principal("reader", frozenset({Role.READER})),
            ADMIN: Principal("admin", frozenset({Role.ADMIN})),
        }
    )


def bearing(key: str) -> Any:
    return {"metadata": (("authorization", f"Bearer {key}"),)}


def _method(server: Server, method: str) -> Any:
    """Return a callable of a method of any service, by its full name."""
    service, _, name = method.removeprefix("/").rpartition("/")
    stub = server.operations if service.startswith("google.") else server.videos
    return getattr(stub, name)


def _naming(method: str, request: Callable[[str], Message]) -> tuple[str, Any]:
    def call(server: Server, name: str, key: str) -> Any:
        return _method(server, method)(request(name), **bearing(key))

    return method, call


_VIDEOS = "/longtake.v1.VideoService"
_STANDARD = "/google.longrunning.Operations"
_AT_ONCE = Duration()

NAMED: Mapping[str, Callable[[Server, str, str], Any]] = dict(
    (
        _naming(f"{_VIDEOS}/GetOperation", lambda name: api.GetOperationRequest(name=name)),
        _naming(f"{_VIDEOS}/WatchOperation", lambda name: api.WatchOperationRequest(name=name)),
        _naming(
            f"{_VIDEOS}/WaitOperation",
            lambda name: api.WaitOperationRequest(name=name, timeout=_AT_ONCE),
        ),
        _naming(f"{_VIDEOS}/CancelOperation", lambda name: api.CancelOperationRequest(name=name)),
        _naming(f"{_VIDEOS}/DeleteOperation", lambda name: api.DeleteOperationRequest(name=name)),
        _naming(
            f"{_VIDEOS}/DownloadVideo",
            lambda name: api.DownloadVideoRequest(name=f"{name}/videos/0"),
        ),
        _naming(
            f"{_VIDEOS}/CreateVideoUrl",
            lambda name: api.CreateVideoUrlRequest(name=f"{name}/videos/0"),
        ),
        _naming(
            f"{_VIDEOS}/GenerateVideos",
            lambda name: api.GenerateVideosRequest(
                model=OMNI, prompt="the same at night", previous_operation=name
            ),
        ),
        _naming(
            f"{_STANDARD}/GetOperation", lambda name: operations_pb2.GetOperationRequest(name=name)
        ),
        _naming(
            f"{_STANDARD}/WaitOperation",
            lambda name: operations_pb2.WaitOperationRequest(name=name, timeout=_AT_ONCE),
        ),
        _naming(
            f"{_STANDARD}/CancelOperation",
            lambda name: operations_pb2.CancelOperationRequest(name=name),
        ),
        _naming(
            f"{_STANDARD}/DeleteOperation",
            lambda name: operations_pb2.DeleteOperationRequest(name=name),
        ),
    )
)
"""The calls that name an operation: all but its owner get the answer of a name that never was."""


def _unnamed(method: str, request: Message) -> tuple[str, Any]:
    def call(server: Server, key: str) -> Any:
        return _method(server, method)(request, **bearing(key))

    return method, call


def _health(method: str) -> tuple[str, Any]:
    def call(server: Server, key: str) -> Any:
        kind = server.channel.unary_stream if method == "Watch" else server.channel.unary_unary
        made: Any = kind(f"/grpc.health.v1.Health/{method}")
        return made(b"", **bearing(key))

    return f"/grpc.health.v1.Health/{method}", call


def _reflection(version: str) -> tuple[str, Any]:
    method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"

    def call(server: Server, key: str) -> Any:
        made: Any = server.channel.stream_stream(method)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        return made(iter([request.SerializeToString()]), **bearing(key))

    return method, call


UNNAMED: Mapping[str, Callable[[Server, str], Any]] = dict(
    (
        _unnamed(f"{_VIDEOS}/ListOperations", api.ListOperationsRequest()),
        _unnamed(f"{_VIDEOS}/WatchOperations", api.WatchOperationsRequest()),
        _unnamed(f"{_VIDEOS}/ListModels", api.ListModelsRequest()),
        _unnamed(f"{_VIDEOS}/GetModel", api.GetModelRequest(name=f"models/{MODEL}")),
        _unnamed(f"{_VIDEOS}/GetCaller", api.GetCallerRequest()),
        _unnamed(f"{_VIDEOS}/GetUsage", api.GetUsageRequest()),
        _unnamed(
            f"{_STANDARD}/ListOperations", operations_pb2.ListOperationsRequest(name="operations")
        ),
        *map(_health, ("Check", "List", "Watch")),
        *map(_reflection, ("v1", "v1alpha")),
    )
)
"""The calls that name no operation: their answers do not change with what others do."""


@dataclass(frozen=True)
class Outcome:
    """Everything that a caller receives of a call, byte for byte.

    Attributes:
        code: The status.
        details: The message of the status.
        trailers: The trailing metadata, which hold the details of an error.
        headers: The initial metadata.
        messages: The messages that arrived before.
    """

    code: str
    details: str
    trailers: str
    headers: str
    messages: tuple[str, ...] = ()

    def without(self, name: str) -> Outcome:
        """Return it with the name that was asked for left out."""

        def cut(text: str) -> str:
            return text.replace(name, "NAME").replace(name.encode().hex(), "NAME")

        parts = (self.code, cut(self.details), cut(self.trailers), cut(self.headers))
        return Outcome(*parts, tuple(map(cut, self.messages)))


async def outcome(made: Any, most: int = 100) -> Outcome:
    """Return what a call brings, at most so many messages of a stream."""
    call: Any = made
    messages: list[str] = []
    try:
        if not isinstance(made, AsyncIterable):
            messages.append(_text(await call))
        else:
            async for message in call:
                messages.append(_text(message))
                if len(messages) == most or _is_whole(message):
                    call.cancel()
                    return Outcome("open", "", "", "", tuple(messages))
    except grpc.aio.AioRpcError as error:
        return Outcome(
            error.code().name,
            error.details() or "",
            _hexadecimal(error.trailing_metadata()),
            _hexadecimal(error.initial_metadata()),
            tuple(messages),
        )
    return Outcome("OK", "", "", "", tuple(messages))


def _is_whole(message: Any) -> bool:
    """Return whether a stream now waits for changes."""
    if isinstance(message, api.WatchOperationsResponse):
        return message.HasField("initial_set_complete")
    # The health of a service comes alone, as bytes of one field.
    return isinstance(message, bytes) and health_pb2.HealthCheckResponse.FromString(
        message
    ) == health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


def _text(message: Any) -> str:
    if isinstance(message, bytes):
        return message.hex()
    if isinstance(message, api.WatchOperationsResponse):
        # Two tokens of one position differ.
        message.ClearField("position")
    return str(message.SerializeToString(deterministic=True).hex())


def _hexadecimal(metadata: Any) -> str:
    """Return metadata as text, binary values in base 16, so that names in them can be found."""
    return repr(
        [(key, value.hex() if isinstance(value, bytes) else value) for key, value in metadata or ()]
    )


async def bobs_operations(server: Server) -> Mapping[str, str]:
    """Create an operation of bob in every state, and return their names."""
    names = {}
    for state in STATES:
        request = api.GenerateVideosRequest(model=OMNI, prompt="a cat")
        operation: Any = await server.videos.GenerateVideos(request, **bearing(BOB))
        names[state] = operation.name
        if state != "queued":
            await server.parts.ledger.commit(operation.name, SubmissionStarted())
            await server.parts.ledger.commit(operation.name, SubmissionAccepted(f"up/{state}"))
        if state in ("succeeded", "deleted", "expired"):
            await server.succeed(operation.name, VIDEO)
    await server.parts.service.delete(names["deleted"], Principal("bob", frozenset()))
    await server.parts.ledger.delete(names["expired"], expired=True)
    return names


def never_was(name: str) -> str:
    """Return a name that no operation ever had, in the form of the given one."""
    return name[:-4] + ("0000" if name[-4:] != "0000" else "1111")


@contextmanager
def reads_of(server: Server) -> Iterator[list[str]]:
    """Collect the statements that the store reads with, without the values in them."""
    statements: list[str] = []
    readers: Any = server.parts.store._readers
    read = readers._read

    def traced(query: Any) -> Any:
        def run(connection: sqlite3.Connection) -> Any:
            connection.set_trace_callback(lambda text: statements.append(_LITERAL.sub("?", text)))
            try:
                return query(connection)
            finally:
                connection.set_trace_callback(None)

        return read(run)

    readers._read = traced
    try:
        yield statements
    finally:
        readers._read = read


async def methods_by_reflection(server: Server, key: str) -> set[str]:
    """Return all methods of all services that the server says it serves."""
    channel: Any = server.channel
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)

    async def asked(**fields: str) -> Any:
        request = reflection_pb2.ServerReflectionRequest(**fields)  # type: ignore[arg-type]  # one of its texts
        answers: Any = stub.ServerReflectionInfo(iter([request]), **bearing(key))
        return await anext(aiter(answers))

    services: Sequence[Any] = (await asked(list_services="")).list_services_response.service
    methods = set()
    for service in services:
        files = (await asked(file_containing_symbol=service.name)).file_descriptor_response
        for encoded in files.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(encoded)
            methods |= {
                f"/{file.package}.{one.name}/{method.name}"
                for one in file.service
                if f"{file.package}.{one.name}" == service.name
                for method in one.method
            }
    return methods
