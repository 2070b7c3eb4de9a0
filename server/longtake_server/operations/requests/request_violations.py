# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a request against the rules that apply to every model."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Mask, ReferenceImage

from longtake_server.errors import Violation
from longtake_server.operations.requests.media_violations import (
    folder_violations,
    image_violations,
    video_violations,
)
from longtake_server.operations.requests.webhook_violations import webhook_violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
    from google.type.money_pb2 import Money
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.operations.requests.media_violations import AcceptedVideos

_MOST_LABELS = 64
_LONGEST_LABEL = 63
_LONGEST_SHOWN = 50
# The Unicode categories of letters, marks and digits that Google accepts in labels: all but
# upper-case and title-case letters.
_LETTERS = frozenset({"Ll", "Lo", "Lm"})
_LABEL_CHARACTERS = _LETTERS | {"Mn", "Mc", "Nd", "Nl", "No"}
_LABEL_RULE = (
    f"accepted are at most {_LONGEST_LABEL} lower-case letters (international ones, too), digits, "
    "_ and -; a key begins with a letter"
)
_MOST_PRIORITY = 100
_MOST_REFERENCES = 10
_LONGEST_QUEUE_SECONDS = 366 * 86400
# A second and a dollar have as many.
_NANOS = 1_000_000_000
_NANOS_IN_MICRO = 1_000
_MICROS = 1_000_000
_MOST_DOLLARS = 1_000_000_000_000
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# Pub/Sub's rule for the name of a topic.
_TOPIC = re.compile(r"projects/[^/\s]+/topics/(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
_OPERATION = re.compile(r"operations/[a-zA-Z0-9_-]{1,64}")

_ENUMS: tuple[tuple[str, EnumTypeWrapper], ...] = (
    ("safety_filter_level", GenerateVideosConfig.SafetyFilterLevel),
    ("person_generation", GenerateVideosConfig.PersonGeneration),
    ("compression_quality", GenerateVideosConfig.CompressionQuality),
    ("generation_mode", GenerateVideosConfig.GenerationMode),
    ("resize_mode", GenerateVideosConfig.ResizeMode),
    ("camera_control", GenerateVideosConfig.CameraControl),
)


def request_violations(
    request: GenerateVideosRequest, present: AbstractSet[str], videos: AcceptedVideos
) -> Iterator[Violation]:
    """Yield a violation for everything that no model accepts.

    Args:
        request: The request.
        present: The names of its fields that are set. Most are not, and reading each of them takes
            longer than all checks of those that are.
        videos: The accepted input videos.

    """
    yield from _service_violations(request, present)
    yield from _source_violations(request, present, videos)
    if "config" in present:
        yield from _reference_violations(request)
        yield from _config_violations(request.config)
        yield from _combination_violations(request)


def _service_violations(
    request: GenerateVideosRequest, present: AbstractSet[str]
) -> Iterator[Violation]:
    if "request_id" in present and not _UUID4.fullmatch(request.request_id.lower()):
        yield Violation(
            "request_id",
            "accepted is a UUID of version 4, for example 7c9e6679-7425-40de-944b-e07fc1f90ae7",
        )
    if "queue_timeout" in present:
        seconds, nanos = request.queue_timeout.seconds, request.queue_timeout.nanos
        whole = 0 <= nanos < _NANOS and 0 <= seconds < _LONGEST_QUEUE_SECONDS
        if not whole or (seconds, nanos) == (0, 0):
            yield Violation("queue_timeout", "accepted is more than 0 seconds and at most a year")
    if "priority" in present and abs(request.priority) > _MOST_PRIORITY:
        yield Violation(
            "priority", f"{request.priority}; accepted are {-_MOST_PRIORITY} to {_MOST_PRIORITY}"
        )
    if "max_cost" in present and not _is_dollars(request.max_cost):
        yield Violation(
            "max_cost",
            "accepted is an amount in USD, not negative and of whole millionths of a dollar",
        )
    if "previous_operation" in present and not _OPERATION.fullmatch(request.previous_operation):
        yield Violation("previous_operation", "accepted is operations/{id}")
    if "webhook" in present or "webhook_metadata" in present:
        yield from webhook_violations(request)


def _is_dollars(money: Money) -> bool:
    units, nanos = int(money.units), int(money.nanos)
    is_amount = 0 <= units <= _MOST_DOLLARS and 0 <= nanos < _NANOS
    return bool(money.currency_code == "USD") and is_amount and nanos % _NANOS_IN_MICRO == 0


def micros_of(money: Money) -> int:
    """Return an amount without violations in millionths of a US dollar."""
    return int(money.units) * _MICROS + int(money.nanos) // _NANOS_IN_MICRO


def _source_violations(
    request: GenerateVideosRequest, present: AbstractSet[str], videos: AcceptedVideos
) -> Iterator[Violation]:
    has_image, has_video = "image" in present, "video" in present
    if not request.prompt.strip():
        if request.config.reference_images:
            yield Violation("prompt", "it is required with config.reference_images")
        elif not (has_image or has_video):
            yield Violation("prompt", "at least one of prompt, image and video is required")
    if has_image and has_video:
        yield Violation(
            "video", "it cannot be combined with image; accepted is one of image and video"
        )
    if has_image:
        yield from image_violations("image", request.image)
    if has_video:
        yield from video_violations("video", request.video, videos)
    if "config" in present:
        yield from _config_source_violations(request.config)


def _config_source_violations(config: GenerateVideosConfig) -> Iterator[Violation]:
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
            "config.reference_images",
            "they cannot be combined with image, video or config.last_frame",
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
            "it cannot be combined with config.compression_quality; accepted is one of the two",
        )
    if config.labels:
        yield from label_violations(config.labels)
    if config.HasField("output_gcs_uri"):
        yield from folder_violations("config.output_gcs_uri", config.output_gcs_uri)
    if config.HasField("pubsub_topic") and not _TOPIC.fullmatch(config.pubsub_topic):
        yield Violation(
            "config.pubsub_topic",
            "accepted is projects/{project}/topics/{topic}; a topic has 3 to 255 letters, digits "
            "and . _ ~ + % -, begins with a letter and not with goog",
        )


