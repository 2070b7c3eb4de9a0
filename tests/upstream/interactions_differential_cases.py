# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Wishes for a video of an Omni model in words of neither side, and each side's way to say them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.genai import interactions as sdk
from hypothesis import strategies as some
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Earlier
from upstream.differential_cases import Medium

if TYPE_CHECKING:
    from longtake_server.upstream.interactions_check import Host

MODEL = "gemini-omni-1.2-flash"
STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
STARTS["image/webp"] = b"RIFF1234WEBP"
# What the contract has, interactions take and the SDK has no field for: it is not sent.
ONLY_LONGTAKE = {
    "number_of_videos": some.just(1),
    "fps": some.just(24),
    "generate_audio": some.just(True),
    "generation_mode": some.sampled_from(["FAST", "QUALITY", "ECONOMY"]),
}
# The shape of the video, and the tasks that take which part of it.
SHAPES = {
    "aspect_ratio": some.sampled_from(["16:9", "9:16"]) | some.text(max_size=8),
    "duration_seconds": some.integers(-(2**31), 2**31 - 1),
    "resolution": some.sampled_from(["360p", "720p", "1080p", "4k"]) | some.text(max_size=8),
}
_SHAPES_OF = {"edit": ["resolution"], "extend": ["duration_seconds"]}
_PROMPT = some.text(max_size=30) | some.sampled_from(
    ["", "a wave", "from <FIRST_FRAME> to <LAST_FRAME>", "<FIRST_FRAME> stays"]
)


@dataclass(frozen=True, slots=True)
class Case:
    """A video to ask for, of sources that the contract allows together.

    Attributes:
        host: Who is asked.
        task: What is asked for, in the wire's word.
        prompt: The prompt; None is none given.
        media: image, last_frame, video, and references, a list.
        earlier: What the operation brought that this one edits.
        shape: Aspect ratio, duration and resolution, by Longtake's names.
        bucket: Where the upstream shall write, None for nowhere.
        seed: The seed; None is none given.
        labels: The labels; None is none given.
        only_longtake: Fields of ONLY_LONGTAKE.
        spelling: What the SDK's user makes contents of: `dicts`, `models` or `step`;
            `text` is a prompt alone as a string.
        names_task: Whether the SDK's user says which task it is.
    """

    host: Host
    task: str
    prompt: str | None
    media: dict[str, Any] = field(default_factory=dict)
    earlier: tuple[StoredVideo, ...] = ()
    shape: dict[str, Any] = field(default_factory=dict)
    bucket: str | None = None
    seed: int | None = None
    labels: dict[str, str] | None = None
    only_longtake: dict[str, Any] = field(default_factory=dict)
    spelling: str = "dicts"
    names_task: bool = False


EARLIER_ID = "v1_Chd0ZXN0LWVhcmxpZXI="
_FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc-{}"
_EARLIER_TYPE = some.sampled_from(["video/mp4", "video/quicktime"])
_EARLIER = some.lists(
    some.builds(
        StoredVideo,
        some.sampled_from(["operations/0192/0", "gs://b/e 1.mp4", _FILE.format(1)]),
        _EARLIER_TYPE,
    ),
    min_size=1,
    max_size=2,
).map(tuple)


def _files(host: Host, *mime_types: str) -> some.SearchStrategy[Medium]:
    form = "gs://b/in {}.ü" if host == "agent_platform" else _FILE
    uri = some.integers(0, 99).map(form.format)
    return some.builds(Medium, some.none(), uri, some.sampled_from(["", *mime_types]))


def _image_bytes(mime_type: str, rest: bytes, said: bool) -> Medium:
    return Medium(STARTS[mime_type] + rest, "", mime_type if said else "")


def _sources(host: Host) -> some.SearchStrategy[dict[str, Any]]:
    inline = some.builds(
        _image_bytes, some.sampled_from(list(STARTS)), some.binary(max_size=30), some.booleans()
    )
    image = inline | _files(host, *STARTS)
    types = ["video/mp4", "video/mov", "video/webm"]
    video = some.builds(
        Medium, some.binary(min_size=1, max_size=30), some.just(""), some.sampled_from(["", *types])
    ) | _files(host, *types)
    prompted = _PROMPT.filter(str.strip)
    optional = some.none() | _PROMPT
    return some.one_of(
        _source("text_to_video", prompted),
        _source("image_to_video", optional, {"image": image}, last_frame=image),
        _source(
            "reference_to_video",
            prompted,
            {"references": some.lists(image, min_size=1, max_size=3)},
        ),
        _source("extend", optional, {"video": video}),
        _source("edit", prompted, earlier=_EARLIER),
    )


