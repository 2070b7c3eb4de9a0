# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Exports metrics for Prometheus, and traces and metrics to an OTLP collector.

Imported only if one of them is configured.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource

from longtake_server.telemetry.recording import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import TracerProvider


@dataclass(frozen=True, slots=True)
class Exporting:
    """Telemetry that is exported.

    Attributes:
        telemetry: Records what the server does.
        scrape: Returns the metrics as Prometheus text. Blocks for some milliseconds; one thread
            at a time may call it. None if they are not exported for Prometheus.
    """

    telemetry: Telemetry
    scrape: Callable[[], bytes] | None


@contextmanager
def exporting(
    endpoint: str | None, *, prometheus: bool, principals: int = 0
) -> Iterator[Exporting]:
    """Collect telemetry and export it; leaving the context flushes it.

    Args:
        endpoint: The collector's OTLP/gRPC URL, for example `http://localhost:4317`.
            `http` is unencrypted, `https` uses TLS. None: no collector, and no traces.
        prometheus: Whether metrics can be scraped.
        principals: The most principals that metrics distinguish.

    """
    resource = _resource()
    spans = None if endpoint is None else _spans(endpoint, resource)
    readers: list[MetricReader] = [] if endpoint is None else [_otlp_reader(endpoint)]
    scrape = None
    if prometheus:
        reader, scrape = _prometheus_reader()
        readers.append(reader)
    figures = MeterProvider(readers, resource=resource)
    try:
        yield Exporting(Telemetry(spans, figures, principals), scrape)
    finally:
        if spans is not None:
            spans.shutdown()
        figures.shutdown()


def _resource() -> Resource:
    """Return what names this server. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win."""
    ours = {"service.name": "longtake", "service.version": version("longtake-server")}
    given = OTELResourceDetector().detect().attributes
    return Resource.create({key: value for key, value in ours.items() if key not in given})


def _spans(endpoint: str, resource: Resource) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=_is_insecure(endpoint))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _otlp_reader(endpoint: str) -> MetricReader:
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    return PeriodicExportingMetricReader(
        OTLPMetricExporter(endpoint=endpoint, insecure=_is_insecure(endpoint))
    )


def _is_insecure(endpoint: str) -> bool:
    return not endpoint.startswith("https://")


def _prometheus_reader() -> tuple[MetricReader, Callable[[], bytes]]:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.process_collector import ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    return reader, lambda: generate_latest(registry)
