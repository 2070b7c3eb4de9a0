# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls are measured by the conventions of OpenTelemetry; streams and health checks are not."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from longtake.v1 import video_service_pb2 as api
from longtake_server.operations.model import SubmissionStarted
from longtake_server.telemetry.exporting import exporting
from longtake_server.telemetry.logs import ACCESS_LOG
from ops.ops_scraping import Scrape
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longtake_server.telemetry import Telemetry

DURATION = "rpc_server_call_duration_seconds_count"
STREAM = "longtake_stream_duration_seconds_count"


class Calls(logging.Handler):
    """Lets a test wait for the line of a call, which comes after its metrics."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.put_nowait(vars(record)["code"])

    async def ended(self, code: str) -> None:
        """Return once a call has ended with this code."""
        while await self._lines.get() != code:
            pass


@pytest.fixture
def calls() -> Iterator[Calls]:
    log = logging.getLogger(ACCESS_LOG)
    handler, level = Calls(), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


@contextmanager
def measured() -> Iterator[tuple[Telemetry, Callable[[], Scrape]]]:
    with exporting(None, prometheus=True) as exported:
        scrape = exported.scrape
        assert scrape is not None
        yield exported.telemetry, lambda: Scrape(scrape().decode())


async def test_a_call_is_counted_by_method_status_and_fault(tmp_path: Path) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            name = await server.accepted()
            await server.videos.GetOperation(api.GetOperationRequest(name=name))
            missing = api.GetOperationRequest(name="operations/none")
            await refused(server.videos.GetOperation(missing))
            partial = operations_pb2.ListOperationsRequest(return_partial_success=True)
            await refused(server.operations.ListOperations(partial))
        found = scrape().labels(DURATION)
    common = {"rpc_system_name": "grpc"}
    get = {**common, "rpc_method": "longtake.v1.VideoService/GetOperation"}
    assert {**get, "rpc_response_status_code": "OK"} in found
    # The caller's fault has no error_type.
    assert {**get, "rpc_response_status_code": "NOT_FOUND"} in found
    assert {
        **common,
        "rpc_method": "google.longrunning.Operations/ListOperations",
        "rpc_response_status_code": "UNIMPLEMENTED",
        "error_type": "UNIMPLEMENTED",
    } in found


async def test_buckets_of_calls_reach_from_5_ms_to_10_s(tmp_path: Path) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            await server.accepted()
        found = scrape()
    bounds = [labels["le"] for labels in found.labels("rpc_server_call_duration_seconds_bucket")]
    assert (bounds[0], bounds[-2], bounds[-1]) == ("0.005", "10.0", "+Inf")


async def test_a_stream_has_metrics_of_its_own(tmp_path: Path) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            name = await server.accepted()
            watch = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
            await watch.read()
            await server.parts.ledger.commit(name, SubmissionStarted())
            await watch.read()
            server.parts.watching.drain()
            assert await watch.code() is grpc.StatusCode.UNAVAILABLE
        found = scrape()
    method = "longtake.v1.VideoService/WatchOperation"
    assert found.values(DURATION, rpc_method=method) == []
    assert found.values(STREAM, rpc_method=method, error_type="UNAVAILABLE") == [1]
    assert found.values("longtake_stream_messages_total", rpc_method=method) == [2]
    assert found.values("longtake_news_delay_seconds_count", rpc_method=method) == [1]


async def test_a_health_check_is_not_measured(tmp_path: Path) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            health: Any = health_pb2_grpc.HealthStub(server.channel)
            await health.Check(health_pb2.HealthCheckRequest())
        found = scrape()
    assert found.labels(DURATION) == []


async def test_a_refusal_of_the_store_is_counted(tmp_path: Path) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            assert scrape().values("longtake_store_faults_total", source="call") == [0]
            await server.parts.store.close()
            await refused(server.videos.GenerateVideos(_request()))
            assert scrape().values("longtake_store_faults_total", source="call") == [1]


def _request() -> api.GenerateVideosRequest:
    return api.GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog")


@pytest.mark.parametrize("streams", [False, True])
async def test_a_call_that_its_caller_cancels_is_not_the_servers_fault(
    tmp_path: Path, calls: Calls, *, streams: bool
) -> None:
    with measured() as (telemetry, scrape):
        async with serving(tmp_path, telemetry=telemetry) as server:
            name = await server.running()
            if streams:
                watch = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
                await watch.read()
                watch.cancel()
            else:
                waiting = server.videos.WaitOperation(api.WaitOperationRequest(name=name))
                await server.parts.clock.sleeping()
                waiting.cancel()
            await calls.ended("CANCELLED")
        labels = scrape().labels(STREAM if streams else DURATION)
    ends = [each for each in labels if each["rpc_response_status_code"] == "CANCELLED"]
    assert len(ends) == 1
    assert "error_type" not in ends[0]
