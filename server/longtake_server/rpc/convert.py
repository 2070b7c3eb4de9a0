# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Converts records to the messages of the contract. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from google.longrunning import operations_pb2
from google.protobuf import any_pb2
from google.rpc import status_pb2
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from longtake.v1 import (
    caller_pb2,
    generation_pb2,
    media_pb2,
    model_pb2,
    operation_pb2,
    usage_pb2,
)

from longtake_server.operations.model import State
from longtake_server.rpc.status import error_info

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from google.protobuf.timestamp_pb2 import Timestamp

    from longtake_server.identity.principal import Principal
    from longtake_server.operations.accounting import UsageRow
    from longtake_server.operations.budgets.terms import Allowance, Budget
    from longtake_server.operations.model import Failure, OperationRecord, StoredVideo
    from longtake_server.operations.requests.catalogue import ModelEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROS = 1_000_000
_MILLISECONDS = 1000
_NANOS_IN_MICRO = 1_000
_TIMES = (
    "create_time",
    "update_time",
    "submit_time",
    "end_time",
    "expire_time",
    "estimated_finish_time",
    "next_retry_time",
    "estimated_start_time",
)
_times_of: Callable[[OperationRecord], tuple[datetime | None, ...]] = attrgetter(*_TIMES)
# Fields that are the same in the message, which leaves them out if they are empty, zero or false.
_SAME = ("model", "attempts", "cancel_requested", "prompt_excerpt", "late_success", "webhook")
_same_of: Callable[[OperationRecord], tuple[object, ...]] = attrgetter(*_SAME)
_STATES: Mapping[State, operation_pb2.GenerateVideosMetadata.State] = {
    state: getattr(operation_pb2.GenerateVideosMetadata, state.value) for state in State
}


def operation(
    record: OperationRecord, video_data: Sequence[bytes] = ()
) -> operation_pb2.GenerateVideosOperation:
    """Convert a record to an operation of the contract.

    Args:
        record: The record.
        video_data: The bytes of each video, to include them.

    """
    message = operation_pb2.GenerateVideosOperation(
        name=record.name, done=record.done, revision=record.revision
    )
    # In place, because protobuf copies a message by encoding and decoding it.
    _fill_metadata(message.metadata, record)
    if record.failure is not None:
        message.error.CopyFrom(_error(record.failure))
    elif record.done:
        message.response.CopyFrom(response(record, video_data))
    return message


def standard_operation(record: OperationRecord) -> operations_pb2.Operation:
    """Convert a record to a google.longrunning.Operation."""
    message = operations_pb2.Operation(name=record.name, done=record.done)
    message.metadata.Pack(metadata(record))
    if record.failure is not None:
        message.error.CopyFrom(_error(record.failure))
    elif record.done:
        message.response.Pack(response(record))
    return message


def metadata(record: OperationRecord) -> operation_pb2.GenerateVideosMetadata:
    """Return the metadata of an operation."""
    message = operation_pb2.GenerateVideosMetadata()
    _fill_metadata(message, record)
    return message


def _fill_metadata(message: operation_pb2.GenerateVideosMetadata, record: OperationRecord) -> None:
    message.state = _STATES[record.state]
    message.principal = record.caller
    # Most fields have their default, and setting them all takes longer than all the rest.
    for name, value in zip(_SAME, _same_of(record), strict=True):
        if value:
            setattr(message, name, value)
    if record.served_model != record.model:
        message.served_model = record.served_model
    for name, time in zip(_TIMES, _times_of(record), strict=True):
        if time is not None:
            set_time(getattr(message, name), time)
    if record.last_refusal is not None:
        message.last_error.CopyFrom(_error(record.last_refusal))
    _fill_numbers(message, record)
    _add_elements(message, record)


def _fill_numbers(message: operation_pb2.GenerateVideosMetadata, record: OperationRecord) -> None:
    if record.billed_seconds is not None:
        message.billed_seconds = record.billed_seconds
    if record.queue_position is not None:
        message.queue_position = record.queue_position
    if record.cost_micros is not None:
        _set_dollars(message.estimated_cost, record.cost_micros)


def _add_elements(message: operation_pb2.GenerateVideosMetadata, record: OperationRecord) -> None:
    if record.warnings:
        message.warnings.extend(record.warnings)
    if record.labels:
        message.labels.update(record.labels)
    if record.webhook_metadata:
        message.webhook_metadata.update(record.webhook_metadata)


def response(
    record: OperationRecord, video_data: Sequence[bytes] = ()
) -> generation_pb2.GenerateVideosResponse:
    """Return the response of a successful operation, with the videos' bytes if given."""
    message = generation_pb2.GenerateVideosResponse(
        rai_media_filtered_count=record.filtered_count,
        rai_media_filtered_reasons=record.filtered_reasons,
    )
    for index, stored in enumerate(record.videos):
        generated = message.generated_videos.add(
            name=f"{record.name}/videos/{index}",
            video=video(stored),
            generation_seed=stored.seed,
        )
        if video_data:
            generated.video.data = video_data[index]
    return message


