# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes records as the bytes that are stored, and decodes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from longtake.v1.operation_pb2 import GenerateVideosMetadata

from longtake_server.operations.model import (
    Charge,
    Code,
    Failure,
    OperationRecord,
    State,
    StoredVideo,
)
from longtake_server.storage.v1 import record_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROS = 1_000_000
_NANOS_IN_MICRO = 1_000
_DOMAIN = "longtake.dev"

# Fields that are the same in the message, which leaves them out if they are empty, zero or false.
_SCALARS = (
    "name",
    "revision",
    "caller",
    "request_id",
    "request_digest",
    "model",
    "served_model",
    "upstream",
    "upstream_operation",
    "attempts",
    "resubmit_if_unknown",
    "may_have_started",
    "cancel_requested",
    "traceparent",
    "filtered_count",
    "priority",
    "prompt_excerpt",
    "reserved_milliseconds",
    "late_success",
    "tracestate",
    "webhook",
)

# Fields that the message leaves out if they are None.
_OPTIONAL = ("billed_seconds", "cost_micros", "queue_position", "reserved_micros")

_TIMES = (
    "create_time",
    "submit_time",
    "update_time",
    "end_time",
    "expire_time",
    "estimated_finish_time",
    "next_retry_time",
    "queue_deadline",
    "estimated_start_time",
)

_scalars_of: Callable[[OperationRecord], tuple[Any, ...]] = attrgetter(*_SCALARS)
_optional_of: Callable[[OperationRecord], tuple[int | float | None, ...]] = attrgetter(*_OPTIONAL)
_times_of: Callable[[OperationRecord], tuple[datetime | None, ...]] = attrgetter(*_TIMES)


def to_micros(time: datetime) -> int:
    """Return the microseconds since 1970-01-01 UTC."""
    return (time - _EPOCH) // _MICROSECOND


def optional_micros(time: datetime | None) -> int | None:
    """Return the microseconds since 1970-01-01 UTC, or None."""
    return None if time is None else to_micros(time)


