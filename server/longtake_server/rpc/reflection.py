# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Server reflection in both its versions, for grpcurl and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

# The messages of v1 are those of v1alpha, byte for byte; the library has only the latter.
_VERSIONS = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)


def add_reflection(server: grpc.aio.Server, services: Iterable[str]) -> None:
    """Have a server tell of services, and of reflection itself."""
    servicer = reflection.aio.ReflectionServicer((*services, *_VERSIONS))
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for version in _VERSIONS:
        server.add_registered_method_handlers(version, {"ServerReflectionInfo": handler})