def video(stored: StoredVideo) -> media_pb2.Video:
    """Convert a stored video, without its bytes."""
    message = media_pb2.Video(
        mime_type=stored.mime_type, size_bytes=stored.size_bytes, sha256=stored.sha256
    )
    if stored.expire_time is not None:
        set_time(message.expire_time, stored.expire_time)
    if stored.in_callers_bucket:
        message.file_data.file_uri = stored.location
        message.file_data.mime_type = stored.mime_type
    return message


def model(entry: ModelEntry) -> model_pb2.Model:
    """Convert a row of the catalogue."""
    message = model_pb2.Model(
        name=f"models/{entry.id}",
        model_id=entry.id,
        display_name=entry.display_name,
        upstream=entry.upstream,
        stage=entry.stage.value,
        replacement=entry.replacement or "",
        durations_seconds=entry.durations,
        default_duration_seconds=entry.default_duration,
        resolutions=entry.resolutions,
        aspect_ratios=entry.aspect_ratios,
        fps=entry.fps,
        max_videos=entry.max_videos,
        supported_fields=sorted(entry.supported_fields),
    )
    if (day := entry.retirement_date) is not None:
        message.retirement_date.CopyFrom(_date(day))
    for price in entry.prices:
        message.prices.add(
            resolution=price.resolution,
            audio=price.audio,
            price_per_second=dollars(price.micros_per_second),
        )
    return message


def estimate(record: OperationRecord) -> operation_pb2.GenerateVideosOperation:
    """Convert an operation that was not created: no name, no state, and its highest cost."""
    message = operation_pb2.GenerateVideosOperation()
    message.metadata.model = record.model
    message.metadata.labels.update(record.labels)
    message.metadata.warnings.extend(record.warnings)
    message.metadata.principal = record.caller
    if record.served_model != record.model:
        message.metadata.served_model = record.served_model
    if record.reserved_micros is not None:
        message.metadata.estimated_cost.CopyFrom(dollars(record.reserved_micros))
    return message


def caller(principal: Principal, allowance: Allowance) -> caller_pb2.Caller:
    """Convert a principal and what it may do and spend."""
    message = caller_pb2.Caller(
        principal=principal.id,
        roles=sorted(role.name for role in principal.roles),
        labels=principal.labels,
        key_id=principal.key_id,
        budgets=map(_budget, allowance.budgets),
        time_zone=allowance.time_zone,
        requests_per_minute=allowance.values.requests_per_minute,
        max_queued=allowance.values.max_queued,
        queued=allowance.queued,
        max_concurrent=allowance.values.max_concurrent,
        concurrent=allowance.concurrent,
    )
    if principal.expire_time is not None:
        set_time(message.credential_expire_time, principal.expire_time)
    return message


def usage(row: UsageRow) -> usage_pb2.Usage:
    """Convert a row of usage."""
    sums = row.sums
    message = usage_pb2.Usage(
        model=row.model or "",
        principal=row.caller or "",
        label_value=row.label_value,
        accepted=sums.accepted,
        succeeded=sums.succeeded,
        failed=sums.failed,
        cancelled=sums.cancelled,
        deleted=sums.deleted,
        unpriced=sums.unpriced,
        billed_seconds=sums.billed_milliseconds / _MILLISECONDS,
        reserved_cost=dollars(sums.reserved_micros),
        settled_cost=dollars(sums.settled_micros),
    )
    if row.day is not None:
        message.day.CopyFrom(_date(row.day))
    return message


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _budget(budget: Budget) -> caller_pb2.Budget:
    amounts = budget.amounts
    message = caller_pb2.Budget(
        subject=budget.subject,
        period=budget.period.name,
        period_key=budget.key,
        cost_spent=dollars(amounts.spent_micros),
        cost_reserved=dollars(amounts.reserved_micros),
        seconds_spent=amounts.spent_milliseconds / _MILLISECONDS,
        seconds_reserved=amounts.reserved_milliseconds / _MILLISECONDS,
    )
    set_time(message.reset_time, budget.reset_time)
    if budget.cost_limit is not None:
        message.cost_limit.CopyFrom(dollars(budget.cost_limit))
    if budget.seconds_limit is not None:
        message.seconds_limit = budget.seconds_limit / _MILLISECONDS
    return message


def dollars(micros: int) -> Money:
    """Convert millionths of a US dollar to Money."""
    money = Money()
    _set_dollars(money, micros)
    return money


def _set_dollars(field: Money, micros: int) -> None:
    field.currency_code = "USD"
    field.units, rest = divmod(micros, _MICROS)
    field.nanos = rest * _NANOS_IN_MICRO


def set_time(field: Timestamp, time: datetime) -> None:
    """Set a timestamp field."""
    # Like FromDatetime, but three times as fast: each response has several.
    field.seconds, micros = divmod((time - _EPOCH) // _MICROSECOND, _MICROS)
    field.nanos = micros * _NANOS_IN_MICRO


def _error(failure: Failure) -> status_pb2.Status:
    status = status_pb2.Status(code=failure.code.value, message=failure.message)
    packed = any_pb2.Any()
    packed.Pack(error_info(failure.reason, failure.metadata))
    status.details.append(packed)
    for detail in failure.details:
        status.details.append(any_pb2.Any.FromString(detail))
    return status