def from_micros(micros: int) -> datetime:
    """Return the UTC time for microseconds since 1970-01-01 UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def encode_record(record: OperationRecord) -> bytes:
    """Return the record as a serialised longtake.storage.v1.OperationRecord."""
    message = record_pb2.OperationRecord(state=record.state.value)
    _set_scalars(message, record)
    _add_elements(message, record)
    if record.failure is not None:
        message.error.CopyFrom(_encode_failure(record.failure))
    if record.last_refusal is not None:
        message.last_refusal.CopyFrom(_encode_failure(record.last_refusal))
    for name, time in zip(_TIMES, _times_of(record), strict=True):
        if time is not None:
            _set_time(getattr(message, name), time)
    return message.SerializeToString()


def _set_scalars(message: record_pb2.OperationRecord, record: OperationRecord) -> None:
    # Most fields have their default, and setting them all would take twice as long.
    for name, value in zip(_SCALARS, _scalars_of(record), strict=True):
        if value:
            setattr(message, name, value)
    for name, number in zip(_OPTIONAL, _optional_of(record), strict=True):
        if number is not None:
            setattr(message, name, number)


def _add_elements(message: record_pb2.OperationRecord, record: OperationRecord) -> None:
    """Fill the fields with several elements. Even to add none to them would take time."""
    if record.filtered_reasons:
        message.filtered_reasons.extend(record.filtered_reasons)
    if record.warnings:
        message.warnings.extend(record.warnings)
    if record.labels:
        message.labels.update(record.labels)
    if record.webhook_metadata:
        message.webhook_metadata.update(record.webhook_metadata)
    if record.videos:
        message.videos.extend(map(_encode_video, record.videos))
    for charge in record.charges:
        added = message.charges.add()
        added.subject, added.period_key = charge.subject, charge.period_key


def _set_time(field: Timestamp, time: datetime) -> None:
    # Like FromDatetime, but several times as fast.
    field.seconds, micros = divmod(to_micros(time), _MICROS)
    field.nanos = micros * _NANOS_IN_MICRO


def decode_record(data: bytes) -> OperationRecord:
    """Return the record for bytes from `encode_record`."""
    message = record_pb2.OperationRecord.FromString(data)
    return OperationRecord(
        name=message.name,
        revision=message.revision,
        state=State(GenerateVideosMetadata.State.Name(message.state)),
        model=message.model,
        served_model=message.served_model,
        upstream=message.upstream,
        create_time=message.create_time.ToDatetime(tzinfo=UTC),
        update_time=message.update_time.ToDatetime(tzinfo=UTC),
        request_digest=message.request_digest,
        request_id=message.request_id,
        caller=message.caller,
        upstream_operation=message.upstream_operation,
        submit_time=_time(message, "submit_time"),
        end_time=_time(message, "end_time"),
        expire_time=_time(message, "expire_time"),
        estimated_finish_time=_time(message, "estimated_finish_time"),
        attempts=message.attempts,
        next_retry_time=_time(message, "next_retry_time"),
        queue_deadline=_time(message, "queue_deadline"),
        resubmit_if_unknown=message.resubmit_if_unknown,
        may_have_started=message.may_have_started,
        cancel_requested=message.cancel_requested,
        labels=dict(message.labels),
        traceparent=message.traceparent,
        failure=_decode_failure(message.error) if message.HasField("error") else None,
        videos=tuple(_decode_video(video) for video in message.videos),
        filtered_count=message.filtered_count,
        filtered_reasons=tuple(message.filtered_reasons),
        warnings=tuple(message.warnings),
        billed_seconds=message.billed_seconds if message.HasField("billed_seconds") else None,
        cost_micros=message.cost_micros if message.HasField("cost_micros") else None,
        priority=message.priority,
        queue_position=message.queue_position if message.HasField("queue_position") else None,
        estimated_start_time=_time(message, "estimated_start_time"),
        last_refusal=(
            _decode_failure(message.last_refusal) if message.HasField("last_refusal") else None
        ),
        prompt_excerpt=message.prompt_excerpt,
        reserved_micros=message.reserved_micros if message.HasField("reserved_micros") else None,
        reserved_milliseconds=message.reserved_milliseconds,
        charges=tuple(Charge(charge.subject, charge.period_key) for charge in message.charges),
        late_success=message.late_success,
        tracestate=message.tracestate,
        webhook=message.webhook,
        webhook_metadata=dict(message.webhook_metadata),
    )


def _time(
    message: record_pb2.OperationRecord | record_pb2.StoredVideo, field: str
) -> datetime | None:
    if not message.HasField(field):
        return None
    timestamp: Timestamp = getattr(message, field)
    return timestamp.ToDatetime(tzinfo=UTC)


def _encode_failure(failure: Failure) -> Status:
    """Encode a failure. The first detail holds the fields that google.rpc.Status does not have."""
    status = Status(code=failure.code.value, message=failure.message)
    ours = ErrorInfo(reason=failure.reason, domain=_DOMAIN, metadata=dict(failure.metadata))
    status.details.add().Pack(ours)
    for detail in failure.details:
        status.details.add().MergeFromString(detail)
    return status


def _decode_failure(status: Status) -> Failure:
    ours = ErrorInfo()
    first, *others = status.details
    first.Unpack(ours)
    return Failure(
        code=Code(status.code),
        reason=ours.reason,
        message=status.message,
        metadata=dict(ours.metadata),
        details=tuple(any_pb2.Any.SerializeToString(detail) for detail in others),
    )


def _encode_video(video: StoredVideo) -> record_pb2.StoredVideo:
    message = record_pb2.StoredVideo(
        location=video.location,
        mime_type=video.mime_type,
        size_bytes=video.size_bytes,
        sha256=video.sha256,
        seed=video.seed,
    )
    if video.expire_time is not None:
        message.expire_time.FromDatetime(video.expire_time)
    return message


def _decode_video(message: record_pb2.StoredVideo) -> StoredVideo:
    return StoredVideo(
        location=message.location,
        mime_type=message.mime_type,
        size_bytes=message.size_bytes if message.HasField("size_bytes") else None,
        sha256=message.sha256,
        seed=message.seed if message.HasField("seed") else None,
        expire_time=_time(message, "expire_time"),
    )
