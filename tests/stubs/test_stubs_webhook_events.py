# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The events that the client makes are those of the server, byte for byte, and signed."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from longtake._webhook_events import event_type_of, request_of
from longtake._webhook_signing import new_secret, secret_bytes, signed_headers
from longtake_server.operations.model import Code, Failure, OperationRecord, State, StoredVideo
from longtake_server.rpc import convert
from longtake_server.webhooks.model import WebhookKey, event_of_change
from longtake_server.webhooks.payloads import Payloads
from standardwebhooks import Webhook, WebhookVerificationError

NOW = datetime(2026, 11, 29, 1, 2, 3, 456_789, tzinfo=UTC)
QUEUED = OperationRecord(
    name="operations/0193",
    revision=2,
    state=State.QUEUED,
    model="veo",
    served_model="veo",
    upstream="simulator",
    create_time=NOW,
    update_time=NOW,
    request_digest=b"digest",
    prompt_excerpt="a secret plan",
    labels={"team": "größe"},
    webhook="orders",
    webhook_metadata={"order": "17"},
)


def _ended(state: State, **fields: Any) -> OperationRecord:
    later = NOW + timedelta(seconds=9)
    return replace(QUEUED, state=state, revision=7, update_time=later, end_time=later, **fields)


def _failed(message: str, **fields: Any) -> OperationRecord:
    failure = Failure(Code.INTERNAL, "UPSTREAM_FAILED", message, {"upstream": "veo"})
    return _ended(State.FAILED, failure=failure, **fields)


@pytest.mark.parametrize(
    "record",
    [
        replace(QUEUED, state=State.RUNNING, submit_time=NOW),
        _ended(State.SUCCEEDED, videos=(StoredVideo("1.mp4", size_bytes=9, sha256="ab"),)),
        _failed("it failed"),
        _failed("é" * 19_000, labels={}),
        _failed("it failed", warnings=("a warning " * 1000,) * 20),
        _ended(State.CANCELLED, failure=Failure(Code.CANCELLED, "CANCELLED", "It was.", {})),
        _ended(State.SUCCEEDED, filtered_count=1, filtered_reasons=("\x00" * 9999,)),
    ],
)
def test_a_body_is_that_of_the_server(record: OperationRecord) -> None:
    event = event_of_change(QUEUED, record)
    assert event is not None
    expected = Payloads(convert.operation).body(event, WebhookKey("ann", "orders"))

    message = convert.operation(record)
    kind = event_type_of(message)
    assert kind is not None
    made = request_of(message, kind)

    assert json.loads(made.body) == json.loads(expected)
    assert made.body == expected
    assert (made.id, made.type, made.operation) == (event.id, event.type.value, record.name)
    assert message == convert.operation(record)


def test_a_queued_operation_is_no_event() -> None:
    assert event_type_of(convert.operation(QUEUED)) is None


def test_the_library_of_standard_webhooks_verifies_a_request() -> None:
    secret, body = new_secret(), '{"type":"größe"}'.encode()
    headers = signed_headers("0193.7", body, secret_bytes(secret), int(time.time()))
    assert Webhook(secret).verify(body, headers) == {"type": "größe"}

    for forged in ({**headers, "webhook-id": "0193.8"}, {**headers, "webhook-timestamp": "1"}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, forged)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_!" + "A" * 40, "A" * 44, "whsec_" + "A" * 400]
)
def test_a_wrong_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="it is not whsec_ and base64 of 24 to 64 bytes") as caught:
        secret_bytes(secret)
    assert len(secret) < 10 or secret not in str(caught.value)


def test_new_secrets_differ() -> None:
    assert len({new_secret() for _ in range(10)}) == 10
