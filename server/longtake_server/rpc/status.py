# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The one table from a domain error to a google.rpc.Status."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from longtake_server import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

_log = logging.getLogger(__name__)

DOMAIN = "longtake.dev"

# In order: the first row whose class the error is an instance of decides.
CODES: tuple[tuple[type[errors.LongtakeError], code_pb2.Code], ...] = (
    (errors.InvalidRequest, code_pb2.INVALID_ARGUMENT),
    (errors.RequestIdReused, code_pb2.ALREADY_EXISTS),
    (errors.OperationNotFound, code_pb2.NOT_FOUND),
    (errors.OperationDeleted, code_pb2.NOT_FOUND),
    (errors.OperationExpired, code_pb2.NOT_FOUND),
    (errors.VideoNotFound, code_pb2.NOT_FOUND),
    (errors.ModelNotFound, code_pb2.NOT_FOUND),
    (errors.VideoNotReady, code_pb2.FAILED_PRECONDITION),
    (errors.VideoExpired, code_pb2.FAILED_PRECONDITION),
    (errors.ModelRetired, code_pb2.FAILED_PRECONDITION),
    (errors.RevisionAhead, code_pb2.FAILED_PRECONDITION),
    (errors.OffsetPastEnd, code_pb2.OUT_OF_RANGE),
    (errors.PositionExpired, code_pb2.OUT_OF_RANGE),
    (errors.RequestTooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (errors.VideoTooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (errors.TooManyWatches, code_pb2.RESOURCE_EXHAUSTED),
    (errors.ServerDraining, code_pb2.UNAVAILABLE),
    (errors.StorageUnavailable, code_pb2.UNAVAILABLE),
    (errors.UpstreamUnavailable, code_pb2.UNAVAILABLE),
    (errors.NotSupported, code_pb2.UNIMPLEMENTED),
)


def status_of(error: Exception) -> status_pb2.Status:
    """Return what a caller is told of an error; of an unexpected one, only an id to look up."""
    if isinstance(error, errors.LongtakeError):
        for kind, code in CODES:
            if isinstance(error, kind):
                details = [error_info(error.reason, error.metadata), *_details(error)]
                return make_status(code, str(error), details)
    identifier = str(uuid.uuid4())
    _log.error("an unexpected error", extra={"error_id": identifier}, exc_info=error)
    return make_status(
        code_pb2.INTERNAL,
        "internal error; its id is in the details and in the server's log",
        [
            error_info("INTERNAL", {}),
            error_details_pb2.RequestInfo(request_id=identifier),
        ],
    )


def make_status(code: int, message: str, details: list[Message]) -> status_pb2.Status:
    """Return a status with the details packed."""
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def error_info(reason: str, metadata: Mapping[str, str]) -> error_details_pb2.ErrorInfo:
    """Return the ErrorInfo that every error of ours carries."""
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def _details(error: errors.LongtakeError) -> list[Message]:
    if isinstance(error, errors.InvalidRequest):
        request = error_details_pb2.BadRequest()
        for violation in error.violations:
            request.field_violations.add(field=violation.field, description=violation.description)
        return [request]
    if isinstance(error, errors.ResourceError):
        return [
            error_details_pb2.ResourceInfo(
                resource_type=_resource_type(error.resource),
                resource_name=error.resource,
                description=str(error),
            )
        ]
    if isinstance(error, errors.ServerDraining | errors.UpstreamUnavailable):
        return [] if error.retry_after is None else [_retry_info(error.retry_after)]
    if isinstance(error, errors.TooManyWatches):
        failure = error_details_pb2.QuotaFailure()
        failure.violations.add(subject="watches", description=str(error))
        return [failure]
    return []


def _retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    delay = Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _resource_type(resource: str) -> str:
    if resource.startswith("models/"):
        return "longtake.dev/Model"
    return "longtake.dev/Video" if "/videos/" in resource else "longtake.dev/Operation"
