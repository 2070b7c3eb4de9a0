# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the task of a request to an Omni model, and fields that the Interactions API lacks."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Literal

from longtake.v1.media_pb2 import ReferenceImage

from longtake_server.errors import Violation
from longtake_server.upstream.request_parts import files, unknown_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

Host = Literal["agent_platform", "developer"]
"""The host of the API: the Agent Platform or the Gemini Developer API."""

# Every video of an Omni model has this frame rate, and sound.
_FPS = 24
_LACKING: Mapping[str, str] = {
    "negative_prompt": "say it in the prompt",
    "person_generation": "say in the prompt who may appear",
    "safety_filter_level": "leave it out; the upstream's own filter applies",
    "compressed": "leave it out",
    "compression_quality": "leave it out",
    "enhance_prompt": "leave it out",
    "mask": "describe the change in the prompt, with previous_operation",
    "camera_control": "describe the movement in the prompt",
    "resize_mode": "leave it out",
    "pubsub_topic": "watch the operation",
}
_SOURCES: Mapping[Host, tuple[re.Pattern[str], str]] = {
    "agent_platform": (
        re.compile(r"gs://[^/\s]+/\S(?:.*\S)?"),
        "the upstream reads gs://bucket/object only; give that, or the bytes as data",
    ),
    "developer": (
        re.compile(
            r"https://generativelanguage\.googleapis\.com/v[a-z0-9]+/files/[\w-]+\S*", re.ASCII
        ),
        "the upstream reads its own files only; give the address of one, or the bytes as data",
    ),
}


class Task(Enum):
    """The task of a model. The values are those of the API."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    REFERENCE_TO_VIDEO = "reference_to_video"
    EDIT = "edit"
    EXTEND = "extend"


# The live API refuses fields that a task does not have. Tasks that are not listed have all.
_SHAPES = ("aspect_ratio", "resolution", "duration_seconds")
_SHAPES_OF: Mapping[Task, str] = {Task.EDIT: "resolution", Task.EXTEND: "duration_seconds"}


def task_of(request: GenerateVideosRequest) -> Task:
    """Return the task of a request.

    The first field that is set decides: `previous_operation` edits the result of that
    operation, `video` is extended (to edit it would need a mask, which this API lacks),
    `reference_images` are references, and `image` is the first frame. Without them the
    video is made from the prompt alone.
    """
    if request.previous_operation:
        return Task.EDIT
    if request.HasField("video"):
        return Task.EXTEND
    if request.config.reference_images:
        return Task.REFERENCE_TO_VIDEO
    return Task.IMAGE_TO_VIDEO if request.HasField("image") else Task.TEXT_TO_VIDEO


def check(request: GenerateVideosRequest, host: Host) -> list[Violation]:
    """Return a violation for each set field that this API does not have."""
    return [
        *_lacking(request, host),
        *_forbidden(request),
        *_unreadable(request, host),
        *unknown_values(request),
    ]


def _lacking(request: GenerateVideosRequest, host: Host) -> Iterator[Violation]:
    config = request.config
    for field, _ in config.ListFields():
        if instead := _LACKING.get(field.name):
            yield Violation(f"config.{field.name}", f"the upstream has no such field: {instead}")
    if config.HasField("number_of_videos") and config.number_of_videos != 1:
        yield Violation("config.number_of_videos", "accepted is 1; submit again for another video")
    if config.HasField("fps") and config.fps != _FPS:
        yield Violation("config.fps", f"accepted is {_FPS}, which every video has")
    if config.HasField("generate_audio") and not config.generate_audio:
        accepted = "accepted is true, as every video has sound; say in the prompt what is heard"
        yield Violation("config.generate_audio", accepted)
    for index, reference in enumerate(config.reference_images):
        if reference.reference_type == ReferenceImage.STYLE:
            field_path = f"config.reference_images[{index}].reference_type"
            yield Violation(field_path, "accepted is ASSET; say in the prompt what it stands for")
    if config.HasField("output_gcs_uri") and host == "developer":
        accepted = "the upstream writes to no bucket; leave it out, and Longtake keeps the results"
        yield Violation("config.output_gcs_uri", accepted)


def _forbidden(request: GenerateVideosRequest) -> Iterator[Violation]:
    task = task_of(request)
    accepted = _SHAPES_OF.get(task)
    for name in _SHAPES:
        if accepted and name != accepted and request.config.HasField(name):
            said = f"the task {task.value} takes config.{accepted} only; leave this out"
            yield Violation(f"config.{name}", said)
    if task is Task.EDIT:
        sources = {"image": request.HasField("image"), "video": request.HasField("video")}
        sources["config.last_frame"] = request.config.HasField("last_frame")
        sources["config.reference_images"] = bool(request.config.reference_images)
        for path in (path for path, given in sources.items() if given):
            yield Violation(path, "previous_operation excludes it; accepted is a prompt")


def _unreadable(request: GenerateVideosRequest, host: Host) -> Iterator[Violation]:
    readable, accepted = _SOURCES[host]
    for path, file in files(request):
        if not readable.fullmatch(file.file_uri):
            yield Violation(f"{path}.file_data.file_uri", accepted)
