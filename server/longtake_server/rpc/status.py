# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Maps domain errors to google.rpc.Status. The only such mapping."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from longtake_server import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.message import Message

_log = logging.getLogger(__name__)

DOMAIN = "longtake.dev"

# gRPC libraries accept 8 KiB of trailers and drop a response with more.
_MOST_TRAILER_BYTES = 7 * 1024

# The first row whose class matches decides.
CODES: tuple[tuple[type[errors.LongtakeError], code_pb2.Code], ...] = (
    (errors.InvalidRequest, code_pb2.INVALID_ARGUMENT),
    (errors.RequestIdReused, code_pb2.ALREADY_EXISTS),
    (errors.OperationNotFound, code_pb2.NOT_FOUND),
    (errors.OperationDeleted, code_pb2.NOT_FOUND),
    (errors.OperationExpired, code_pb2.NOT_FOUND),
    (errors.VideoNotFound, code_pb2.NOT_FOUND),
    (errors.ModelNotFound, code_pb2.NOT_FOUND),
    (errors.WebhookNotFound, code_pb2.NOT_FOUND),
    (errors.WebhookDeliveryNotFound, code_pb2.NOT_FOUND),
    (errors.WebhookExists, code_pb2.ALREADY_EXISTS),
    (errors.WebhookDisabled, code_pb2.FAILED_PRECONDITION),
    (errors.WebhookFromFile, code_pb2.FAILED_PRECONDITION),
    (errors.VideoNotReady, code_pb2.FAILED_PRECONDITION),
    (errors.VideoExpired, code_pb2.FAILED_PRECONDITION),
    (errors.ModelRetired, code_pb2.FAILED_PRECONDITION),
    (errors.PublicUrlMissing, code_pb2.FAILED_PRECONDITION),
    (errors.RevisionAhead, code_pb2.FAILED_PRECONDITION),
    (errors.OffsetPastEnd, code_pb2.OUT_OF_RANGE),
    (errors.PositionExpired, code_pb2.OUT_OF_RANGE),
    (errors.PositionAhead, code_pb2.FAILED_PRECONDITION),
    (errors.RequestTooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (errors.TooManyRequestBytes, code_pb2.RESOURCE_EXHAUSTED),
    (errors.VideoTooLarge, code_pb2.RESOURCE_EXHAUSTED),
    (errors.TooManyWatches, code_pb2.RESOURCE_EXHAUSTED),
    (errors.BudgetExceeded, code_pb2.RESOURCE_EXHAUSTED),
    (errors.RequestOverBudget, code_pb2.RESOURCE_EXHAUSTED),
    (errors.RateLimited, code_pb2.RESOURCE_EXHAUSTED),
    (errors.TooManyQueued, code_pb2.RESOURCE_EXHAUSTED),
    (errors.TooManyWebhooks, code_pb2.RESOURCE_EXHAUSTED),
    (errors.PriceUnknown, code_pb2.FAILED_PRECONDITION),
    (errors.CostOverMaximum, code_pb2.FAILED_PRECONDITION),
    (errors.ServerDraining, code_pb2.UNAVAILABLE),
    (errors.ReaderTooSlow, code_pb2.UNAVAILABLE),
    (errors.OutcomeUnknown, code_pb2.UNAVAILABLE),
    (errors.StorageUnavailable, code_pb2.UNAVAILABLE),
    (errors.UpstreamUnavailable, code_pb2.UNAVAILABLE),
    (errors.NotSupported, code_pb2.UNIMPLEMENTED),
    (errors.CredentialMissing, code_pb2.UNAUTHENTICATED),
    (errors.CredentialMalformed, code_pb2.UNAUTHENTICATED),
    (errors.CredentialUnknown, code_pb2.UNAUTHENTICATED),
    (errors.CredentialRevoked, code_pb2.UNAUTHENTICATED),
    (errors.CredentialExpired, code_pb2.UNAUTHENTICATED),
    (errors.CredentialsDiffer, code_pb2.UNAUTHENTICATED),
    (errors.RoleMissing, code_pb2.PERMISSION_DENIED),
    (errors.AuthenticationUnavailable, code_pb2.UNAVAILABLE),
)

# These name the subject of a quota that has no room.
_QUOTAS = errors.TooManyWatches | errors.BudgetError | errors.TooManyQueued

# These name a resource that is there, and cannot be used for this.
_UNUSABLE = (
    errors.VideoNotReady | errors.VideoExpired | errors.WebhookDisabled | errors.WebhookFromFile
)

# These may say when the same call is worth making again.
_RETRYABLE = (
    errors.ServerDraining
    | errors.StorageUnavailable
    | errors.UpstreamUnavailable
    | errors.TooManyRequestBytes
    | errors.RateLimited
    | errors.AuthenticationUnavailable
)


def status_of(error: Exception) -> status_pb2.Status:
    """Return the status of an error. That of an unexpected error has only an id to look up."""
    if isinstance(error, errors.LongtakeError):
        for kind, code in CODES:
            if isinstance(error, kind):
                return _fitting(error, code)
    identifier = str(uuid.uuid4())
    _log.error("unexpected error", extra={"error_id": identifier}, exc_info=error)
    return make_status(
        code_pb2.INTERNAL,
        "internal error; the details have its id in the server's log",
        [
            error_info("INTERNAL", {}),
            error_details_pb2.RequestInfo(request_id=identifier),
        ],
    )


def _fitting(error: errors.LongtakeError, code: int) -> status_pb2.Status:
    """Return the status of an error, with as many violations as the trailers can carry."""
    status = _known(error, code)
    if not isinstance(error, errors.InvalidRequest):
        return status
    kept = total = len(error.violations)
    while _trailer_bytes(status) > _MOST_TRAILER_BYTES and kept > 1:
        kept -= 1
        rest = errors.Violation("request", f"{total - kept} more fields are invalid")
        status = _known(errors.InvalidRequest([*error.violations[:kept], rest]), code)
    return status


def _known(error: errors.LongtakeError, code: int) -> status_pb2.Status:
    details = [error_info(error.reason, error.metadata), *_details(error)]
    return make_status(code, str(error), details)


def _trailer_bytes(status: status_pb2.Status) -> int:
    """Return the size on the wire: the message percent-encoded, and the status in base64."""
    content: int = status.ByteSize()
    return len(quote(status.message)) + (content + 2) // 3 * 4


def make_status(code: int, message: str, details: list[Message]) -> status_pb2.Status:
    """Return a status with packed details."""
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def error_info(reason: str, metadata: Mapping[str, str]) -> error_details_pb2.ErrorInfo:
    """Return the ErrorInfo that every error carries."""
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def _details(error: errors.LongtakeError) -> Iterator[Message]:
    text = str(error)
    if violations := _violations(error):
        request = error_details_pb2.BadRequest()
        for field, description in violations:
            request.field_violations.add(field=field, description=description)
        yield request
    if resource := _resource(error):
        yield error_details_pb2.ResourceInfo(
            resource_type=_resource_type(resource), resource_name=resource, description=text
        )
    if subject := _precondition(error):
        precondition = error_details_pb2.PreconditionFailure()
        precondition.violations.add(type=error.reason, subject=subject, description=text)
        yield precondition
    if isinstance(error, _QUOTAS):
        quota = error_details_pb2.QuotaFailure()
        quota.violations.add(subject=error.subject, description=text)
        yield quota
    if isinstance(error, _RETRYABLE) and error.retry_after is not None:
        yield _retry_info(error.retry_after)


def _violations(error: errors.LongtakeError) -> list[tuple[str, str]]:
    """Return the invalid fields of the request, each with a description."""
    if isinstance(error, errors.InvalidRequest):
        return [(one.field, one.description) for one in error.violations]
    if isinstance(error, errors.OffsetPastEnd):
        return [("read_offset", str(error))]
    if isinstance(error, errors.PositionExpired):
        return [("after_position", str(error))]
    return []


def _resource(error: errors.LongtakeError) -> str:
    """Return the name of the resource that an error is about, or an empty string."""
    if isinstance(error, errors.RequestIdReused):
        return error.metadata["operation"]
    return error.resource if isinstance(error, errors.ResourceError) else ""


def _precondition(error: errors.LongtakeError) -> str:
    """Return the subject of a failed precondition, or an empty string."""
    if isinstance(error, _UNUSABLE):
        return error.resource
    if isinstance(error, errors.CostOverMaximum):
        return "max_cost"
    if isinstance(error, errors.PublicUrlMissing):
        return error.metadata["setting"]
    if isinstance(error, errors.ModelRetired | errors.PriceUnknown):
        return f"models/{error.metadata['model']}"
    if isinstance(error, errors.RevisionAhead):
        return "revision"
    if isinstance(error, errors.PositionAhead):
        return "position"
    return ""


def _retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    delay = Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _resource_type(resource: str) -> str:
    if resource.startswith("webhooks/"):
        is_delivery = "/deliveries/" in resource
        return "longtake.dev/WebhookDelivery" if is_delivery else "longtake.dev/Webhook"
    if resource.startswith("models/"):
        return "longtake.dev/Model"
    return "longtake.dev/Video" if "/videos/" in resource else "longtake.dev/Operation"
