# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the images, videos and addresses of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.media_types import IMAGES, VIDEOS

from longtake_server.errors import Violation
from longtake_server.operations.requests.media_types import image_has_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.media_types import MediaTypes
    from longtake.v1.media_pb2 import FileData, Image, Video

MAX_IMAGE_BYTES = 20_000_000
# Cloud Storage's rules: buckets have 3 to 222 characters in parts of at most 63, objects
# have at most 1,024 bytes of UTF-8 and no line breaks.
_BUCKET = r"gs://(?=[a-z0-9._-]{3,222}(?:/|$))[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"
_OBJECT = re.compile(rf"{_BUCKET}/([^\r\n]+)")
_FOLDER = re.compile(rf"{_BUCKET}(?:/([^\r\n]*))?")
_LONGEST_BUCKET_PART = 63
_LONGEST_OBJECT_BYTES = 1024
_LONGEST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class AcceptedVideos:
    """The media types of input videos that a model accepts.

    Attributes:
        types: The canonical names.
        by: A phrase for messages, for example ` by model veo-3.1-generate-001`.
    """

    types: tuple[str, ...] = VIDEOS.accepted
    by: str = ""


def image_violations(field: str, image: Image) -> Iterator[Violation]:
    """Yield what is wrong with an image."""
    accepted = _Accepted(IMAGES, IMAGES.accepted)
    kind = image.WhichOneof("source")
    if kind is None:
        yield Violation(field, "it is empty; accepted is one of data and file_data")
    elif kind == "file_data":
        yield from _file_violations(f"{field}.file_data", image.file_data, accepted)
    elif len(image.data) > MAX_IMAGE_BYTES:
        yield Violation(
            f"{field}.data",
            f"it has {len(image.data)} bytes; accepted are at most {MAX_IMAGE_BYTES}",
        )
    else:
        wrong = list(_data_violations(field, image, accepted))
        yield from wrong
        settled = IMAGES.settled(image.data, image.mime_type)
        if not wrong and settled and not image_has_size(image.data, settled):
            yield Violation(f"{field}.data", f"it is not a complete image; {accepted}")


def video_violations(field: str, video: Video, accepted: AcceptedVideos) -> Iterator[Violation]:
    """Yield what is wrong with an input video."""
    rule = _Accepted(VIDEOS, accepted.types, accepted.by)
    kind = video.WhichOneof("source")
    if kind is None:
        yield Violation(field, "it is empty; accepted is one of data and file_data")
    elif kind == "file_data":
        yield from _file_violations(f"{field}.file_data", video.file_data, rule)
    else:
        yield from _data_violations(field, video, rule)


def folder_violations(field: str, address: str) -> Iterator[Violation]:
    """Yield what is wrong with the address of a bucket, with or without a prefix."""
    if not _is_address(_FOLDER, address):
        yield Violation(field, "accepted is gs://bucket/prefix")


@dataclass(frozen=True, slots=True)
class _Accepted:
    """The accepted types of a table. `str` returns the end of a message."""

    table: MediaTypes
    types: tuple[str, ...]
    by: str = ""

    def __str__(self) -> str:
        verb = "are" if len(self.types) > 1 else "is"
        return f"accepted{self.by} {verb} {', '.join(self.types)}"


def _data_violations(field: str, media: Image | Video, accepted: _Accepted) -> Iterator[Violation]:
    """Yield what is wrong with the type of inline bytes. See MediaTypes.settled."""
    table, said = accepted.table, media.mime_type
    found = table.of_bytes(media.data)
    if not found:
        what = f"it is not {table.noun}" if media.data else "it is empty"
        yield Violation(f"{field}.data", f"{what}; {accepted}")
        return
    settled = table.settled(media.data, said)
    if settled in accepted.types:
        return
    if not table.canonical(said):
        yield Violation(f"{field}.data", f"it is {found[0]}; {accepted}")
    elif settled is None or table.canonical(said) != settled:
        text = f"{_shown(said)} contradicts the bytes, which are {found[0]}; {accepted}"
        yield Violation(f"{field}.mime_type", text)
    else:
        yield Violation(f"{field}.mime_type", f"{_shown(said)}; {accepted}")


def _file_violations(field: str, file: FileData, accepted: _Accepted) -> Iterator[Violation]:
    if not _is_address(_OBJECT, file.file_uri):
        yield Violation(f"{field}.file_uri", "accepted is gs://bucket/object")
    if accepted.table.canonical(file.mime_type) not in accepted.types:
        said = _shown(file.mime_type) if file.mime_type else "it is required"
        yield Violation(f"{field}.mime_type", f"{said}; {accepted}")


def _is_address(pattern: re.Pattern[str], address: str) -> bool:
    match = pattern.fullmatch(address)
    if match is None:
        return False
    bucket = address.removeprefix("gs://").partition("/")[0]
    return (
        max(map(len, bucket.split("."))) <= _LONGEST_BUCKET_PART
        and len((match[1] or "").encode()) <= _LONGEST_OBJECT_BYTES
    )


def _shown(text: str) -> str:
    return repr(text[:_LONGEST_SHOWN])
