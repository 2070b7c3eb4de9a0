# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers of fetchPredictOperation, and what each side makes of them, in one form."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fakes.inline import data_of, decoded
from google.protobuf import any_pb2, json_format
from hypothesis import strategies as some
from longtake_server.operations.upstream import Broken, Running
from longtake_server.upstream.answers import InlineVideo, Results

if TYPE_CHECKING:
    from google.genai import types

NAME = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-lite/operations/1f"
_TYPE = "type.googleapis.com/"


def _encoded(data: bytes, form: str) -> str:
    if form == "standard":
        return base64.b64encode(data).decode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_INLINE = some.builds(
    _encoded, some.binary(min_size=1, max_size=40), some.sampled_from(("standard", "url"))
)
_MIME = some.sampled_from(["video/mp4", "video/quicktime"])
_VIDEO = some.fixed_dictionaries(
    {"bytesBase64Encoded": _INLINE}, optional={"mimeType": _MIME}
) | some.fixed_dictionaries(
    {"gcsUri": some.integers(0, 9).map("gs://b/20261124/sample_{}.mp4".format)},
    optional={"mimeType": _MIME},
)
_RESPONSE = some.fixed_dictionaries(
    {"@type": some.just(f"{_TYPE}cloud.ai.large_models.vision.GenerateVideoResponse")},
    optional={
        "videos": some.lists(_VIDEO, max_size=4),
        "raiMediaFilteredCount": some.integers(0, 4),
        "raiMediaFilteredReasons": some.lists(
            some.sampled_from(["It was withheld. Support codes: 29310472", "Support codes: 1"]),
            max_size=2,
        ),
    },
)
_DETAIL = some.sampled_from(
    [
        {
            "@type": f"{_TYPE}google.rpc.ErrorInfo",
            "reason": "SAFETY",
            "domain": "aiplatform.googleapis.com",
            "metadata": {"service": "veo"},
        },
        {"@type": f"{_TYPE}google.rpc.RetryInfo", "retryDelay": "3.500s"},
        {
            "@type": f"{_TYPE}google.rpc.BadRequest",
            "fieldViolations": [{"field": "prompt", "description": "unsafe"}],
        },
        {"@type": f"{_TYPE}cloud.ai.Internal", "trace": 7},
    ]
)
_MESSAGE = some.sampled_from(
    [
        "",
        "Video generation failed.",
        "Veo could not generate videos. Support codes: 58061214",
        "of two\nlines",
        "the token ya29.abc was refused",
        "x" * 999 + "y",
        "x" * 500 + "y" * 501,
    ]
)
_ERROR = some.fixed_dictionaries(
    {"message": _MESSAGE},
    optional={
        "code": some.integers(0, 17) | some.just(99),
        "details": some.lists(_DETAIL, max_size=2),
    },
)
_METADATA = some.just({"@type": f"{_TYPE}google.cloud.aiplatform.PredictLongRunningMetadata"})
_COMMON = {"metadata": _METADATA}
_NAMED = {"name": some.just(NAME)}
_DONE = {**_NAMED, "done": some.just(True)}
ANSWERS = (
    some.fixed_dictionaries(_NAMED, optional={"done": some.just(False), **_COMMON})
    | some.fixed_dictionaries(_DONE, optional=_COMMON)
    | some.fixed_dictionaries({**_DONE, "response": _RESPONSE}, optional=_COMMON)
    | some.fixed_dictionaries({**_DONE, "error": _ERROR}, optional=_COMMON)
)


def sdk_reads(operation: types.GenerateVideosOperation) -> dict[str, Any]:
    """Return what the SDK's user is told by an operation."""
    told: dict[str, Any] = {"metadata": operation.metadata} if operation.metadata else {}
    if not operation.done:
        return {**told, "running": True}
    if operation.error:
        error = {"code": None, "details": [], **operation.error}
        return {**told, "error": error}
    response = operation.response
    videos = (response.generated_videos if response else None) or []
    return {
        **told,
        "videos": [_sdk_video(one.video) for one in videos],
        "count": response.rai_media_filtered_count if response else None,
        "reasons": response.rai_media_filtered_reasons if response else None,
    }


def _sdk_video(video: types.Video | None) -> dict[str, Any]:
    assert video is not None
    data = video.video_bytes
    return {"hex": data and data.hex(), "uri": video.uri, "mime_type": video.mime_type}


def longtake_reads(body: bytes) -> dict[str, Any]:
    """Return what Longtake reads out of the same answer."""
    result = decoded(body, "google")
    if isinstance(result, Running):
        return {"running": True}
    if isinstance(result, Broken):
        failure = result.failure
        details = [_unpacked(one) for one in failure.details]
        code = failure.code.value
        return {"error": {"code": code, "message": failure.message, "details": details}}
    return _longtake_results(result)


def _longtake_results(results: Results) -> dict[str, Any]:
    videos = [
        {
            "hex": data_of(one.media).hex() if isinstance(one, InlineVideo) else None,
            "uri": None if isinstance(one, InlineVideo) else one.location,
            "mime_type": one.mime_type,
        }
        for one in results.videos
    ]
    reasons = list(results.filtered_reasons)
    return {"videos": videos, "count": results.filtered_count, "reasons": reasons}


def _unpacked(detail: bytes) -> Any:
    return json_format.MessageToDict(any_pb2.Any.FromString(detail))
