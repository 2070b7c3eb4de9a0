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
from longtake_server.upstream.json_media import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.upstream.intake import Document, InlineMedia

OPERATION_NAME = re.compile(
    r"(?P<resource>(?:projects/[\w.:~%-]+/locations/[\w-]+/)?"
    r"publishers/[\w-]+/models/[\w.@~%-]+)/operations/[\w.~%-]+",
    re.ASCII,
)
# The member that contains inline videos.
INLINE = "bytesBase64Encoded"
GCS_OBJECT = re.compile(r"gs://[^/]+/.+")
MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)
_REASONS_LIMIT = 64


@dataclass(frozen=True, slots=True)
class InlineVideo:
    """A video whose bytes were in the answer."""

    mime_type: str
    media: InlineMedia


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a finished generation: `Finished` before inline videos are kept."""

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


def decode_poll(document: Document, upstream: str) -> Running | Results | Broken:
    """Return the state of a generation.

    Args:
        document: The JSON of a google.longrunning.Operation.
        upstream: The upstream's name, for a failure's metadata.

    Raises:
        OutcomeUnknown: The answer cannot be understood.

    """
    tree = parse_object(document.text)
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
    results = _results(response or {}, document.media)
    if results.videos or results.filtered_count or results.filtered_reasons:
        return results
    message = "the upstream finished with neither a video nor an error"
    return Broken(Failure(Code.INTERNAL, "UPSTREAM_FAILED", message, {"upstream": upstream}))


def _results(response: dict[str, object], media: Mapping[str, InlineMedia]) -> Results:
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


def _video(video: object, media: Mapping[str, InlineMedia]) -> StoredVideo | InlineVideo:
    if not isinstance(video, dict):
        raise OutcomeUnknown("the upstream answered with a video that is not an object")
    mime_type = video.get("mimeType") or "video/mp4"
    if not isinstance(mime_type, str) or not MEDIA_TYPE.fullmatch(mime_type):
        raise OutcomeUnknown("the upstream answered with an invalid mimeType")
    if inline := delivered(video.get(INLINE), media):
        return InlineVideo(mime_type, inline)
    address = video.get("gcsUri")
    if not isinstance(address, str) or not GCS_OBJECT.fullmatch(address):
        raise OutcomeUnknown(
            "the upstream answered with a video that has neither bytes nor an address"
        )
    return StoredVideo(address, mime_type)


def delivered(number: object, media: Mapping[str, InlineMedia]) -> InlineMedia | None:
    """Return the medium in whose place a number is, or None if there is none or it is empty.

    Raises:
        OutcomeUnknown: It is not base64.

    """
    inline = media.get(number) if isinstance(number, str) else None
    if inline is None:
        return None
    if not inline.is_base64:
        raise OutcomeUnknown("the upstream answered with a video that is not base64")
    return inline if inline.size_bytes else None


def _failure(error: object, upstream: str) -> Failure:
    if not isinstance(error, dict):
        raise OutcomeUnknown("the upstream answered with an error that is not an object")
    number = error.get("code")
    known = {code.value: code for code in Code}
    code = known.get(number, Code.UNKNOWN) if isinstance(number, int) else Code.UNKNOWN
    message = readable(error.get("message")) or "the upstream failed without a message"
    details = pack_details(error.get("details"))
    return Failure(code, "UPSTREAM_FAILED", message, {"upstream": upstream}, details)
