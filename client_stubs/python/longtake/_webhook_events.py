# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the events that the server sends to webhooks, for development. No I/O.

A test compares the bodies with the server's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict

from longtake.types import WebhookEvent
from longtake.v1 import operation_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 20_000
_LONGEST_MESSAGE = 2000
_SHORT_MESSAGE = 200
_STATES = operation_pb2.GenerateVideosMetadata.State
_TYPES = {
    _STATES.Value("SUCCEEDED"): WebhookEvent.OPERATION_SUCCEEDED,
    _STATES.Value("FAILED"): WebhookEvent.OPERATION_FAILED,
    _STATES.Value("CANCELLED"): WebhookEvent.OPERATION_CANCELLED,
    _STATES.Value("RUNNING"): WebhookEvent.OPERATION_RUNNING,
}


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """The body of a request to a webhook, and what it is about.

    Attributes:
        id: The `webhook-id`, the same for every attempt.
        type: The type of the event.
        operation: The name of the operation.
        body: The JSON.
    """

    id: str
    type: WebhookEvent
    operation: str
    body: bytes


def event_type_of(operation: operation_pb2.GenerateVideosOperation) -> WebhookEvent | None:
    """Return the type of the event that the state of an operation is, or None for no event."""
    return _TYPES.get(operation.metadata.state)


def request_of(
    operation: operation_pb2.GenerateVideosOperation, event_type: WebhookEvent
) -> WebhookRequest:
    """Return the request that tells a webhook of the state of an operation."""
    event_id = f"{operation.name.rpartition('/')[2]}.{operation.revision}"
    time = operation.metadata.update_time.ToDatetime(tzinfo=UTC)
    stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = b""
    for data in _data(operation):
        event = {"type": event_type.value, "timestamp": stamp, "data": data}
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) <= _MOST_BYTES:
            break
    return WebhookRequest(event_id, event_type, operation.name, body)


def _data(operation: operation_pb2.GenerateVideosOperation) -> Iterator[dict[str, Any]]:
    """Yield the operation without its prompt and inputs, and then shorter and shorter ones."""
    message = operation_pb2.GenerateVideosOperation()
    message.CopyFrom(operation)
    message.metadata.prompt_excerpt = ""
    message.metadata.ClearField("last_error")
    if message.HasField("error"):
        # The first has the reason; others may be of types that a receiver does not know.
        del message.error.details[1:]
    yield {"operation": MessageToDict(message)}
    message.metadata.labels.clear()
    _cut(message, _LONGEST_MESSAGE)
    yield {"operation": MessageToDict(message), "truncated": True}
    message.metadata.ClearField("warnings")
    if message.HasField("response"):
        message.response.ClearField("rai_media_filtered_reasons")
    _cut(message, _SHORT_MESSAGE)
    yield {"operation": MessageToDict(message), "truncated": True}


def _cut(message: operation_pb2.GenerateVideosOperation, longest: int) -> None:
    if message.HasField("error"):
        message.error.message = message.error.message[:longest]
