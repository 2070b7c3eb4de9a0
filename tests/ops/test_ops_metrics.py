# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A real server shows each metric of the dashboard and of the alerts after real work."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from identity.identity_keys import keys_in_new_database
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    DownloadVideoRequest,
    GenerateVideosRequest,
    WaitOperationRequest,
    WatchOperationRequest,
)
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake.v1.webhook_pb2 import Webhook
from longtake.v1.webhook_service_pb2 import CreateWebhookRequest
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub
from ops.ops_scraping import DASHBOARD, Scrape, metrics_in, rules
from processes.running import GUARD_SECONDS, Server, server, simulator
from rpc.rpc_certificates import Authority, Issued, TlsFolder, secure_channel
from webhooks.webhooks_receiver import receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

State = GenerateVideosMetadata.State
THRESHOLDS = "longtake_budget_thresholds_total"
MODEL = "veo-3.1-lite-generate-001"
# A video of 4 seconds is 80 % of it.
BUDGET = '["principal/ann"]\nseconds_per_day = 5\n'

pytestmark = pytest.mark.timeout(GUARD_SECONDS)


def wanted() -> set[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    queries += [rule["expr"] for rule in rules()]
    return set().union(*map(metrics_in, queries))


def ops_address(longtake: Server) -> str:
    """Return where it says in its log that it serves metrics."""
    lines = [line for line in longtake.log.splitlines() if "serving probes and metrics" in line]
    return lines[-1].rpartition("address=")[2]


def with_tls_keys_and_budget(folder: Path, issued: Issued) -> dict[str, str]:
    """Return the settings of a server with a certificate, keys and a budget."""
    files = TlsFolder(folder / "tls")
    files.put(issued)
    budgets = folder / "budgets.toml"
    budgets.write_text(BUDGET)
    return {
        "tls_certificate": str(files.certificate),
        "tls_key": str(files.key),
        "authentication": "keys",
        "budgets_file": str(budgets),
    }


async def scraped_once(client: httpx.AsyncClient, name: str, **labels: str) -> str:
    """Return the first scrape in which a sample is not 0. A guard ends the test if none is."""
    while True:
        text = (await client.get("/metrics")).text
        if any(Scrape(text).values(name, **labels)):
            return text


@asynccontextmanager
async def ops(longtake: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{ops_address(longtake)}") as client:
        yield client


async def generated(stub: VideoServiceAsyncStub, prompt: str) -> GenerateVideosOperation:
    """Generate to the end."""
    request = GenerateVideosRequest(model=MODEL, prompt=prompt, config={"duration_seconds": 4})
    operation = await stub.GenerateVideos(request)
    return await stub.WaitOperation(WaitOperationRequest(name=operation.name))


async def test_each_metric_of_the_dashboard_and_the_alerts_is_there_after_work(
    tmp_path: Path,
) -> None:
    authority = Authority()
    issued = authority.server()
    settings = with_tls_keys_and_budget(tmp_path, issued)
    keys = await keys_in_new_database(tmp_path / "data" / "longtake.db", "ann", "bob")
    ann, bob = ((("authorization", f"Bearer {key}"),) for key in keys)
    async with (
        AsyncExitStack() as parts,
        simulator(tmp_path) as upstream,
        server(
            tmp_path,
            upstream,
            ops_listen="127.0.0.1:0",
            metric_principals="1",
            webhook_allowed_networks="127.0.0.1/32",
            **settings,
        ) as longtake,
        receiver() as listener,
    ):
        await longtake.start()
        channel = await parts.enter_async_context(secure_channel(longtake.address, authority.pem))
        stub: VideoServiceAsyncStub = VideoServiceStub(channel)
        hook = CreateWebhookRequest(
            webhook_id="orders", webhook=Webhook(url=f"http://127.0.0.1:{listener.port}/")
        )
        hooks: Any = WebhookServiceStub(channel)
        await hooks.CreateWebhook(hook, metadata=ann)
        await upstream.tell("hold")
        request = GenerateVideosRequest(
            model=MODEL, prompt="a secret dog", config={"duration_seconds": 4}, webhook="orders"
        )
        operation = await stub.GenerateVideos(request, metadata=ann)
        watch: Any = stub.WatchOperation(WatchOperationRequest(name=operation.name), metadata=ann)
        first: Any = await watch.read()
        assert first.operation.name == operation.name
        await upstream.wait(submissions=1, polls=1)
        async with ops(longtake) as client:
            during = Scrape((await client.get("/metrics")).text)
        await upstream.tell("release")
        while await watch.read() is not grpc.aio.EOF:
            pass
        sent = 0
        download: Any = stub.DownloadVideo(
            DownloadVideoRequest(name=f"{operation.name}/videos/0"), metadata=ann
        )
        async for message in download:
            sent += len(message.chunk.data)
        request.prompt = "a dog [sim:drop]"
        request.webhook = ""
        lost = await stub.GenerateVideos(request, metadata=bob)
        ended = await stub.WaitOperation(WaitOperationRequest(name=lost.name), metadata=bob)
        assert ended.metadata.state == State.FAILED
        await listener.until(lambda one: bool(one.requests))
        async with ops(longtake) as client:
            await scraped_once(client, "longtake_webhook_deliveries_total", result="delivered")
            text = await scraped_once(client, THRESHOLDS, threshold="80")
            ready = await client.get("/readyz")
            missing = await client.get("/")
        usage = await longtake.usage()

    after = Scrape(text)
    assert wanted() - after.names == set()
    assert "secret" not in text
    assert after.values("longtake_keys_available") == [1]
    assert after.values("longtake_certificate_expiry_seconds") == [
        issued.certificate.not_valid_after_utc.timestamp()
    ]
    reached = {
        percent: after.values(THRESHOLDS, measure="seconds", threshold=percent)
        for percent in ("50", "80", "100")
    }
    assert reached == {"50": [1], "80": [1], "100": [0]}
    assert (ready.status_code, missing.status_code) == (200, 404)
    assert during.values("longtake_operations_in_progress", state="RUNNING") == [1]
    assert during.values("longtake_cost_reserved", longtake_principal="ann") == [
        pytest.approx(after.values("longtake_cost_settled_total", longtake_principal="ann")[0])
    ]
    assert during.values("longtake_operations_outcome_unknown_total") == [0]
    assert after.values("longtake_operations_outcome_unknown_total") == [1]
    assert after.values("longtake_operations_in_progress", state="RUNNING") == [0]
    assert after.values("longtake_generated_seconds_total", longtake_principal="ann") == [4]
    assert after.values(
        "longtake_operations_finished_total",
        longtake_principal="other",
        error_type="SUBMISSION_OUTCOME_UNKNOWN",
    ) == [1]
    assert after.values("longtake_video_sent_bytes_total") == [sent]
    settled = sum(after.values("longtake_cost_settled_total"))
    assert settled == pytest.approx(sum(row["settled_micros"] for row in usage) / 1e6)


async def test_metrics_and_a_collector_work_at_once(tmp_path: Path) -> None:
    async with (
        simulator(tmp_path) as upstream,
        server(
            tmp_path,
            upstream,
            ops_listen="127.0.0.1:0",
            # Nothing listens there: the scrape must not depend on the collector.
            otlp_endpoint="http://127.0.0.1:1",
        ) as longtake,
    ):
        stub = await longtake.start()
        assert (await generated(stub, "a dog")).metadata.state == State.SUCCEEDED
        async with ops(longtake) as client:
            found = Scrape((await client.get("/metrics")).text)
    assert found.values("longtake_operations_finished_total", state="SUCCEEDED") == [1]
    assert found.labels("longtake_operations_finished_total") == [
        {"model": MODEL, "state": "SUCCEEDED"}
    ]
