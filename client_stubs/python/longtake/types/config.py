# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How a video shall be generated, as a class and as a dict."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypedDict, cast

from longtake.types import enums
from longtake.types.media import Image, Mask, ReferenceImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

_INT32 = range(-(1 << 31), 1 << 31)
_INTEGERS = {
    "number_of_videos": _INT32,
    "duration": _INT32,
    "duration_seconds": _INT32,
    "fps": _INT32,
    "seed": range(1 << 32),
}
_CHOICES = {
    "person_generation": enums.PersonGeneration,
    "safety_filter_level": enums.SafetyFilterLevel,
    "compression_quality": enums.CompressionQuality,
    "generation_mode": enums.GenerationMode,
    "camera_control": enums.CameraControl,
    "resize_mode": enums.ResizeMode,
}
_KINDS: dict[str, tuple[type, str]] = {
    "aspect_ratio": (str, "a string such as '16:9'"),
    "resolution": (str, "a string such as '720p'"),
    "negative_prompt": (str, "a string"),
    "enhance_prompt": (bool, "True or False"),
    "generate_audio": (bool, "True or False"),
    "compressed": (bool, "True or False"),
    "last_frame": (Image, "an Image"),
    "mask": (Mask, "a Mask"),
    "output_gcs_uri": (str, "a string such as 'gs://bucket/prefix'"),
    "pubsub_topic": (str, "a string such as 'projects/p/topics/t'"),
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
    last_frame: Image
    reference_images: Sequence[ReferenceImage]
    mask: Mask
    camera_control: enums.CameraControl | str
    resize_mode: enums.ResizeMode | str
    labels: Mapping[str, str]
    output_gcs_uri: str
    pubsub_topic: str


@dataclass(frozen=True, kw_only=True)
class GenerateVideosConfig:
    """How a video shall be generated. None leaves a field to the model's default.

    Which values a model takes is told by `client.models.get`; the server refuses the others.

    Attributes:
        aspect_ratio: Width to height, for example '16:9'.
        duration: The length of each video in seconds.
        duration_seconds: The same by its other name. Either may be given; both read alike.
        negative_prompt: What shall not appear.
        safety_filter_level: How strictly unsafe content is withheld.
        person_generation: Whether people may appear.
        compressed: True asks for small files, False for lossless ones.
        generation_mode: Which sibling of the model serves the request.
        number_of_videos: How many videos, 1 or more.
        resolution: The height class: '360p', '720p', '1080p' or '4k'.
        fps: Frames per second.
        seed: From 0 to 4294967295, for results that repeat.
        enhance_prompt: Whether the prompt may be rewritten.
        generate_audio: Whether the video has sound.
        compression_quality: How the result is compressed. Excludes `compressed`.
        last_frame: The picture that the video ends with. Needs `image`.
        reference_images: Up to 3 assets, or 1 style.
        mask: The part of `video` that an edit changes.
        camera_control: A movement of the camera. Needs `image`.
        resize_mode: How `image` is fitted to the aspect ratio.
        labels: Labels for the bill.
        output_gcs_uri: A bucket and prefix that the upstream writes the results to.
        pubsub_topic: A topic that the upstream tells of progress.

    Raises:
        ValueError: A field has the wrong type, or a value that the contract does not have.

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
    labels: Mapping[str, str] | None = None
    output_gcs_uri: str | None = None
    pubsub_topic: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, _accepted(field.name, value))
        if None not in (self.duration, self.duration_seconds) and (
            self.duration != self.duration_seconds
        ):
            raise ValueError(
                f"config.duration: {self.duration} differs from config.duration_seconds, "
                f"{self.duration_seconds}; they are one setting, so give one of them"
            )
        length = self.duration if self.duration is not None else self.duration_seconds
        object.__setattr__(self, "duration", length)
        object.__setattr__(self, "duration_seconds", length)

    @classmethod
    def of(cls, config: GenerateVideosConfig | GenerateVideosConfigDict | None) -> Self:
        """Return the config of the class, the dict or nothing at all.

        Raises:
            ValueError: A key of the dict is unknown, or a value is wrong.

        """
        if isinstance(config, cls):
            return config
        if not isinstance(config, dict | None):
            raise ValueError(  # noqa: TRY004 - one error class for bad fields
                f"config: {type(config).__name__} is not accepted; "
                "it is a GenerateVideosConfig or a dict"
            )
        given: dict[str, Any] = {**cast("Mapping[str, Any]", config or {})}
        names = [field.name for field in fields(cls)]
        for key in given:
            if key not in names:
                near = get_close_matches(key, names, 1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise ValueError(
                    f"config.{key}: there is no such field; {hint}accepted are {', '.join(names)}"
                )
        return cls(**given)


def _accepted(name: str, value: object) -> object:
    field = f"config.{name}"
    if name in _CHOICES:
        return enums.choice_of(_CHOICES[name], value, field)
    if name in _INTEGERS:
        return _integer(value, _INTEGERS[name], field)
    if name == "labels":
        return _labels(value, field)
    if name == "reference_images":
        return _reference_images(value, field)
    kind, accepted = _KINDS[name]
    if not isinstance(value, kind):
        raise ValueError(f"{field}: {value!r} is not accepted; it is {accepted}")  # noqa: TRY004 - one error class for bad fields
    return value


def _integer(value: object, accepted: range, field: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in accepted:
        return value
    raise ValueError(
        f"{field}: {value!r} is not accepted; it is a whole number "
        f"from {accepted[0]} to {accepted[-1]}"
    )


def _labels(value: object, field: str) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(t, str) for kv in value.items() for t in kv):
        return dict(value)
    raise ValueError(f"{field}: {value!r} is not accepted; it maps strings to strings")


def _reference_images(value: object, field: str) -> tuple[ReferenceImage, ...]:
    if isinstance(value, list | tuple) and all(isinstance(one, ReferenceImage) for one in value):
        return tuple(value)
    raise ValueError(f"{field}: it is a list of ReferenceImage")
