# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Converts gRPC errors to errors of the client, for both halves. Nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from google.protobuf.json_format import MessageToDict
from google.rpc import code_pb2, error_details_pb2
from grpc_status import rpc_status

from longtake.errors import ErrorDetails, Violation, call_error
from longtake.types import OperationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc
    from google.protobuf.any_pb2 import Any as AnyMessage
    from google.rpc.status_pb2 import Status

    from longtake.errors import LongtakeError


class FailedCall(Protocol):
    """The part that errors of grpc and of grpc.aio have in common."""

    def code(self) -> grpc.StatusCode:
        """Return the status code."""
        ...

    def details(self) -> str | None:
        """Return the message."""
        ...

    def trailing_metadata(self) -> Any:
        """Return the trailing metadata."""
        ...


def error_of_call(call: FailedCall) -> LongtakeError:
    """Return the client's error for a failed call."""
    try:
        # It uses only the methods of FailedCall, but is typed for a whole grpc.Call.
        status = rpc_status.from_call(cast("grpc.Call", call))
    except ValueError:  # a proxy replaced the status, so the details belong to another one
        status = None
    details = decode_details(status.details if status is not None else ())
    return call_error(call.code().name, call.details() or "", details)


def error_of_operation(status: Status) -> OperationError:
    """Return the error of an operation."""
    details = decode_details(status.details)
    return OperationError(
        code=status.code,
        message=status.message,
        details=details.raw,
        status=code_pb2.Code.Name(status.code)
        if status.code in code_pb2.Code.values()
        else "UNKNOWN",
        reason=details.reason,
        metadata=details.metadata,
        violations=details.violations,
    )


def decode_details(packed: Sequence[AnyMessage]) -> ErrorDetails:
    """Decode google.rpc details. A detail of an unknown type keeps only its `@type`."""
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in packed:
        for message in (info, request, retry):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    has_delay = retry.HasField("retry_delay")
    return ErrorDetails(
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=tuple(Violation(v.field, v.description) for v in request.field_violations),
        retry_after=retry.retry_delay.ToNanoseconds() / 1e9 if has_delay else None,
        raw=[_plain(detail) for detail in packed],
    )


def _plain(detail: AnyMessage) -> dict[str, Any]:
    try:
        return MessageToDict(detail)
    except TypeError:  # protobuf does not know the type
        return {"@type": detail.type_url}
