# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the values of the client from the messages of the contract. No I/O."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict, TypeVar

from longtake._status import error_of_operation
from longtake.types import (
    AsyncStoredVideo,
    FileData,
    GeneratedVideo,
    GenerateVideosResponse,
    Model,
    ModelPrice,
    Money,
    OperationMetadata,
    StoredVideo,
)
from longtake.types.stored_video import StoredVideoFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from google.protobuf.message import Message
    from google.type import date_pb2, money_pb2

    from longtake.types import OperationError
    from longtake.v1 import generation_pb2, model_pb2, operation_pb2

AnyStoredVideo = TypeVar("AnyStoredVideo", StoredVideo, AsyncStoredVideo)


class OperationFields(TypedDict):
    """The fields that both kinds of operation have."""

    name: str
    done: bool
    error: OperationError | None
    metadata: OperationMetadata
    revision: int


def operation_fields(message: operation_pb2.GenerateVideosOperation) -> OperationFields:
    """Return all fields of an operation except the response."""
    return {
        "name": message.name,
        "done": message.done,
        "error": error_of_operation(message.error) if message.HasField("error") else None,
        "metadata": _metadata(message.metadata),
        "revision": message.revision,
    }


def response_of(
    message: operation_pb2.GenerateVideosOperation,
    make_video: Callable[[StoredVideoFacts], AnyStoredVideo],
) -> GenerateVideosResponse[AnyStoredVideo] | None:
    """Return the response of an operation, or None unless it succeeded."""
    if not message.HasField("response"):
        return None
    response = message.response
    return GenerateVideosResponse(
        generated_videos=[
            GeneratedVideo(
                name=one.name,
                video=make_video(_facts(one)),
                generation_seed=one.generation_seed if one.HasField("generation_seed") else None,
            )
            for one in response.generated_videos
        ],
        rai_media_filtered_count=response.rai_media_filtered_count,
        rai_media_filtered_reasons=list(response.rai_media_filtered_reasons),
    )


def model_of(message: model_pb2.Model) -> Model:
    """Return the model that a message describes."""
    return Model(
        name=message.name,
        model_id=message.model_id,
        display_name=message.display_name,
        upstream=message.upstream,
        stage=enum_name(message, "stage"),
        retirement_date=date_of(message.retirement_date),
        replacement=message.replacement or None,
        durations_seconds=tuple(message.durations_seconds),
        default_duration_seconds=message.default_duration_seconds,
        resolutions=tuple(message.resolutions),
        aspect_ratios=tuple(message.aspect_ratios),
        fps=tuple(message.fps),
        max_videos=message.max_videos,
        supported_fields=tuple(message.supported_fields),
        prices=tuple(
            ModelPrice(price.resolution, price.audio, money_of(price.price_per_second))
            for price in message.prices
        ),
    )


def _facts(message: generation_pb2.GeneratedVideo) -> StoredVideoFacts:
    video = message.video
    file = video.file_data if video.HasField("file_data") else None
    return StoredVideoFacts(
        name=message.name,
        data=video.data if video.HasField("data") else None,
        mime_type=video.mime_type or None,
        file_data=FileData(file.file_uri, file.mime_type) if file else None,
        size_bytes=video.size_bytes if video.HasField("size_bytes") else None,
        sha256=video.sha256 or None,
    )


def _metadata(message: operation_pb2.GenerateVideosMetadata) -> OperationMetadata:
    has = message.HasField
    return {
        "state": enum_name(message, "state"),
        "model": message.model,
        "served_model": message.served_model or None,
        "create_time": time_of(message, "create_time"),
        "submit_time": time_of(message, "submit_time"),
        "update_time": time_of(message, "update_time"),
        "end_time": time_of(message, "end_time"),
        "expire_time": time_of(message, "expire_time"),
        "estimated_finish_time": time_of(message, "estimated_finish_time"),
        "progress_percent": message.progress_percent if has("progress_percent") else None,
        "queue_position": message.queue_position if has("queue_position") else None,
        "estimated_start_time": time_of(message, "estimated_start_time"),
        "attempts": message.attempts,
        "next_retry_time": time_of(message, "next_retry_time"),
        "last_error": (
            error_of_operation(message.last_error) if message.HasField("last_error") else None
        ),
        "labels": dict(message.labels),
        "prompt_excerpt": message.prompt_excerpt or None,
        "principal": message.principal or None,
        "billed_seconds": message.billed_seconds if has("billed_seconds") else None,
        "estimated_cost": money_of(message.estimated_cost) if has("estimated_cost") else None,
        "late_success": message.late_success,
        "cancel_requested": message.cancel_requested,
        "warnings": list(message.warnings),
        "webhook": message.webhook or None,
        "webhook_metadata": dict(message.webhook_metadata),
    }


def enum_name(message: Message, field: str) -> str:
    """Return the name of a value, or its number if only a newer contract has it."""
    number = getattr(message, field)
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    known = kind.values_by_number.get(number) if kind is not None else None
    return known.name if known is not None else str(number)


def time_of(message: Message, field: str) -> datetime | None:
    """Return a time, or None if it is not set."""
    if not message.HasField(field):
        return None
    moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return moment


def date_of(message: date_pb2.Date) -> date | None:
    """Return a day, or None if it is not set."""
    return date(message.year, message.month, message.day) if message.day else None


def money_of(message: money_pb2.Money) -> Money:
    """Return an amount of money, exactly."""
    return {
        "currency_code": message.currency_code,
        "amount": Decimal(message.units) + Decimal(message.nanos).scaleb(-9),
    }
