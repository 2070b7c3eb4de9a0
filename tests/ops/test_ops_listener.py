# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The ops port answers probes and the scrape, and nothing else."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from grpc_health.v1 import health_pb2
from longtake_server.errors import StartFailure
from longtake_server.ops.server import ops_listener
from longtake_server.rpc.health import HealthServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def listening(health: HealthServicer) -> AsyncIterator[httpx.AsyncClient]:
    ops = ops_listener(health.is_serving, lambda: b"metric 1\n")
    address = ops.bind("127.0.0.1:0")
    await ops.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            yield client
    finally:
        await ops.stop()


async def test_ready_is_the_answer_of_the_health_service_for_the_empty_name() -> None:
    health = HealthServicer(["one"])
    async with listening(health) as client:
        assert (await client.get("/readyz")).status_code == 503
        await health.set("", health_pb2.HealthCheckResponse.SERVING)
        health.note_upstream("one", answers=False)
        assert (await client.get("/readyz")).status_code == 200
        await health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200


async def test_nothing_else_is_served() -> None:
    async with listening(HealthServicer()) as client:
        assert (await client.get("/metrics")).text == "metric 1\n"
        for path in ("/", "/healthz", "/metrics/", "/docs", "/debug"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/metrics")).status_code == 405


async def test_an_address_that_is_taken_names_the_setting() -> None:
    async with listening(HealthServicer()) as client:
        second = ops_listener(lambda: True, lambda: b"")
        taken = f"{client.base_url.host}:{client.base_url.port}"
        with pytest.raises(StartFailure, match="LONGTAKE_OPS_LISTEN"):
            second.bind(taken)