def label_violations(labels: Mapping[str, str]) -> Iterator[Violation]:
    """Yield the labels that break the rules that Google documents for them."""
    if len(labels) > _MOST_LABELS:
        yield Violation(
            "config.labels", f"there are {len(labels)}; accepted are at most {_MOST_LABELS}"
        )
    for key, value in sorted(labels.items()):
        shown = repr(key[:_LONGEST_SHOWN])
        if not _is_label(key) or unicodedata.category(key[0]) not in _LETTERS:
            yield Violation("config.labels", f"the key {shown}; {_LABEL_RULE}")
            return
        if value and not _is_label(value):
            yield Violation("config.labels", f"the value of the key {shown}; {_LABEL_RULE}")
            return


def _is_label(text: str) -> bool:
    """Return whether a text is not empty, not too long, and of accepted characters only."""
    return 0 < len(text) <= _LONGEST_LABEL and all(
        one in "_-" or unicodedata.category(one) in _LABEL_CHARACTERS for one in text
    )


def _combination_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    config = request.config
    if config.HasField("mask") and not request.HasField("video"):
        yield Violation("config.mask", "it requires video, the video to edit")
    if request.HasField("image"):
        return
    if config.HasField("last_frame"):
        yield Violation("config.last_frame", "it requires image, the first frame")
    if config.camera_control:
        yield Violation("config.camera_control", "it requires image")
    if config.resize_mode:
        yield Violation("config.resize_mode", "it requires image, the image to resize")


def _set(field: str, kind: EnumTypeWrapper, value: int) -> Iterator[Violation]:
    # proto3 enums are open: a newer client may send a value that this server does not know.
    if value == 0 or value not in kind.values():
        said = f"{value} is not known" if value else "it is required"
        names = ", ".join(kind.Name(number) for number in kind.values() if number)
        yield Violation(field, f"{said}; accepted are {names}")
