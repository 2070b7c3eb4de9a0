# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The bodies of events: what they have, what they leave out, and how large they get."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from longtake.v1.operation_pb2 import GenerateVideosOperation
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.model import Code, Failure, OperationRecord, State, StoredVideo
from longtake_server.rpc import convert
from longtake_server.webhooks.model import (
    Event,
    EventType,
    Threshold,
    WebhookKey,
    event_of_change,
    event_of_threshold,
)
from longtake_server.webhooks.payloads import MOST_BYTES, Payloads

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORDERS = WebhookKey("ann", "orders")
RUNNING = OperationRecord(
    name="operations/0193",
    revision=3,
    state=State.RUNNING,
    model="veo",
    served_model="veo",
    upstream="simulator",
    create_time=NOON,
    update_time=NOON,
    request_digest=b"digest",
    caller="ann",
    prompt_excerpt="a secret plan",
    labels={"team": "größe"},
    webhook="orders",
    webhook_metadata={"order": "17"},
)
SUCCEEDED = replace(
    RUNNING,
    revision=4,
    state=State.SUCCEEDED,
    end_time=NOON,
    videos=(StoredVideo("videos/1.mp4", size_bytes=9, sha256="ab"),),
)


def failed(message: str, **fields: Any) -> OperationRecord:
    failure = Failure(Code.INTERNAL, "UPSTREAM_FAILED", message, {"upstream": "veo"}, (b"\x01",))
    return replace(RUNNING, revision=4, state=State.FAILED, failure=failure, **fields)


def body(event: Event | None) -> dict[str, Any]:
    assert event is not None
    encoded = Payloads(convert.operation).body(event, ORDERS)
    assert len(encoded) <= MOST_BYTES
    assert Payloads(convert.operation).body(event, ORDERS) == encoded
    found: dict[str, Any] = json.loads(encoded)
    return found


def test_an_operation_is_that_of_the_contract_without_its_prompt() -> None:
    event = event_of_change(RUNNING, SUCCEEDED)
    found = body(event)
    assert found["type"] == "operation.succeeded"
    assert found["timestamp"] == "2026-11-24T12:00:00.000Z"
    assert list(found["data"]) == ["operation"]
    operation = ParseDict(found["data"]["operation"], GenerateVideosOperation())
    assert operation == convert.operation(replace(SUCCEEDED, prompt_excerpt=""))
    assert operation.revision == 4
    assert dict(operation.metadata.webhook_metadata) == {"order": "17"}
    assert "secret plan" not in json.dumps(found)


def test_an_error_has_its_reason_and_no_details_of_unknown_types() -> None:
    found = body(event_of_change(RUNNING, failed("it failed")))
    [detail] = found["data"]["operation"]["error"]["details"]
    assert (detail["reason"], detail["metadata"]) == ("UPSTREAM_FAILED", {"upstream": "veo"})
    assert found["data"]["operation"]["error"]["message"] == "it failed"


@pytest.mark.parametrize(
    "record",
    [
        failed("\x00" * 100_000),
        failed("it failed", labels={f"{n:02}" + "字" * 61: "字" * 63 for n in range(64)}),
        failed("it failed", warnings=("a warning " * 1000,) * 20),
        failed("\x00" * 100_000, warnings=("\x00" * 10_000,), filtered_reasons=("\x00" * 9999,)),
    ],
)
def test_a_large_operation_is_cut_and_says_so(record: OperationRecord) -> None:
    found = body(event_of_change(RUNNING, record))
    operation = found["data"]["operation"]
    assert found["data"]["truncated"] is True
    assert (operation["name"], operation["revision"]) == ("operations/0193", "4")
    assert operation["metadata"]["webhookMetadata"] == {"order": "17"}
    assert operation["error"]["details"][0]["reason"] == "UPSTREAM_FAILED"


def test_the_largest_metadata_of_a_webhook_fits_whole() -> None:
    metadata = {f"{n:02}": '"' * 250 for n in range(16)}
    found = body(event_of_change(RUNNING, failed("x", webhook_metadata=metadata)))
    assert found["data"]["operation"]["metadata"]["webhookMetadata"] == metadata
    assert "truncated" not in found["data"]


def test_a_budget_and_a_test_have_their_own_data() -> None:
    threshold = Threshold("principal/ann", "2026-11", Measure.COST, 80)
    event = event_of_threshold(threshold, NOON)
    assert event.id == event_of_threshold(threshold, NOON).id
    assert event.id != event_of_threshold(replace(threshold, percent=100), NOON).id
    assert body(event) == {
        "type": "budget.threshold",
        "timestamp": "2026-11-24T12:00:00.000Z",
        "data": {
            "budget": {
                "subject": "principal/ann",
                "periodKey": "2026-11",
                "measure": "cost",
                "percent": 80,
            }
        },
    }
    assert body(Event("test.1", EventType.WEBHOOK_TEST, NOON))["data"] == {
        "webhook": "webhooks/orders"
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [(RUNNING, replace(RUNNING, revision=4)), (RUNNING, replace(RUNNING, state=State.QUEUED))],
)
def test_a_change_that_no_event_tells_of_has_none(
    before: OperationRecord, after: OperationRecord
) -> None:
    assert event_of_change(before, after) is None
