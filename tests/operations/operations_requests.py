# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests and media for the tests of validation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import InvalidRequest, Violation
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.requests.validation import validate
from PIL import Image as Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.operations.requests.catalogue import ModelEntry

CATALOGUE = Catalogue.load()
VEO_2 = "veo-2.0-generate-001"
VEO_2_EXP = "veo-2.0-generate-exp"
VEO_3 = "veo-3.0-generate-001"
VEO_31 = "veo-3.1-generate-001"
UUID4 = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def picture(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Picture.new("RGB", (64, 36), "red").save(file, kind, **options)
    return file.getvalue()


PNG, JPEG, WEBP = picture("PNG"), picture("JPEG"), picture("WEBP")
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
MOV = b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  "
AVI = b"RIFF\x00\x01\x00\x00AVI LIST"
IMAGE = Image(data=PNG)
VIDEO = Video(data=MP4)
ASSET = ReferenceImage(image=IMAGE, reference_type=ReferenceImage.ASSET)
STYLE = ReferenceImage(image=IMAGE, reference_type=ReferenceImage.STYLE)
MASK = Mask(image=IMAGE, mask_mode=Mask.INSERT)
IMAGE_FILE = FileData(file_uri="gs://bucket/image.png", mime_type="image/png")


def ask(model: str = VEO_31, prompt: str = "a dog", **fields: Any) -> GenerateVideosRequest:
    """Return a request. Fields that it does not have are set in its config."""
    own = {name: fields.pop(name) for name in tuple(fields) if name in _OWN}
    request = GenerateVideosRequest(model=model, prompt=prompt, **own)
    if fields:
        request.config.CopyFrom(GenerateVideosConfig(**fields))
    return request


_OWN = GenerateVideosRequest.DESCRIPTOR.fields_by_name


def no_more(_upstream: str, _request: GenerateVideosRequest) -> list[Violation]:
    return []


def accept(request: GenerateVideosRequest, *, enforce_retirement: bool = False) -> ModelEntry:
    return validate(
        request, CATALOGUE, enforce_retirement=enforce_retirement, upstream_check=no_more
    )


def violations(request: GenerateVideosRequest) -> Sequence[Violation]:
    with pytest.raises(InvalidRequest) as raised:
        accept(request)
    return raised.value.violations
