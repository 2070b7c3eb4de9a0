# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How a video is generated: the config of a request, as a class and as a dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, Self, TypeVar

from typing_extensions import TypedDict

from longtake._fields import (
    INT32,
    dataclass_of,
    known_keys,
    refusal,
    text,
    texts,
    truth_value,
    unexpected_keyword,
    whole_number,
)
from longtake._wording import shortened
from longtake.types import enums
from longtake.types.guides import Mask, MaskDict, ReferenceImage, ReferenceImageDict
from longtake.types.http_options import HttpOptions, HttpOptionsDict
from longtake.types.media import Image, ImageDict

Class = TypeVar("Class", bound=type)

_MODEL_TAKES = "`client.models.get` says what a model takes"
_WHOLE_NUMBERS = {
    "number_of_videos": (INT32, f"a whole number, such as 2; {_MODEL_TAKES}"),
    "duration": (INT32, f"a whole number of seconds, such as 8; {_MODEL_TAKES}"),
    "duration_seconds": (INT32, f"a whole number of seconds, such as 8; {_MODEL_TAKES}"),
    "fps": (INT32, f"a whole number, such as 24; {_MODEL_TAKES}"),
    "seed": (range(1 << 32), "a whole number from 0 to 4294967295"),
}
_CHOICES = {
    "person_generation": enums.PersonGeneration,
    "safety_filter_level": enums.SafetyFilterLevel,
    "compression_quality": enums.CompressionQuality,
    "generation_mode": enums.GenerationMode,
    "camera_control": enums.CameraControl,
    "resize_mode": enums.ResizeMode,
}
_TEXTS = {
    "aspect_ratio": "a string such as '16:9'",
    "resolution": "a string such as '720p'",
    "negative_prompt": "a string",
    "output_gcs_uri": "a string such as 'gs://bucket/prefix'",
    "pubsub_topic": "a string such as 'projects/p/topics/t'",
}


class GenerateVideosConfigDict(TypedDict, total=False):
    """`GenerateVideosConfig` as a dict."""

    aspect_ratio: str
    duration: int
    duration_seconds: int
    negative_prompt: str
    safety_filter_level: enums.SafetyFilterLevel | str
    person_generation: enums.PersonGeneration | str
    compressed: bool
    generation_mode: enums.GenerationMode | str
    number_of_videos: int
    resolution: str
    fps: int
    seed: int
    enhance_prompt: bool
    generate_audio: bool
    compression_quality: enums.CompressionQuality | str
    last_frame: Image | ImageDict
    reference_images: Sequence[ReferenceImage | ReferenceImageDict]
    mask: Mask | MaskDict
    camera_control: enums.CameraControl | str
    resize_mode: enums.ResizeMode | str
    labels: Mapping[str, str]
    output_gcs_uri: str
    pubsub_topic: str
    http_options: HttpOptions | HttpOptionsDict


def _suggesting_names(kind: Class) -> Class:
    """Make a dataclass answer a misspelt keyword argument with the nearest name."""
    construct: Callable[..., None] = vars(kind)["__init__"]
    names = [field.name for field in fields(kind)]

    @wraps(construct)
    def init(self: object, *positional: object, **given: object) -> None:
        for name in given:
            if name not in names:
                raise unexpected_keyword(kind.__name__, name, names)
        construct(self, *positional, **given)

    type.__setattr__(kind, "__init__", init)
    return kind


