# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a request, whatever the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Mask, ReferenceImage

from longtake_server.errors import Violation
from longtake_server.operations.requests.media_violations import image_violations, video_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

_MOST_LABELS = 64
_LONGEST_LABEL = 63
_MOST_PRIORITY = 100
_MOST_REFERENCES = 10
_LONGEST_QUEUE_SECONDS = 366 * 86400
_NANOS_IN_SECOND = 1_000_000_000
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}(/.*)?")
_TOPIC = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")
_OPERATION = re.compile(r"operations/[a-zA-Z0-9_-]{1,64}")

_ENUMS: tuple[tuple[str, EnumTypeWrapper], ...] = (
    ("safety_filter_level", GenerateVideosConfig.SafetyFilterLevel),
    ("person_generation", GenerateVideosConfig.PersonGeneration),
    ("compression_quality", GenerateVideosConfig.CompressionQuality),
    ("generation_mode", GenerateVideosConfig.GenerationMode),
    ("resize_mode", GenerateVideosConfig.ResizeMode),
    ("camera_control", GenerateVideosConfig.CameraControl),
)


def request_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    """Yield everything that no model would accept, each with what is accepted."""
    yield from _service_violations(request)
    yield from _source_violations(request)
    yield from _reference_violations(request)
    yield from _config_violations(request.config)
    yield from _combination_violations(request)


def _service_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    if request.request_id and not _UUID4.fullmatch(request.request_id.lower()):
        yield Violation(
            "request_id",
            "accepted is a UUID of version 4, for example 7c9e6679-7425-40de-944b-e07fc1f90ae7",
        )
    if request.HasField("queue_timeout"):
        seconds, nanos = request.queue_timeout.seconds, request.queue_timeout.nanos
        whole = 0 <= nanos < _NANOS_IN_SECOND and 0 <= seconds < _LONGEST_QUEUE_SECONDS
        if not whole or (seconds, nanos) == (0, 0):
            yield Violation("queue_timeout", "accepted is more than 0 seconds and at most a year")
    if abs(request.priority) > _MOST_PRIORITY:
        yield Violation(
            "priority", f"{request.priority}; accepted are {-_MOST_PRIORITY} to {_MOST_PRIORITY}"
        )
    if request.previous_operation and not _OPERATION.fullmatch(request.previous_operation):
        yield Violation("previous_operation", "accepted is operations/{id}")


def _source_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    config = request.config
    has_image, has_video = request.HasField("image"), request.HasField("video")
    if not request.prompt.strip():
        if config.reference_images:
            yield Violation("prompt", "it is required with config.reference_images")
        elif not (has_image or has_video):
            yield Violation("prompt", "at least one of prompt, image and video is required")
    if has_image and has_video:
        yield Violation("video", "it excludes image; accepted is one of image and video")
    if has_image:
        yield from image_violations("image", request.image)
    if has_video:
        yield from video_violations("video", request.video)
    if config.HasField("last_frame"):
        yield from image_violations("config.last_frame", config.last_frame)
    if config.HasField("mask"):
        yield from image_violations("config.mask.image", config.mask.image)
        yield from _set("config.mask.mask_mode", Mask.MaskMode, config.mask.mask_mode)


def _reference_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    references = request.config.reference_images
    if not references:
        return
    if (
        request.HasField("image")
        or request.HasField("video")
        or request.config.HasField("last_frame")
    ):
        yield Violation(
            "config.reference_images", "they exclude image, video and config.last_frame"
        )
    if len(references) > _MOST_REFERENCES:
        yield Violation(
            "config.reference_images",
            f"there are {len(references)}; accepted are at most {_MOST_REFERENCES}",
        )
    for index, reference in enumerate(references[:_MOST_REFERENCES]):
        path = f"config.reference_images[{index}]"
        yield from image_violations(f"{path}.image", reference.image)
        yield from _set(
            f"{path}.reference_type", ReferenceImage.ReferenceType, reference.reference_type
        )


def _config_violations(config: GenerateVideosConfig) -> Iterator[Violation]:
    for name, kind in _ENUMS:
        if value := getattr(config, name):
            yield from _set(f"config.{name}", kind, value)
    if config.HasField("compressed") and config.compression_quality:
        yield Violation(
            "config.compressed",
            "it excludes config.compression_quality; accepted is one of the two",
        )
    if len(config.labels) > _MOST_LABELS:
        yield Violation(
            "config.labels", f"there are {len(config.labels)}; accepted are at most {_MOST_LABELS}"
        )
    wrong = sum(
        not 0 < len(key) <= _LONGEST_LABEL or len(value) > _LONGEST_LABEL
        for key, value in config.labels.items()
    )
    if wrong:
        yield Violation(
            "config.labels",
            f"{wrong} of them are wrong; accepted are keys of 1 to {_LONGEST_LABEL} characters "
            f"and values of at most {_LONGEST_LABEL}",
        )
    if config.HasField("output_gcs_uri") and not _BUCKET.fullmatch(config.output_gcs_uri):
        yield Violation("config.output_gcs_uri", "accepted is gs://bucket/prefix")
    if config.HasField("pubsub_topic") and not _TOPIC.fullmatch(config.pubsub_topic):
        yield Violation("config.pubsub_topic", "accepted is projects/{project}/topics/{topic}")


def _combination_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    config = request.config
    if config.HasField("mask") and not request.HasField("video"):
        yield Violation("config.mask", "it needs video, which the edit changes")
    if request.HasField("image"):
        return
    if config.HasField("last_frame"):
        yield Violation("config.last_frame", "it needs image, the first frame")
    if config.camera_control:
        yield Violation("config.camera_control", "it needs image")
    if config.resize_mode:
        yield Violation("config.resize_mode", "it needs image, which it fits")


def _set(field: str, kind: EnumTypeWrapper, value: int) -> Iterator[Violation]:
    # proto3 enums are open: a newer client may send a value that this server does not know.
    if value == 0 or value not in kind.values():
        said = f"{value} is not known" if value else "it is required"
        names = ", ".join(kind.Name(number) for number in kind.values() if number)
        yield Violation(field, f"{said}; accepted are {names}")
