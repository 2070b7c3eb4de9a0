# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What HTTP has for a google.rpc.Status: its status, its details as JSON, and when to retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2

if TYPE_CHECKING:
    from google.rpc import status_pb2

# From google/rpc/code.proto.
_HTTP_STATUSES = {
    code_pb2.CANCELLED: 499,
    code_pb2.UNKNOWN: 500,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500,
    code_pb2.UNAUTHENTICATED: 401,
}


def http_status_of(code: int) -> int:
    """Return the HTTP status of a google.rpc.Code."""
    return _HTTP_STATUSES[code]


def details_of(status: status_pb2.Status) -> list[dict[str, object]]:
    """Return the details of a status in JSON, each with its @type."""
    return [json_format.MessageToDict(detail) for detail in status.details]


def retry_seconds(status: status_pb2.Status) -> int | None:
    """Return the whole seconds of the RetryInfo, if there is one."""
    info = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            seconds, nanos = int(info.retry_delay.seconds), int(info.retry_delay.nanos)
            return seconds + (nanos > 0)
    return None
