# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generations told in words of neither side, and each side's way to ask for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from google.genai import types
from hypothesis import strategies as some
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest

# Fields of the config that have the same name and the same values on both sides.
SAME = {
    "number_of_videos": some.integers(0, 2**31 - 1),
    "aspect_ratio": some.text(max_size=8),
    "duration_seconds": some.integers(-(2**31), 2**31 - 1),
    "resolution": some.text(max_size=8),
    "fps": some.integers(0, 2**31 - 1),
    "seed": some.integers(0, 2**32 - 1),
    "negative_prompt": some.text(max_size=20),
    "enhance_prompt": some.booleans(),
    "generate_audio": some.booleans(),
    "compression_quality": some.sampled_from(["OPTIMIZED", "LOSSLESS"]),
    "resize_mode": some.sampled_from(["CROP", "PAD"]),
    "labels": some.dictionaries(some.text(max_size=5), some.text(max_size=5), max_size=3),
    "output_gcs_uri": some.text(max_size=20),
    "pubsub_topic": some.text(max_size=20),
}
# Fields that only one side has, or that are not compared, and why.
ONLY_LONGTAKE = {
    "camera_control": some.sampled_from(GenerateVideosConfig.CameraControl.keys()[1:]),
    "compressed": some.booleans(),
    "generation_mode": some.sampled_from(["FAST", "QUALITY", "ECONOMY"]),
}
REFUSED_BY_LONGTAKE = {"safety_filter_level": "no video model has it"}
ONLY_SDK = {
    "http_options": "about the transport",
    "webhook_config": "refused by the SDK itself but for the Developer API",
}
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF1234WEBP", b"")


@dataclass(frozen=True, slots=True)
class Medium:
    """An image or a video: its bytes, or its address where those are None."""

    data: bytes | None
    uri: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Case:
    """A generation to ask for.

    Attributes:
        source: prompt, image and video, as far as given.
        config: The other fields by Longtake's names, and media in neutral form.
        spelling: How the SDK's user spells personGeneration, a plain string there.
        deprecated: Whether the SDK is called without its `source` argument.
    """

    source: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    spelling: str = "lower"
    deprecated: bool = False


def _media(*mime_types: str) -> some.SearchStrategy[Medium]:
    inline = some.builds(
        lambda start, rest, mime: Medium(start + rest, "", mime),
        some.sampled_from(_STARTS),
        some.binary(max_size=30),
        some.sampled_from(["", *mime_types]),
    )
    address = some.text(min_size=1, max_size=10).map("gs://b/{}".format)
    return inline | some.builds(Medium, some.none(), address, some.sampled_from(mime_types))


IMAGES = _media("image/png", "image/jpeg", "image/webp")
VIDEOS = _media("video/mp4", "video/mov")
_MASKS = some.tuples(IMAGES, some.sampled_from(Mask.MaskMode.keys()[1:]))
_REFERENCES = some.tuples(IMAGES, some.sampled_from(ReferenceImage.ReferenceType.keys()[1:]))
_CONFIG = {
    **SAME,
    **ONLY_LONGTAKE,
    "person_generation": some.sampled_from(GenerateVideosConfig.PersonGeneration.keys()[1:]),
    "last_frame": IMAGES,
    "mask": _MASKS,
    "reference_images": some.lists(_REFERENCES, max_size=3),
}
_SOURCE = some.fixed_dictionaries(
    {"prompt": some.text(max_size=30)}, optional={"image": IMAGES, "video": VIDEOS}
) | some.fixed_dictionaries({"image": IMAGES}, optional={"video": VIDEOS})
CASES = some.builds(
    Case,
    _SOURCE,
    some.fixed_dictionaries({}, optional=_CONFIG),
    some.sampled_from(["lower", "upper"]),
    some.booleans(),
)


def longtake_request(case: Case) -> GenerateVideosRequest:
    """Return the case as Longtake's request."""
    config = GenerateVideosConfig(**_longtake_config(case.config))
    request = GenerateVideosRequest(prompt=case.source.get("prompt", ""), config=config)
    if "image" in case.source:
        request.image.CopyFrom(_image(case.source["image"]))
    if video := case.source.get("video"):
        file = FileData(file_uri=video.uri, mime_type=video.mime_type)
        given = Video(file_data=file) if video.data is None else Video(data=video.data)
        given.mime_type = "" if video.data is None else video.mime_type
        request.video.CopyFrom(given)
    return request


def _longtake_config(config: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in config.items() if name not in ("mask", "last_frame")}
    if "compression_quality" in made:
        made.pop("compressed", None)
    if "last_frame" in config:
        made["last_frame"] = _image(config["last_frame"])
    if "mask" in config:
        medium, mode = config["mask"]
        made["mask"] = Mask(image=_image(medium), mask_mode=mode)
    if "reference_images" in config:
        made["reference_images"] = [
            ReferenceImage(image=_image(medium), reference_type=kind)
            for medium, kind in config["reference_images"]
        ]
    return made


def _image(medium: Medium) -> Image:
    if medium.data is not None:
        return Image(data=medium.data, mime_type=medium.mime_type)
    return Image(file_data=FileData(file_uri=medium.uri, mime_type=medium.mime_type))


def sdk_arguments(case: Case) -> dict[str, Any]:
    """Return the case as the arguments of the SDK's generate_videos, without its model."""
    source: dict[str, Any] = {
        name: value if name == "prompt" else _sdk_medium(name, value)
        for name, value in case.source.items()
    }
    config = types.GenerateVideosConfig(**_sdk_config(case))
    # An empty prompt alone is no source for the SDK's older arguments.
    if case.deprecated and any(source.values()):
        return {**source, "config": config}
    return {"source": types.GenerateVideosSource(**source), "config": config}


def _sdk_config(case: Case) -> dict[str, Any]:
    config = case.config
    made = {name: value for name, value in config.items() if name in SAME}
    if "person_generation" in config:
        made["person_generation"] = getattr(config["person_generation"], case.spelling)()
    if "last_frame" in config:
        made["last_frame"] = _sdk_medium("image", config["last_frame"])
    if "mask" in config:
        medium, mode = config["mask"]
        made["mask"] = {"image": _sdk_medium("image", medium), "mask_mode": mode}
    if "reference_images" in config:
        made["reference_images"] = [
            {"image": _sdk_medium("image", medium), "reference_type": kind}
            for medium, kind in config["reference_images"]
        ]
    return made


def _sdk_medium(kind: str, medium: Medium) -> types.Image | types.Video:
    if kind == "video":
        return types.Video(
            uri=medium.uri or None, video_bytes=medium.data, mime_type=medium.mime_type or None
        )
    return types.Image(
        gcs_uri=medium.uri or None, image_bytes=medium.data, mime_type=medium.mime_type or None
    )
