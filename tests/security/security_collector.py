# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An OTLP collector on loopback that keeps every byte that it receives."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_SERVICES = "opentelemetry.proto.collector"


@dataclass
class Collected:
    """The messages of spans and of metrics, as they were received."""

    address: str = ""
    spans: bytes = b""
    metrics: bytes = b""

    async def export_spans(self, data: bytes, _: Any) -> bytes:
        self.spans += data
        return ExportTraceServiceResponse().SerializeToString()

    async def export_metrics(self, data: bytes, _: Any) -> bytes:
        self.metrics += data
        return ExportMetricsServiceResponse().SerializeToString()


@asynccontextmanager
async def collecting() -> AsyncIterator[Collected]:
    """Receive spans and metrics."""
    kept = Collected()
    receiving = grpc.aio.server()
    for service, behaviour in (
        (f"{_SERVICES}.trace.v1.TraceService", kept.export_spans),
        (f"{_SERVICES}.metrics.v1.MetricsService", kept.export_metrics),
    ):
        handlers: Any = {"Export": grpc.unary_unary_rpc_method_handler(behaviour)}
        receiving.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, handlers),)
        )
    kept.address = f"http://127.0.0.1:{receiving.add_insecure_port('127.0.0.1:0')}"
    await receiving.start()
    try:
        yield kept
    finally:
        await receiving.stop(None)
