# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the body of predictLongRunning against the model and reports every fault at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from veo_simulator import directives, inputs
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.fields import Fields
from veo_simulator.models import DEFAULT_SECONDS, FRAMES_PER_SECOND, MODELS, REFERENCE_SECONDS

if TYPE_CHECKING:
    from veo_simulator.inputs import Media
    from veo_simulator.models import ModelRules

# Pub/Sub's rule for the name of a topic.
_TOPIC = re.compile(r"projects/[^/\s]+/topics/(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
_PEOPLE = ("allow_adult", "dont_allow", "disallow", "allow_all", "allowall")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
_VIDEO_TYPES = (
    *("video/mp4", "video/mov", "video/mpeg", "video/mpg", "video/avi", "video/wmv"),
    *("video/mpegps", "video/flv"),
)
_MASKS = ("insert", "remove", "remove_static", "outpaint")
_CAMERA = (
    *("fixed", "pan_left", "pan_right", "tilt_up", "tilt_down", "truck_left", "truck_right"),
    *("pedestal_up", "pedestal_down", "push_in", "pull_out"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checked request. The attributes are Google's fields of the same names."""

    model: str
    directives: directives.Directives
    samples: int
    seconds: int
    resolution: str
    aspect_ratio: str
    fps: int
    seed: int | None
    audio: bool
    lossless: bool
    resize_mode: str
    negative_prompt: str
    camera: str
    storage: tuple[str, str] | None
    image: Media | None
    last_frame: Media | None
    video: Media | None
    mask: Media | None
    references: tuple[Media, ...]


def read_order(model: str, body: object) -> Order:
    """Return the order in a body. Decodes base64: call it off the event loop.

    Raises:
        GoogleError: The model is unknown, or fields are wrong.

    """
    rules = MODELS.get(model)
    if rules is None:
        raise GoogleError(
            "NOT_FOUND", f"Publisher Model publishers/google/models/{model} not found"
        )
    violations: list[Violation] = []
    top = Fields(body, "", violations)
    instances = top.objects("instances")
    if len(instances) != 1:
        top.wrong("instances", "exactly one is required")
    parameters = top.object("parameters") or Fields({}, "parameters", violations)
    top.labels("labels")
    top.finish()
    instance = instances[0] if instances else Fields({}, "instances[0]", violations)
    reader = _Reader(rules, instance, parameters)
    values = reader.values()
    if violations:
        raise invalid(*violations)
    chosen = directives.parse(reader.prompt)
    return Order(model=model, directives=chosen, **values)


class _Reader:
    """Reads the instance and the parameters of a request."""

    def __init__(self, rules: ModelRules, instance: Fields, parameters: Fields) -> None:
        self._rules = rules
        self._instance = instance
        self._parameters = parameters
        self.prompt = ""

    def values(self) -> dict[str, Any]:
        media = self._media()
        values = {**self._settings(media), **media}
        self._instance.finish()
        self._parameters.finish()
        return values

    def _media(self) -> dict[str, Any]:
        given = self._instance
        self.prompt = given.text("prompt") or ""
        media = {
            "image": _media(given.object("image"), "image"),
            "last_frame": _media(given.object("lastFrame"), "lastFrame"),
            "video": _media(given.object("video"), "video"),
            "mask": self._mask(given.object("mask")),
            "references": self._references(given.objects("referenceImages")),
            "camera": given.choice("cameraControl", _CAMERA) or "",
        }
        self._check_combination(media)
        self._check_model(media)
        return media

    def _mask(self, mask: Fields | None) -> Media | None:
        if mask is not None and mask.choice("maskMode", _MASKS) is None:
            mask.wrong("maskMode", f"it is required; accepted are {', '.join(_MASKS)}")
        return _media(mask, "mask")

    def _references(self, references: list[Fields]) -> tuple[Media, ...]:
        kinds = [one.choice("referenceType", ("asset", "style")) for one in references]
        for index, one in enumerate(references):
            if kinds[index] is None:
                one.wrong("referenceType", "it is required; accepted are asset, style")
        for kind, most in (("asset", self._rules.assets), ("style", self._rules.styles)):
            if kinds.count(kind) > most:
                said = f"at most {most} of type {kind}" if most else f"this model takes no {kind}"
                self._instance.wrong("referenceImages", said)
        media = []
        for index, one in enumerate(references):
            media.append(_media(one.object("image"), f"referenceImages[{index}]"))
            if media[-1] is None:
                one.wrong("image", "it is required")
            one.finish()
        return tuple(one for one in media if one is not None)

    def _check_combination(self, media: dict[str, Any]) -> None:
        wrong = self._instance.wrong
        if not (self.prompt or media["image"] or media["video"]):
            wrong("prompt", "one of prompt, image and video is required")
        if media["video"] and media["image"]:
            wrong("video", "it excludes image")
        if media["references"]:
            for other in ("image", "video", "last_frame"):
                if media[other]:
                    wrong("referenceImages", f"they exclude {media[other].role}")
            if not self.prompt:
                wrong("prompt", "it is required with referenceImages")
        if media["mask"] and not media["video"]:
            wrong("mask", "it needs video")
        for name, field in (("last_frame", "lastFrame"), ("camera", "cameraControl")):
            if media[name] and not media["image"]:
                wrong(field, "it needs image")

    def _check_model(self, media: dict[str, Any]) -> None:
        rules = self._rules
        extension = media["video"] and not media["mask"]
        unfit = {
            "lastFrame": media["last_frame"] and not rules.last_frame,
            "video": extension and not rules.extends,
            "mask": media["mask"] and not rules.edits,
            "cameraControl": media["camera"] and not rules.moves_camera,
        }
        for field, refused in unfit.items():
            if refused:
                self._instance.wrong(field, "this model does not support it")

    def _settings(self, media: dict[str, Any]) -> dict[str, Any]:
        given, rules = self._parameters, self._rules
        given.flag("enhancePrompt")
        given.flag("enablePromptRewriting")
        given.choice("personGeneration", _PEOPLE)
        self._topic()
        durations = (REFERENCE_SECONDS,) if media["references"] else rules.durations
        quality = given.choice("compressionQuality", ("optimized", "lossless"))
        return {
            "samples": given.number("sampleCount", range(1, rules.most_samples + 1)) or 1,
            "seconds": given.number("durationSeconds", durations) or DEFAULT_SECONDS,
            "resolution": given.choice("resolution", rules.resolutions) or "720p",
            "aspect_ratio": given.choice("aspectRatio", ("16:9", "9:16")) or "16:9",
            "fps": given.number("fps", (FRAMES_PER_SECOND,)) or FRAMES_PER_SECOND,
            "seed": given.number("seed", range(1 << 32)),
            "audio": self._audio(),
            "lossless": quality == "lossless",
            "resize_mode": self._resize_mode(media),
            "negative_prompt": given.text("negativePrompt") or "",
            "storage": inputs.folder(given, "storageUri"),
        }

    def _audio(self) -> bool:
        if self._rules.audio:
            wanted = self._parameters.flag("generateAudio")
            return wanted is None or wanted
        if self._parameters.flag("generateAudio"):
            self._parameters.wrong("generateAudio", "this model makes no sound")
        return False

    def _resize_mode(self, media: dict[str, Any]) -> str:
        mode = self._parameters.choice("resizeMode", ("pad", "crop"))
        if mode is not None and not (self._rules.resizes and media["image"]):
            self._parameters.wrong("resizeMode", "it needs image, and a model of Veo 3 or later")
        return mode or "pad"

    def _topic(self) -> None:
        topic = self._parameters.text("pubsubTopic")
        if topic is not None and not _TOPIC.fullmatch(topic):
            self._parameters.wrong("pubsubTopic", "accepted is projects/P/topics/T")


def _media(given: Fields | None, role: str) -> Media | None:
    if given is None:
        return None
    encoded = given.text("bytesBase64Encoded")
    address = given.text("gcsUri")
    given.choice("mimeType", _VIDEO_TYPES if role == "video" else _IMAGE_TYPES)
    given.finish()
    if (encoded is None) == (address is None):
        given.wrong("", "exactly one of bytesBase64Encoded and gcsUri is required")
        return inputs.Media(role)
    if address is not None:
        return inputs.addressed(given, "gcsUri", role, address)
    return inputs.decoded(given, "bytesBase64Encoded", role, encoded or "")