@_suggesting_names
@dataclass(frozen=True, kw_only=True, repr=False)
class GenerateVideosConfig:
    """How a video is generated. None leaves a setting to the default of the model.

    `client.models.get` says what a model takes; the server refuses everything else.
    Whole numbers may be of any type that has `__index__`, such as NumPy's integers.

    Attributes:
        aspect_ratio: Width to height, for example '16:9'.
        duration: The length of each video in seconds.
        duration_seconds: The same as `duration`. Give either; both return the value.
        negative_prompt: What the video must not show.
        safety_filter_level: How strictly unsafe content is withheld.
        person_generation: Whether people may appear.
        compressed: True for small files, False for lossless ones.
        generation_mode: Which variant of the model serves the request.
        number_of_videos: The number of videos, 1 or more.
        resolution: The height of the picture: '360p', '720p', '1080p' or '4k'.
        fps: Frames per second.
        seed: From 0 to 4294967295. The same seed makes results similar.
        enhance_prompt: Whether the model may rewrite the prompt.
        generate_audio: Whether the video has sound.
        compression_quality: How the result is compressed. Excludes `compressed`.
        last_frame: The picture that the video ends with. Needs `image`.
        reference_images: Up to 3 assets, or 1 style.
        mask: The part of `video` that an edit changes.
        camera_control: A movement of the camera. Needs `image`.
        resize_mode: How `image` is fitted to the aspect ratio.
        labels: Labels on the bill.
        output_gcs_uri: The bucket and prefix that the upstream writes the results to.
        pubsub_topic: The topic that the upstream reports progress to.
        http_options: The headers and the deadline of the call that starts the generation.

    Raises:
        TypeError: There is no such field; the message has the nearest one.
        ValueError: A field has a value of the wrong type, or one that the contract cannot
            express; the message names the field.

    """

    aspect_ratio: str | None = None
    duration: int | None = None
    duration_seconds: int | None = None
    negative_prompt: str | None = None
    safety_filter_level: enums.SafetyFilterLevel | str | None = None
    person_generation: enums.PersonGeneration | str | None = None
    compressed: bool | None = None
    generation_mode: enums.GenerationMode | str | None = None
    number_of_videos: int | None = None
    resolution: str | None = None
    fps: int | None = None
    seed: int | None = None
    enhance_prompt: bool | None = None
    generate_audio: bool | None = None
    compression_quality: enums.CompressionQuality | str | None = None
    last_frame: Image | None = None
    reference_images: Sequence[ReferenceImage] | None = None
    mask: Mask | None = None
    camera_control: enums.CameraControl | str | None = None
    resize_mode: enums.ResizeMode | str | None = None
    labels: Mapping[str, str] | None = field(default=None, hash=False)
    output_gcs_uri: str | None = None
    pubsub_topic: str | None = None
    http_options: HttpOptions | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None:
                object.__setattr__(self, one.name, _accepted(one.name, value))
        if None not in (self.duration, self.duration_seconds) and (
            self.duration != self.duration_seconds
        ):
            raise ValueError(
                f"config.duration: {self.duration} differs from config.duration_seconds, "
                f"{self.duration_seconds}; they are the same setting, so give only one of them"
            )
        length = self.duration if self.duration is not None else self.duration_seconds
        object.__setattr__(self, "duration", length)
        object.__setattr__(self, "duration_seconds", length)

    def __repr__(self) -> str:
        given = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name != "duration_seconds" and getattr(self, one.name) is not None
        }
        shown = ", ".join(f"{name}={_shown(name, value)}" for name, value in given.items())
        return f"GenerateVideosConfig({shown})"

    @classmethod
    def of(cls, config: GenerateVideosConfig | GenerateVideosConfigDict | None) -> Self:
        """Return a config as an object. None is an empty one.

        Raises:
            ValueError: A key of the dict is unknown, or a value is wrong.

        """
        if isinstance(config, cls):
            return config
        given: object = {} if config is None else config
        if not isinstance(given, Mapping):
            raise refusal(given, "config", "a GenerateVideosConfig or a dict")
        names = [one.name for one in fields(cls)]
        return cls(**known_keys(given, names, "config"))


def _accepted(name: str, value: object) -> object:
    path = f"config.{name}"
    if name in _CHOICES:
        return enums.choice_of(_CHOICES[name], value, path)
    if name in _WHOLE_NUMBERS:
        allowed, accepted = _WHOLE_NUMBERS[name]
        return whole_number(value, path, accepted, allowed)
    if name in _TEXTS:
        return text(value, path, _TEXTS[name])
    match name:
        case "labels":
            return texts(value, path)
        case "reference_images":
            return _reference_images(value, path)
        case "last_frame":
            return Image.of(value, path)
        case "mask":
            return dataclass_of(Mask, value, path, "a Mask")
        case "http_options":
            return dataclass_of(HttpOptions, value, path, "HttpOptions or a dict")
    return truth_value(value, path)


def _reference_images(value: object, path: str) -> tuple[ReferenceImage, ...]:
    accepted = "a list of ReferenceImage"
    if not isinstance(value, list | tuple):
        raise refusal(value, path, accepted)
    if not all(isinstance(one, ReferenceImage | Mapping) for one in value):
        raise refusal(value, path, accepted)
    return tuple(
        dataclass_of(ReferenceImage, one, f"{path}[{index}]", "a ReferenceImage")
        for index, one in enumerate(value)
    )


def _shown(name: str, value: Any) -> str:
    """Return the value of a field for `repr`: of texts and labels, only their size."""
    if name == "negative_prompt":
        return f"<{len(value)} characters>"
    if name in {"labels", "reference_images"}:
        return f"<{len(value)}>"
    return shortened(value) if isinstance(value, str) and name in _TEXTS else repr(value)
