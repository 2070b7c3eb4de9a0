# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes a request as JSON for Veo on the Agent Platform. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Mask, ReferenceImage

from longtake_server.errors import Violation
from longtake_server.operations.requests.media_types import type_sent
from longtake_server.upstream.request_body import Base64, json_body
from longtake_server.upstream.request_parts import files, unknown_values

if TYPE_CHECKING:
    from longtake.v1.media_pb2 import Image, Video
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.upstream.request_body import RequestBody

_CameraControl = GenerateVideosConfig.CameraControl
_CompressionQuality = GenerateVideosConfig.CompressionQuality
_PersonGeneration = GenerateVideosConfig.PersonGeneration
_ResizeMode = GenerateVideosConfig.ResizeMode
_AS_IS = {
    "number_of_videos": "sampleCount",
    "output_gcs_uri": "storageUri",
    "fps": "fps",
    "duration_seconds": "durationSeconds",
    "seed": "seed",
    "aspect_ratio": "aspectRatio",
    "resolution": "resolution",
    "pubsub_topic": "pubsubTopic",
    "negative_prompt": "negativePrompt",
    "enhance_prompt": "enhancePrompt",
    "generate_audio": "generateAudio",
}
_GCS_OBJECT = re.compile(r"gs://[^/\s]+/\S(?:.*\S)?")


def encode_submission(request: GenerateVideosRequest) -> RequestBody:
    """Return the body of predictLongRunning, with the fields that are set.

    Args:
        request: A request for which `check` returns no violation.

    """
    body: dict[str, object] = {"instances": [_instance(request)]}
    if parameters := _parameters(request.config):
        body["parameters"] = parameters
    if request.config.labels:
        body["labels"] = dict(request.config.labels)
    return json_body(body)


def check(request: GenerateVideosRequest) -> list[Violation]:
    """Return a violation for each set field that this API does not have."""
    violations = []
    if request.previous_operation:
        accepted = "this model keeps no conversation; give the earlier result as video"
        violations.append(Violation("previous_operation", accepted))
    if request.config.safety_filter_level:
        accepted = "no video model has such a setting; use config.person_generation"
        violations.append(Violation("config.safety_filter_level", accepted))
    for path, file in files(request):
        if not _GCS_OBJECT.fullmatch(file.file_uri):
            accepted = "the upstream reads gs://bucket/object only; give that, or the bytes as data"
            violations.append(Violation(f"{path}.file_data.file_uri", accepted))
    violations.extend(unknown_values(request))
    return violations


def _instance(request: GenerateVideosRequest) -> dict[str, object]:
    config = request.config
    instance: dict[str, object] = {}
    if request.prompt:
        instance["prompt"] = request.prompt
    if request.HasField("image"):
        instance["image"] = _media(request.image)
    if config.HasField("last_frame"):
        instance["lastFrame"] = _media(config.last_frame)
    if request.HasField("video"):
        instance["video"] = _media(request.video)
    if config.HasField("mask"):
        instance["mask"] = _mask(config.mask)
    if config.reference_images:
        instance["referenceImages"] = [_reference(one) for one in config.reference_images]
    if config.camera_control:
        instance["cameraControl"] = _CameraControl.Name(config.camera_control).lower()
    return instance


def _parameters(config: GenerateVideosConfig) -> dict[str, object]:
    parameters: dict[str, object] = {
        _AS_IS[field.name]: value for field, value in config.ListFields() if field.name in _AS_IS
    }
    if config.person_generation:
        parameters["personGeneration"] = _PersonGeneration.Name(config.person_generation).lower()
    if config.HasField("compressed"):
        parameters["compressionQuality"] = "OPTIMIZED" if config.compressed else "LOSSLESS"
    if config.compression_quality:
        parameters["compressionQuality"] = _CompressionQuality.Name(config.compression_quality)
    if config.resize_mode:
        parameters["resizeMode"] = _ResizeMode.Name(config.resize_mode)
    return parameters


def _media(media: Image | Video) -> dict[str, object]:
    # It reads the data, of which each reading is a copy.
    mime_type = type_sent(media)
    source: dict[str, object]
    if media.HasField("file_data"):
        source = {"gcsUri": media.file_data.file_uri}
    else:
        source = {"bytesBase64Encoded": Base64(media.data)}
    return {**source, "mimeType": mime_type} if mime_type else source


def _mask(mask: Mask) -> dict[str, object]:
    return {**_media(mask.image), "maskMode": Mask.MaskMode.Name(mask.mask_mode)}


def _reference(reference: ReferenceImage) -> dict[str, object]:
    return {
        "image": _media(reference.image),
        "referenceType": ReferenceImage.ReferenceType.Name(reference.reference_type),
    }
