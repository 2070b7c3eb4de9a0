# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Server reflection, v1 and v1alpha, for grpcurl, buf curl and similar tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

# No service file imports these two, but errors contain their messages.
from google.rpc import error_details_pb2 as _error_details_pb2  # noqa: F401 - registers the file
from grpc_reflection.v1alpha import reflection, reflection_pb2
from longtake.v1 import error_reason_pb2 as _error_reason_pb2  # noqa: F401 - registers the file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_V1_FILE = "grpc/reflection/v1/reflection.proto"
_V1_PACKAGE = "grpc.reflection.v1"
_V1ALPHA_PACKAGE = "grpc.reflection.v1alpha"
_VERSIONS = (f"{_V1_PACKAGE}.ServerReflection", reflection.SERVICE_NAME)


def add_reflection(server: grpc.aio.Server, services: Iterable[str]) -> None:
    """Serve reflection for these services and for reflection itself."""
    _register_v1()
    servicer = _Servicer((*services, *_VERSIONS))
    # The library ships v1alpha only. The messages of v1 have the same wire format.
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for version in _VERSIONS:
        server.add_registered_method_handlers(version, {"ServerReflectionInfo": handler})


class _Servicer(reflection.aio.ReflectionServicer):
    """Also resolves methods, which the library's lookup in the descriptor pool does not find."""

    def _file_containing_symbol(
        self, request: reflection_pb2.ServerReflectionRequest, fully_qualified_name: str
    ) -> reflection_pb2.ServerReflectionResponse:
        service, _, method = fully_qualified_name.rpartition(".")
        symbol = service if method in _methods(service) else fully_qualified_name
        found = super()._file_containing_symbol(request, symbol)  # type: ignore[misc]  # its types leave it out
        return cast("reflection_pb2.ServerReflectionResponse", found)


def _methods(service: str) -> Iterable[str]:
    try:
        return descriptor_pool.Default().FindServiceByName(service).methods_by_name
    except KeyError:
        return ()


def _register_v1() -> None:
    """Add the v1 file to the descriptor pool: the v1alpha file in the package of v1."""
    file = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    file.name, file.package = _V1_FILE, _V1_PACKAGE
    for field in _message_fields(file):
        field.type_name = _in_v1(field.type_name)
    for service in file.service:
        for method in service.method:
            method.input_type = _in_v1(method.input_type)
            method.output_type = _in_v1(method.output_type)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


def _message_fields(
    file: descriptor_pb2.FileDescriptorProto,
) -> Iterator[descriptor_pb2.FieldDescriptorProto]:
    for message in file.message_type:
        yield from (field for field in message.field if field.type_name)


def _in_v1(name: str) -> str:
    return name.replace(f".{_V1ALPHA_PACKAGE}.", f".{_V1_PACKAGE}.")
