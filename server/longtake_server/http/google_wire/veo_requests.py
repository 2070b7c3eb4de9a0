# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the body of predictLongRunning as a request of the contract. No I/O.

upstream/wire.py writes the same JSON. A test holds the two against each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Mask, ReferenceImage
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.bodies import Members, refuse_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
    from longtake.v1.media_pb2 import Image, Video

_MOST_INT32 = (1 << 31) - 1
_NUMBERS = {
    "sampleCount": ("number_of_videos", _MOST_INT32),
    "durationSeconds": ("duration_seconds", _MOST_INT32),
    "fps": ("fps", _MOST_INT32),
    "seed": ("seed", (1 << 32) - 1),
}
_TEXTS = {
    "aspectRatio": "aspect_ratio",
    "resolution": "resolution",
    "negativePrompt": "negative_prompt",
    "storageUri": "output_gcs_uri",
    "pubsubTopic": "pubsub_topic",
}
_FLAGS = {"enhancePrompt": "enhance_prompt", "generateAudio": "generate_audio"}


def _choices(kind: EnumTypeWrapper) -> dict[str, int]:
    return {name.lower(): number for name, number in kind.items() if number}


_CHOICES = {
    # Google's pages have two spellings of two of them.
    "personGeneration": (
        "person_generation",
        {
            **_choices(GenerateVideosConfig.PersonGeneration),
            "disallow": GenerateVideosConfig.DONT_ALLOW,
            "allowall": GenerateVideosConfig.ALLOW_ALL,
        },
    ),
    "compressionQuality": (
        "compression_quality",
        _choices(GenerateVideosConfig.CompressionQuality),
    ),
    "resizeMode": ("resize_mode", _choices(GenerateVideosConfig.ResizeMode)),
}
_CAMERA = _choices(GenerateVideosConfig.CameraControl)
_MASK_MODES = _choices(Mask.MaskMode)
_REFERENCE_TYPES = _choices(ReferenceImage.ReferenceType)

_PATHS = {
    "config.mask.mask_mode": "instances[0].mask.maskMode",
    "config.mask.image": "instances[0].mask",
    "config.mask": "instances[0].mask",
    "config.last_frame": "instances[0].lastFrame",
    "config.reference_images": "instances[0].referenceImages",
    "config.camera_control": "instances[0].cameraControl",
    "config.labels": "labels",
    **{f"config.{ours}": f"parameters.{name}" for name, (ours, _) in _NUMBERS.items()},
    **{f"config.{ours}": f"parameters.{name}" for name, (ours, _) in _CHOICES.items()},
    **{f"config.{ours}": f"parameters.{name}" for name, ours in (_TEXTS | _FLAGS).items()},
    "prompt": "instances[0].prompt",
    "image": "instances[0].image",
    "video": "instances[0].video",
}
_ENDS = {
    ".file_data.file_uri": ".gcsUri",
    ".file_data.mime_type": ".mimeType",
    ".data": ".bytesBase64Encoded",
    ".mime_type": ".mimeType",
    ".reference_type": ".referenceType",
}
_MENTIONED = re.compile(r"\bconfig\.[a-z_]+")


def request_of(model: str, body: Mapping[str, Any], request_id: str = "") -> GenerateVideosRequest:
    """Return the request in a body. Slow for large media: call it in a thread.

    Args:
        model: The model in the path.
        body: The JSON.
        request_id: The request's request_id.

    Raises:
        InvalidRequest: A member is unknown or of a wrong shape. Holds all violations.

    """
    violations: list[Violation] = []
    top = Members(body, "", violations)
    request = GenerateVideosRequest(model=model, request_id=request_id)
    instances = top.objects("instances")
    if len(instances) != 1:
        top.wrong("instances", f"there are {len(instances)}; accepted is one")
    for instance in instances[:1]:
        _read_instance(request, instance)
    if (parameters := top.object("parameters")) is not None:
        _read_parameters(request.config, parameters)
    if labels := top.texts("labels"):
        request.config.labels.update(labels)
    top.finish()
    refuse_all(violations)
    return request


def in_googles_names(error: InvalidRequest) -> InvalidRequest:
    """Return an error of the contract's fields with the names that Google has for them."""
    return InvalidRequest(
        [
            Violation(
                _path(one.field),
                _MENTIONED.sub(lambda found: _PATHS.get(found[0], found[0]), one.description),
            )
            for one in error.violations
        ]
    )


def _path(field: str) -> str:
    for ours, googles in _PATHS.items():
        rest = field.removeprefix(ours)
        if rest != field and (not rest or rest[0] in ".["):
            for end, googles_end in _ENDS.items():
                rest = rest.replace(end, googles_end)
            # A reference has its image one level deeper, as the contract has.
            return googles + rest
    return field


def _read_instance(request: GenerateVideosRequest, instance: Members) -> None:
    if (prompt := instance.text("prompt")) is not None:
        request.prompt = prompt
    if (image := instance.object("image")) is not None:
        _read_media(request.image, image)
    if (video := instance.object("video")) is not None:
        _read_media(request.video, video)
    if (last := instance.object("lastFrame")) is not None:
        _read_media(request.config.last_frame, last)
    if (mask := instance.object("mask")) is not None:
        request.config.mask.mask_mode = _required(mask, "maskMode", _MASK_MODES)
        _read_media(request.config.mask.image, mask)
    for given in instance.objects("referenceImages"):
        _read_reference(request.config.reference_images.add(), given)
    camera: Any = instance.choice("cameraControl", _CAMERA)
    if camera is not None:
        request.config.camera_control = camera
    instance.finish()


def _read_reference(reference: ReferenceImage, given: Members) -> None:
    reference.reference_type = _required(given, "referenceType", _REFERENCE_TYPES)
    if (image := given.object("image")) is not None:
        _read_media(reference.image, image)
    else:
        given.wrong("image", "it is required")
    given.finish()


def _required(given: Members, name: str, accepted: Mapping[str, int]) -> Any:
    if not given.has(name):
        given.wrong(name, f"it is required; accepted are {', '.join(accepted)}")
    return given.choice(name, accepted) or 0


def _read_media(media: Image | Video, given: Members) -> None:
    has_bytes, has_address = given.has("bytesBase64Encoded"), given.has("gcsUri")
    if has_bytes is has_address:
        given.wrong("", "accepted is one of bytesBase64Encoded and gcsUri")
    data = given.bytes("bytesBase64Encoded")
    address = given.text("gcsUri")
    kind = given.text("mimeType") or ""
    if data is not None:
        media.data = data
        media.mime_type = kind
    elif address is not None:
        media.file_data.file_uri = address
        media.file_data.mime_type = kind
    given.finish()


def _read_parameters(config: GenerateVideosConfig, parameters: Members) -> None:
    values: dict[str, object] = {}
    for name, (field, most) in _NUMBERS.items():
        values[field] = parameters.number(name, 0, most)
    for name, field in _TEXTS.items():
        values[field] = parameters.text(name)
    for name, field in _FLAGS.items():
        values[field] = parameters.flag(name)
    for name, (field, accepted) in _CHOICES.items():
        values[field] = parameters.choice(name, accepted)
    for field, value in values.items():
        if value is not None:
            setattr(config, field, value)
    parameters.finish()
