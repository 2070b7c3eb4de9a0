# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks through the edge, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from edge.edge_running import read
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge

# A public address. The webhook is disabled, so nothing is ever sent there.
WEBHOOK = {"url": "https://1.1.1.1/longtake", "disabled": True}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


async def test_a_webhook_is_created_changed_and_deleted(edge: Edge) -> None:
    made = read(await edge.http.post("/v1/webhooks?webhookId=orders", json=WEBHOOK))
    assert made["name"] == "webhooks/orders"
    assert made["secret"].startswith("whsec_")
    assert made["disableReason"] == "REQUESTED"
    rotated = read(await edge.http.post("/v1/webhooks/orders:rotateSecret", json={}))
    assert rotated["secret"] != made["secret"]
    changed = read(
        await edge.http.patch(
            "/v1/webhooks/orders?updateMask=eventTypes", json={"eventTypes": ["OPERATION_RUNNING"]}
        )
    )
    assert (changed["eventTypes"], changed["disabled"]) == (["OPERATION_RUNNING"], True)
    got = read(await edge.http.get("/v1/webhooks/orders"))
    assert "secret" not in got
    assert read(await edge.http.get("/v1/webhooks"))["webhooks"] == [got]
    assert read(await edge.http.get("/v1/webhooks/orders/deliveries?state=DEAD")) == {}
    refused = await edge.http.post("/v1/webhooks/orders:test", json={})
    assert refused.status_code == 400
    assert "webhooks/orders is disabled (REQUESTED)" in refused.json()["message"]
    assert read(await edge.http.delete("/v1/webhooks/orders")) == {}
    assert (await edge.http.get("/v1/webhooks/orders")).status_code == 404


async def test_a_generation_that_names_no_webhook_of_the_caller_is_refused(edge: Edge) -> None:
    body = {"model": "veo-3.1-lite-generate-001", "prompt": "a boat", "webhook": "none"}
    refused = await edge.http.post("/v1/videos:generate", json=body)
    assert refused.status_code == 400
    assert "'none' is not a webhook of yours" in refused.json()["message"]


async def test_the_name_of_a_webhook_is_in_the_path_only(edge: Edge) -> None:
    body = {"name": "webhooks/other", "disabled": True}
    refused = await edge.http.patch("/v1/webhooks/orders", json=body)
    assert refused.status_code == 400
    assert "name" in refused.json()["message"]
