# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a request that all adapters need: files and enum values. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message
    from longtake.v1.media_pb2 import FileData, Image, Video
    from longtake.v1.video_service_pb2 import GenerateVideosRequest


def files(request: GenerateVideosRequest) -> Iterator[tuple[str, FileData]]:
    """Yield each file that a request names, with the path of its field."""
    for path, source in _sources(request):
        if source.HasField("file_data"):
            yield path, source.file_data


def _sources(request: GenerateVideosRequest) -> Iterator[tuple[str, Image | Video]]:
    if request.HasField("image"):
        yield "image", request.image
    if request.HasField("video"):
        yield "video", request.video
    if not request.HasField("config"):
        return
    config = request.config
    if config.HasField("last_frame"):
        yield "config.last_frame", config.last_frame
    if config.HasField("mask"):
        yield "config.mask.image", config.mask.image
    for index, one in enumerate(config.reference_images):
        yield f"config.reference_images[{index}].image", one.image


def unknown_values(request: GenerateVideosRequest) -> Iterator[Violation]:
    """Yield a violation for each enum value that this version of the server does not know."""
    if not request.HasField("config"):
        return
    config = request.config
    messages: list[tuple[str, Message]] = [("config", config)]
    if config.HasField("mask"):
        messages.append(("config.mask", config.mask))
    messages.extend(
        (f"config.reference_images[{index}]", one)
        for index, one in enumerate(config.reference_images)
    )
    for path, message in messages:
        for field, value in message.ListFields():
            if field.enum_type is not None and value not in field.enum_type.values_by_number:
                accepted = ", ".join(one.name for one in field.enum_type.values[1:])
                yield Violation(f"{path}.{field.name}", f"{value} is not known; use {accepted}")
