# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Spans of the calls to the upstream: only where a tracer is given."""

from __future__ import annotations

from fakes.clock import FakeClock
from fakes.inline import MemorySink
from fakes.platform import UPSTREAM_OPERATION
from fakes.scripted_http import json_reply, scripted_http
from longtake_server.upstream.agent_platform import AgentPlatform, AgentPlatformConfig
from longtake_server.upstream.auth import StaticToken
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

RUNNING = json_reply(200, {"name": UPSTREAM_OPERATION})


def platform(base_url: str, tracer_provider: TracerProvider | None) -> AgentPlatform:
    config = AgentPlatformConfig("p", "us-central1", base_url=base_url, environment_proxy=False)
    return AgentPlatform(
        config,
        StaticToken("secret-token"),
        MemorySink(),
        FakeClock(),
        tracer_provider=tracer_provider,
    )


async def test_a_call_is_a_span_without_its_secrets() -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    async with scripted_http(RUNNING, RUNNING) as google:
        for traced in (platform(google.url, provider), platform(google.url, None)):
            await traced.poll("operations/1", UPSTREAM_OPERATION)
            await traced.aclose()
    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert "secret-token" not in str(dict(span.attributes))
    first, second = google.requests
    assert "traceparent" in first.headers
    assert "traceparent" not in second.headers
