# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes a request as the JSON of an interaction with an Omni model. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.requests.media_types import type_sent
from longtake_server.upstream.interactions_check import task_of
from longtake_server.upstream.request_body import Base64, json_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.v1.media_pb2 import Image, Video
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.operations.upstream import Earlier
    from longtake_server.upstream.interactions_check import Host
    from longtake_server.upstream.request_body import RequestBody

_FRAME_TAGS = "<FIRST_FRAME> <LAST_FRAME>"
# The API's names for media types, where they differ from the canonical names.
_NAMES = {"video/flv": "video/x-flv"}


def encode_submission(
    model: str, request: GenerateVideosRequest, host: Host, earlier: Earlier | None = None
) -> RequestBody:
    """Return the body that creates an interaction in the background.

    The Agent Platform refuses `previous_interaction_id`, so an earlier video that has an
    address is sent by it. The Developer API is asked to store the video as a file, as it
    recommends for more than 4 MB, which most videos exceed.

    Args:
        model: The model's id.
        request: A request for which `check` returns no violation.
        host: The host that is called.
        earlier: The operation that `request.previous_operation` names.

    """
    contents = [*_earlier_videos(earlier, host), *_media(request)]
    prompt = _prompt(request)
    body: dict[str, object] = {"model": model, "input": prompt, "background": True, "store": True}
    if contents:
        text = [{"type": "text", "text": prompt}] if prompt else []
        body["input"] = [{"type": "user_input", "content": [*contents, *text]}]
    if earlier is not None and not _earlier_videos(earlier, host):
        body["previous_interaction_id"] = earlier.upstream_operation
    body["response_format"] = _response_format(request, host)
    body["generation_config"] = _generation_config(request)
    if request.config.labels:
        body["labels"] = dict(request.config.labels)
    return json_body(body)


def _prompt(request: GenerateVideosRequest) -> str:
    """Return the prompt, with tags for the role of the images: there is no field for it."""
    if not request.config.HasField("last_frame") or "<LAST_FRAME>" in request.prompt:
        return request.prompt
    return f"{_FRAME_TAGS} {request.prompt}".strip()


def _earlier_videos(earlier: Earlier | None, host: Host) -> list[dict[str, str]]:
    if earlier is None or host == "developer":
        return []
    return [
        {"type": "video", "uri": video.location, "mime_type": video.mime_type}
        for video in earlier.videos
        if video.in_callers_bucket
    ]


def _media(request: GenerateVideosRequest) -> Iterator[dict[str, object]]:
    config = request.config
    if request.HasField("video"):
        yield _content("video", request.video)
    images = [request.image] if request.HasField("image") else []
    images += [config.last_frame] if config.HasField("last_frame") else []
    images += [reference.image for reference in config.reference_images]
    for image in images:
        yield _content("image", image)


def _content(kind: str, source: Image | Video) -> dict[str, object]:
    # It reads the data, of which each reading is a copy.
    mime_type = type_sent(source)
    content: dict[str, object]
    if source.HasField("file_data"):
        content = {"type": kind, "uri": source.file_data.file_uri}
    else:
        content = {"type": kind, "data": Base64(source.data)}
    return {**content, "mime_type": _NAMES.get(mime_type, mime_type)} if mime_type else content


def _response_format(request: GenerateVideosRequest, host: Host) -> dict[str, object]:
    config = request.config
    form: dict[str, object] = {"type": "video"}
    if config.HasField("aspect_ratio"):
        form["aspect_ratio"] = config.aspect_ratio
    if config.HasField("duration_seconds"):
        form["duration"] = f"{config.duration_seconds}s"
    if config.HasField("resolution"):
        form["resolution"] = config.resolution
    if config.HasField("output_gcs_uri"):
        form |= {"delivery": "uri", "gcs_uri": config.output_gcs_uri}
    else:
        form["delivery"] = "uri" if host == "developer" else "inline"
    return form


def _generation_config(request: GenerateVideosRequest) -> dict[str, object]:
    generation: dict[str, object] = {"video_config": {"task": task_of(request).value}}
    if request.config.HasField("seed"):
        generation["seed"] = request.config.seed
    return generation
