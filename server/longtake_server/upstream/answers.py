# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decodes answers of the Agent Platform into values of operations.upstream. No I/O.

An answer that cannot be understood raises OutcomeUnknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.model import Code, Failure, StoredVideo
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Running
from longtake_server.upstream.google_error import pack_details, readable
from longtake_server.upstream.json_media import decode_base64, parse_object, without_media

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATION_NAME = re.compile(
    r"(?P<resource>(?:projects/[\w.:~%-]+/locations/[\w-]+/)?"
    r"publishers/[\w-]+/models/[\w.@~%-]+)/operations/[\w.~%-]+",
    re.ASCII,
)
_INLINE = re.compile(rb'"bytesBase64Encoded"\s*:\s*"')
GCS_OBJECT = re.compile(r"gs://[^/]+/.+")
MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)
_REASONS_LIMIT = 64


@dataclass(frozen=True, slots=True)
class InlineVideo:
    """A video whose bytes are in the answer."""

    mime_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a finished generation: `Finished` before inline videos are stored."""

    videos: tuple[StoredVideo | InlineVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()


def decode_submission(body: bytes | bytearray) -> str:
    """Return the name of the started generation.

    Raises:
        OutcomeUnknown: The answer has no valid operation name.

    """
    name = parse_object(body).get("name")
    if not isinstance(name, str) or not OPERATION_NAME.fullmatch(name):
        raise OutcomeUnknown(
            "the upstream accepted the request but answered without a valid operation name"
        )
    return name


def decode_poll(body: bytes | bytearray, upstream: str) -> Running | Results | Broken:
    """Return the state of a generation. Slow for large media: call it in a thread.

    Args:
        body: The JSON of a google.longrunning.Operation.
        upstream: The upstream's name, for a failure's metadata.

    Raises:
        OutcomeUnknown: The answer cannot be understood.

    """
    skeleton, media = without_media(body, _INLINE)
    tree = parse_object(skeleton)
    done = tree.get("done")
    if done is None or done is False:
        if not isinstance(tree.get("name"), str):
            raise OutcomeUnknown("the upstream answered with something other than an operation")
        return Running()
    if done is not True:
        raise OutcomeUnknown("the upstream answered with a done that is neither true nor false")
    if error := tree.get("error"):
        return Broken(_failure(error, upstream))
    response = tree.get("response")
    if response is not None and not isinstance(response, dict):
        raise OutcomeUnknown("the upstream answered with a response that is not an object")
    results = _results(response or {}, media)
    if results.videos or results.filtered_count or results.filtered_reasons:
        return results
    message = "the upstream finished with neither a video nor an error"
    return Broken(Failure(Code.INTERNAL, "UPSTREAM_FAILED", message, {"upstream": upstream}))


def _results(response: dict[str, object], media: Mapping[str, memoryview]) -> Results:
    videos = response.get("videos") or []
    count = response.get("raiMediaFilteredCount") or 0
    reasons = response.get("raiMediaFilteredReasons") or []
    if not isinstance(videos, list) or not isinstance(reasons, list):
        raise OutcomeUnknown("the upstream answered with videos that are not a list")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 1 << 31:
        raise OutcomeUnknown("the upstream answered with an invalid raiMediaFilteredCount")
    readable_reasons = (readable(reason) for reason in reasons[:_REASONS_LIMIT])
    return Results(
        tuple(_video(video, media) for video in videos),
        count,
        tuple(reason for reason in readable_reasons if reason),
    )


def _video(video: object, media: Mapping[str, memoryview]) -> StoredVideo | InlineVideo:
    if not isinstance(video, dict):
        raise OutcomeUnknown("the upstream answered with a video that is not an object")
    mime_type = video.get("mimeType") or "video/mp4"
    if not isinstance(mime_type, str) or not MEDIA_TYPE.fullmatch(mime_type):
        raise OutcomeUnknown("the upstream answered with an invalid mimeType")
    number = video.get("bytesBase64Encoded")
    if isinstance(number, str) and number in media and (data := decode_base64(media[number])):
        return InlineVideo(mime_type, data)
    address = video.get("gcsUri")
    if not isinstance(address, str) or not GCS_OBJECT.fullmatch(address):
        raise OutcomeUnknown(
            "the upstream answered with a video that has neither bytes nor an address"
        )
    return StoredVideo(address, mime_type)


def _failure(error: object, upstream: str) -> Failure:
    if not isinstance(error, dict):
        raise OutcomeUnknown("the upstream answered with an error that is not an object")
    number = error.get("code")
    known = {code.value: code for code in Code}
    code = known.get(number, Code.UNKNOWN) if isinstance(number, int) else Code.UNKNOWN
    message = readable(error.get("message")) or "the upstream failed without a message"
    details = pack_details(error.get("details"))
    return Failure(code, "UPSTREAM_FAILED", message, {"upstream": upstream}, details)
