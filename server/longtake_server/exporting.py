# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends traces and metrics to an OTLP collector. Imported only if one is configured."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from longtake_server.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def exporting(endpoint: str) -> Iterator[Telemetry]:
    """Collect telemetry and send it to the endpoint; leaving the context flushes it.

    Args:
        endpoint: The collector's OTLP/gRPC URL, for example `http://localhost:4317`.
            `http` is unencrypted, `https` uses TLS.

    """
    resource = Resource.create({"service.name": "longtake"})
    insecure = not endpoint.startswith("https://")
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=insecure))
    )
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint, insecure=insecure))
    figures = MeterProvider([reader], resource=resource)
    try:
        yield Telemetry(spans, figures)
    finally:
        spans.shutdown()
        figures.shutdown()
