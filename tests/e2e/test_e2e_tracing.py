# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One trace covers the call, its steps and its end across a kill and a restart; real collector."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    WaitOperationRequest,
    WatchOperationRequest,
    WatchOperationsRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Collector:
    """An OTLP collector that keeps what it receives."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: set[str] = set()
        self.resource: dict[str, str] = {}
        self.address = ""
        self.came = asyncio.Condition()

    def named(self, part: str) -> list[Span]:
        return [span for span in self.spans if part in span.name]

    async def until(self, part: str, count: int) -> None:
        """Return once this many spans whose names hold the part have come."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.named(part)) >= count)


def attributes(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


class Traces(TraceServiceServicer):
    def __init__(self, kept: Collector) -> None:
        self._kept = kept

    async def Export(  # noqa: N802 - the contract's name
        self, request: ExportTraceServiceRequest, context: object
    ) -> ExportTraceServiceResponse:
        for resource in request.resource_spans:
            self._kept.resource = {
                one.key: one.value.string_value for one in resource.resource.attributes
            }
            for scope in resource.scope_spans:
                self._kept.spans.extend(scope.spans)
        async with self._kept.came:
            self._kept.came.notify_all()
        return ExportTraceServiceResponse()


class Metrics(MetricsServiceServicer):
    def __init__(self, kept: Collector) -> None:
        self._kept = kept

    async def Export(  # noqa: N802 - the contract's name
        self, request: ExportMetricsServiceRequest, context: object
    ) -> ExportMetricsServiceResponse:
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                self._kept.metrics.update(metric.name for metric in scope.metrics)
        return ExportMetricsServiceResponse()


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    kept = Collector()
    receiving = grpc.aio.server()
    add_TraceServiceServicer_to_server(Traces(kept), receiving)  # type: ignore[no-untyped-call]  # generated without types
    add_MetricsServiceServicer_to_server(Metrics(kept), receiving)  # type: ignore[no-untyped-call]  # generated without types
    kept.address = f"http://127.0.0.1:{receiving.add_insecure_port('127.0.0.1:0')}"
    await receiving.start()
    try:
        yield kept
    finally:
        await receiving.stop(None)


@pytest.mark.timeout(GUARD_SECONDS)
async def test_one_trace_from_the_caller_to_the_end_over_a_kill_and_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Spans that wait for their batch die with the process.
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    async with (
        collector() as kept,
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream, otlp_endpoint=kept.address) as longtake,
    ):
        stub = await longtake.start()
        await upstream.tell("hold")
        operation = await stub.GenerateVideos(
            GenerateVideosRequest(
                model="veo-3.1-lite-generate-001",
                prompt="a secret dog",
                config={"duration_seconds": 4},
            ),
            metadata=[("traceparent", f"00-{TRACE}-{PARENT}-01"), ("tracestate", "vendor=kept")],
        )
        await upstream.wait(submissions=1, polls=1)
        await kept.until("GenerateVideos", 1)
        await kept.until("longtake.submit", 1)
        await kept.until("longtake.poll", 1)
        await longtake.process.kill()
        stub = await longtake.start()
        waiting = asyncio.create_task(
            _ended(
                stub.WaitOperation(WaitOperationRequest(name=operation.name), wait_for_ready=True)
            )
        )
        await upstream.tell("release")
        assert await waiting
        assert await longtake.process.terminate() == 0

    ours = [span for span in kept.spans if span.trace_id.hex() == TRACE]
    names = [span.name for span in ours]
    assert names.count("longtake.submit") == 1
    assert names.count("longtake.poll") >= 2
    [call] = [span for span in ours if "GenerateVideos" in span.name]
    assert call.name == "longtake.v1.VideoService/GenerateVideos"
    assert call.parent_span_id.hex() == PARENT
    assert attributes(call)["rpc.response.status_code"] == "OK"
    steps = [span for span in ours if span.name.startswith("longtake.") and span is not call]
    assert {span.parent_span_id for span in steps} == {call.span_id}
    assert {span.trace_state for span in [call, *steps]} == {"vendor=kept"}
    by_id = {span.span_id: span for span in ours}
    # A request under way at the kill leaves a child whose parent was never sent.
    requests = [span for span in ours if span.name == "POST"]
    parents = {by_id[span.parent_span_id].name for span in requests if span.parent_span_id in by_id}
    assert parents == {"longtake.submit", "longtake.poll"}
    [submission] = [span for span in ours if span.name == "longtake.submit"]
    assert (
        attributes(submission).items()
        >= {
            "gen_ai.operation.name": "generate_content",
            "gen_ai.provider.name": "gcp.vertex_ai",
            "gen_ai.request.model": "veo-3.1-lite-generate-001",
            "gen_ai.response.model": "veo-3.1-lite-generate-001",
        }.items()
    )
    [whole] = [span for span in ours if span.name == "longtake.operation"]
    assert attributes(whole) == {
        "longtake.operation": operation.name,
        "longtake.state": "SUCCEEDED",
    }
    assert not any(span.events for span in ours)
    assert kept.resource["service.name"] == "longtake"
    assert kept.resource["service.version"] == version("longtake-server")
    assert kept.resource["deployment.environment.name"] == "test"
    assert "secret" not in str(kept.spans)
    assert {"longtake.operations.finished", "longtake.upstream.polls"} <= kept.metrics


async def _ended(call: grpc.aio.UnaryUnaryCall) -> bool:  # type: ignore[type-arg]  # as the stub is typed
    return bool((await call).done)


@pytest.mark.timeout(GUARD_SECONDS)
async def test_watches_that_are_cancelled_leave_whole_spans_and_no_traceback(
    tmp_path: Path,
) -> None:
    async with (
        collector() as kept,
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream, otlp_endpoint=kept.address) as longtake,
    ):
        stub = await longtake.start()
        await upstream.tell("hold")
        request = GenerateVideosRequest(model="veo-3.1-lite-generate-001", prompt="a dog")
        operation = await stub.GenerateVideos(request)
        one = WatchOperationRequest(name=operation.name)
        expiring = [stub.WatchOperation(one, timeout=2) for _ in range(10)]
        for _ in range(10):
            watches: list[Any] = [stub.WatchOperation(one) for _ in range(10)]
            watches.append(stub.WatchOperations(WatchOperationsRequest()))
            await asyncio.gather(*(watch.read() for watch in watches))
            for watch in watches:
                watch.cancel()
        assert {await watch.code() for watch in expiring} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        # A client ends an expired call by itself: the server has to notice before it is stopped.
        await kept.until("/WatchOperation", 120)
        assert await longtake.process.terminate() == 0

    assert "Traceback" not in longtake.log
    assert "Failed to detach context" not in longtake.log
    codes = [attributes(span)["rpc.response.status_code"] for span in kept.named("/WatchOperation")]
    assert set(codes) == {"CANCELLED", "DEADLINE_EXCEEDED"}
    assert codes.count("CANCELLED") == 110
    faults = [attributes(span).get("error.type") for span in kept.named("/WatchOperation")]
    assert set(faults) == {None, "DEADLINE_EXCEEDED"}