def _source(
    task: str,
    prompt: some.SearchStrategy[Any],
    media: dict[str, some.SearchStrategy[Any]] | None = None,
    earlier: some.SearchStrategy[Any] | None = None,
    **optional: some.SearchStrategy[Any],
) -> some.SearchStrategy[dict[str, Any]]:
    taken = {name: SHAPES[name] for name in _SHAPES_OF.get(task, SHAPES)}
    return some.fixed_dictionaries(
        {
            "task": some.just(task),
            "prompt": prompt,
            "media": some.fixed_dictionaries(media or {}, optional=optional),
            "earlier": some.just(()) if earlier is None else earlier,
            "shape": some.fixed_dictionaries({}, optional=taken),
        }
    )


def cases(host: Host) -> some.SearchStrategy[Case]:
    """Return the cases that a host takes."""
    buckets = some.text(max_size=20).map("gs://b/{}".format)
    return some.builds(
        lambda source, **rest: Case(host, **source, **rest),
        _sources(host),
        bucket=some.none() | buckets if host == "agent_platform" else some.none(),
        seed=some.none() | some.integers(0, 2**32 - 1),
        labels=some.none() | some.dictionaries(some.text(), some.text(max_size=5), max_size=3),
        only_longtake=some.fixed_dictionaries({}, optional=ONLY_LONGTAKE),
        spelling=some.sampled_from(["text", "dicts", "models", "step"]),
        names_task=some.booleans(),
    )


def longtake_request(case: Case) -> GenerateVideosRequest:
    """Return the case as Longtake's request."""
    config = GenerateVideosConfig(**case.shape, **case.only_longtake, labels=case.labels or {})
    if case.bucket is not None:
        config.output_gcs_uri = case.bucket
    if case.seed is not None:
        config.seed = case.seed
    for one in case.media.get("references", []):
        asset = ReferenceImage(image=_ours(Image, one), reference_type=ReferenceImage.ASSET)
        config.reference_images.append(asset)
    if "last_frame" in case.media:
        config.last_frame.CopyFrom(_ours(Image, case.media["last_frame"]))
    request = GenerateVideosRequest(prompt=case.prompt or "", config=config)
    if "image" in case.media:
        request.image.CopyFrom(_ours(Image, case.media["image"]))
    if "video" in case.media:
        request.video.CopyFrom(_ours(Video, case.media["video"]))
    if case.earlier:
        request.previous_operation = "operations/0192"
    return request


def longtake_earlier(case: Case) -> Earlier | None:
    """Return what Longtake knows of the earlier operation."""
    return Earlier(EARLIER_ID, case.earlier) if case.earlier else None


def _ours(kind: Any, medium: Medium) -> Any:
    if medium.data is None:
        return kind(file_data=FileData(file_uri=medium.uri, mime_type=medium.mime_type))
    return kind(data=medium.data, mime_type=medium.mime_type)


def sdk_arguments(case: Case) -> dict[str, Any]:
    """Return the case as the arguments of the SDK's interactions.create."""
    made: dict[str, Any] = {"model": MODEL, "input": _sdk_input(case), "background": True}
    if form := _sdk_form(case):
        made["response_format"] = {"type": "video", **form}
    generation: dict[str, Any] = {} if case.seed is None else {"seed": case.seed}
    if case.names_task:
        generation["video_config"] = {"task": case.task}
    if generation:
        made["generation_config"] = generation
    if case.labels is not None:
        made["labels"] = case.labels
    if case.earlier:
        made["previous_interaction_id"] = EARLIER_ID
    return made


def _sdk_form(case: Case) -> dict[str, Any]:
    form = {name: value for name, value in case.shape.items() if name != "duration_seconds"}
    if "duration_seconds" in case.shape:
        form["duration"] = f"{case.shape['duration_seconds']}s"
    if case.bucket is not None:
        form |= {"delivery": "uri", "gcs_uri": case.bucket}
    return form


def _sdk_input(case: Case) -> Any:
    media = case.media
    videos = [_theirs("video", media["video"])] if "video" in media else []
    frames = [media[name] for name in ("image", "last_frame") if name in media]
    images = [_theirs("image", one) for one in [*frames, *media.get("references", [])]]
    text = [] if case.prompt is None else [{"type": "text", "text": case.prompt}]
    if case.spelling == "text" and not media:
        return case.prompt
    contents = [*videos, *images, *text]
    if case.spelling == "models":
        kinds = {"video": sdk.VideoContent, "image": sdk.ImageContent, "text": sdk.TextContent}
        return [kinds[one["type"]](**one) for one in contents]
    return [{"type": "user_input", "content": contents}] if case.spelling == "step" else contents


def _theirs(kind: str, medium: Medium) -> dict[str, Any]:
    mime_type = {"mime_type": medium.mime_type} if medium.mime_type else {}
    if medium.data is None:
        return {"type": kind, "uri": medium.uri, **mime_type}
    # Of a stream, the SDK makes the base64 by itself.
    return {"type": kind, "data": io.BytesIO(medium.data), **mime_type}
