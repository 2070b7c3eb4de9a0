# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the images and videos of a request, whatever the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longtake_server.errors import Violation
from longtake_server.operations.requests.media_types import (
    IMAGE_TYPES,
    VIDEO_TYPES,
    image_type,
    video_types,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.v1.media_pb2 import FileData, Image, Video

MAX_IMAGE_BYTES = 20_000_000
DEFAULT_VIDEO_TYPE = "video/mp4"
_OBJECT = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}/.+")
_LONGEST_SHOWN = 50


def image_violations(field: str, image: Image) -> Iterator[Violation]:
    """Yield what is wrong with an image."""
    kind = image.WhichOneof("source")
    if kind is None:
        yield Violation(field, "it is empty; accepted is one of data and file_data")
        return
    if kind == "file_data":
        yield from _file_violations(f"{field}.file_data", image.file_data, IMAGE_TYPES)
        return
    data = image.data
    if len(data) > MAX_IMAGE_BYTES:
        yield Violation(
            f"{field}.data", f"it has {len(data)} bytes; accepted are at most {MAX_IMAGE_BYTES}"
        )
    elif (found := image_type(data)) is None:
        said = "it is no whole image" if data else "it is empty"
        yield Violation(f"{field}.data", f"{said}; accepted are {', '.join(IMAGE_TYPES)}")
    elif image.mime_type and image.mime_type != found:
        yield Violation(
            f"{field}.mime_type",
            f"{_shown(image.mime_type)} contradicts the bytes; accepted for them is {found}",
        )


def video_violations(field: str, video: Video) -> Iterator[Violation]:
    """Yield what is wrong with an input video."""
    kind = video.WhichOneof("source")
    if kind is None:
        yield Violation(field, "it is empty; accepted is one of data and file_data")
        return
    if kind == "file_data":
        yield from _file_violations(f"{field}.file_data", video.file_data, VIDEO_TYPES)
        return
    said = video.mime_type or DEFAULT_VIDEO_TYPE
    data = video.data
    found = video_types(data)
    if not found:
        yield Violation(
            f"{field}.data",
            f"{'it is no video' if data else 'it is empty'}; accepted are {', '.join(VIDEO_TYPES)}",
        )
    if said not in VIDEO_TYPES:
        yield Violation(
            f"{field}.mime_type", f"{_shown(said)}; accepted are {', '.join(VIDEO_TYPES)}"
        )
    elif found and said not in found:
        yield Violation(
            f"{field}.mime_type",
            f"{_shown(said)} contradicts the bytes; accepted for them is {' or '.join(found)}",
        )


def _file_violations(field: str, file: FileData, accepted: Sequence[str]) -> Iterator[Violation]:
    if not _OBJECT.fullmatch(file.file_uri):
        yield Violation(f"{field}.file_uri", "accepted is gs://bucket/object")
    if file.mime_type not in accepted:
        said = _shown(file.mime_type) if file.mime_type else "it is required"
        yield Violation(f"{field}.mime_type", f"{said}; accepted are {', '.join(accepted)}")


def _shown(text: str) -> str:
    return repr(text[:_LONGEST_SHOWN])
