# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules of validation for images, videos, references and masks: the field and what is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from operations.operations_requests import (
    ASSET,
    AVI,
    IMAGE,
    JPEG,
    MASK,
    MOV,
    MP4,
    PNG,
    STYLE,
    VEO_2,
    VEO_2_EXP,
    VEO_3,
    VIDEO,
    WEBP,
    ask,
    violations,
)

if TYPE_CHECKING:
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

WRONG: list[tuple[str, GenerateVideosRequest, str, str]] = [
    ("image without bytes", ask(image=Image()), "image", "one of data and file_data"),
    ("empty image", ask(image=Image(data=b"")), "image.data", "it is empty; accepted are image/"),
    ("no image", ask(image=Image(data=b"GIF89a")), "image.data", "it is image/gif; accepted are"),
    ("short PNG", ask(image=Image(data=PNG[:20])), "image.data", "it is not a complete image"),
    ("short JPEG", ask(image=Image(data=JPEG[:40])), "image.data", "it is not a complete image"),
    ("short WebP", ask(image=Image(data=WEBP[:-1])), "image.data", "it is not a complete image"),
    (
        "garbage",
        ask(image=Image(data=PNG[:8] + b"\1" * 99)),
        "image.data",
        "it is not a complete image",
    ),
    (
        "JPEG without a frame",
        ask(image=Image(data=b"\xff\xd8" + b"\xff\xe0\x00\x02" * 3000 + JPEG[2:])),
        "image.data",
        "it is not a complete image",
    ),
    (
        "JPEG with a wrong length",
        ask(image=Image(data=b"\xff\xd8\xff\xe0\x00\x00" + JPEG[2:])),
        "image.data",
        "it is not a complete image",
    ),
    (
        "JPEG that begins with its scan",
        ask(image=Image(data=b"\xff\xd8\xff\xda\x00\x02" + JPEG[2:])),
        "image.data",
        "it is not a complete image",
    ),
    (
        "JPEG with garbage between segments",
        ask(image=Image(data=JPEG[:20] + b"garbage" + JPEG[20:])),
        "image.data",
        "it is not a complete image",
    ),
    (
        "WebP of no known kind",
        ask(image=Image(data=WEBP.replace(b"VP8 ", b"VP9 "))),
        "image.data",
        "it is not a complete image",
    ),
    (
        "contradicted image type",
        ask(image=Image(data=PNG, mime_type="video/mp4")),
        "image.mime_type",
        "'video/mp4' contradicts the bytes, which are image/png; accepted are image/jpeg",
    ),
    (
        "large image",
        ask(image=Image(data=PNG + bytes(20_000_001 - len(PNG)))),
        "image.data",
        "it has 20000001 bytes; accepted are at most 20000000",
    ),
    (
        "address of an image",
        ask(image=Image(file_data=FileData(file_uri="https://x/y", mime_type="image/png"))),
        "image.file_data.file_uri",
        "gs://bucket/object",
    ),
    (
        "address without an object",
        ask(image=Image(file_data=FileData(file_uri="gs://bucket/", mime_type="image/png"))),
        "image.file_data.file_uri",
        "gs://bucket/object",
    ),
    (
        "file without a type",
        ask(image=Image(file_data=FileData(file_uri="gs://bucket/image"))),
        "image.file_data.mime_type",
        "it is required; accepted are image/jpeg, image/png, image/webp",
    ),
    (
        "file of another type",
        ask(image=Image(file_data=FileData(file_uri="gs://bucket/i.gif", mime_type="image/gif"))),
        "image.file_data.mime_type",
        "'image/gif'; accepted are image/jpeg, image/png, image/webp",
    ),
    ("video without bytes", ask(video=Video()), "video", "one of data and file_data"),
    (
        "empty video",
        ask(video=Video(data=b"")),
        "video.data",
        "it is empty; accepted by model veo-3",
    ),
    ("no video", ask(video=Video(data=WEBP)), "video.data", "it is not a video; accepted by model"),
    (
        "contradicted video type",
        ask(video=Video(data=AVI, mime_type="video/mp4")),
        "video.mime_type",
        "'video/mp4' contradicts the bytes, which are video/avi; accepted by model veo-3.1-gen",
    ),
    (
        "video type",
        ask(VEO_2, video=Video(data=MP4, mime_type="text/plain")),
        "video.mime_type",
        "'text/plain' contradicts the bytes, which are video/mp4; accepted by model veo-2.0",
    ),
    (
        "video type to extend",
        ask(video=Video(data=MOV, mime_type="video/mov")),
        "video.mime_type",
        "'video/mov'; accepted by model veo-3.1-generate-001 is video/mp4",
    ),
    (
        "file's video type to extend",
        ask(video=Video(file_data=FileData(file_uri="gs://bucket/v.mov", mime_type="video/mov"))),
        "video.file_data.mime_type",
        "'video/mov'; accepted by model veo-3.1-generate-001 is video/mp4",
    ),
    ("video to no edit", ask(VEO_2_EXP, video=VIDEO), "video", "give config.mask to edit it"),
    ("video of a model without", ask(VEO_3, video=VIDEO), "video", "cannot extend or edit"),
    ("last frame alone", ask(last_frame=IMAGE), "config.last_frame", "it requires image"),
    (
        "wrong last frame",
        ask(image=IMAGE, last_frame=Image(data=b"x")),
        "config.last_frame.data",
        "it is not an image; accepted are",
    ),
    (
        "last frame of a model without",
        ask(VEO_3, image=IMAGE, last_frame=IMAGE),
        "config.last_frame",
        "model veo-3.0-generate-001 has no such field",
    ),
    (
        "references and image",
        ask(image=IMAGE, reference_images=[ASSET]),
        "config.reference_images",
        "they cannot be combined with image, video or config.last_frame",
    ),
    (
        "references and video",
        ask(video=VIDEO, reference_images=[ASSET]),
        "config.reference_images",
        "they cannot be combined with image, video or config.last_frame",
    ),
    (
        "references without a prompt",
        ask(prompt="", reference_images=[ASSET]),
        "prompt",
        "it is required with config.reference_images",
    ),
    (
        "style of a model without",
        ask(reference_images=[STYLE]),
        "config.reference_images",
        "0 of type ASSET and 1 of type STYLE; accepted by model veo-3.1-generate-001 are at most 3",
    ),
    (
        "asset and style",
        ask(VEO_2_EXP, reference_images=[ASSET, STYLE]),
        "config.reference_images",
        "at most 3 of type ASSET or at most 1 of type STYLE",
    ),
    (
        "references of a model without",
        ask(VEO_2, reference_images=[ASSET]),
        "config.reference_images",
        "model veo-2.0-generate-001 has no such field: describe them in the prompt",
    ),
    (
        "wrong reference",
        ask(reference_images=[ASSET, ReferenceImage(reference_type=ReferenceImage.ASSET)]),
        "config.reference_images[1].image",
        "one of data and file_data",
    ),
    (
        "reference without a type",
        ask(reference_images=[ReferenceImage(image=IMAGE)]),
        "config.reference_images[0].reference_type",
        "it is required; accepted are ASSET, STYLE",
    ),
    (
        "duration with references",
        ask(reference_images=[ASSET], duration_seconds=6),
        "config.duration_seconds",
        "6; accepted by model veo-3.1-generate-001 with config.reference_images is 8",
    ),
    ("mask alone", ask(VEO_2_EXP, mask=MASK), "config.mask", "it requires video"),
    (
        "mask of a model without",
        ask(video=VIDEO, mask=MASK),
        "config.mask",
        "model veo-3.1-generate-001 has no such field: this model cannot edit",
    ),
    (
        "mask without a mode",
        ask(VEO_2_EXP, video=VIDEO, mask=Mask(image=IMAGE)),
        "config.mask.mask_mode",
        "it is required; accepted are INSERT, REMOVE, REMOVE_STATIC, OUTPAINT",
    ),
    (
        "mask without an image",
        ask(VEO_2_EXP, video=VIDEO, mask=Mask(mask_mode=Mask.INSERT)),
        "config.mask.image",
        "one of data and file_data",
    ),
    (
        "camera without an image",
        ask(VEO_2, camera_control=GenerateVideosConfig.FIXED),
        "config.camera_control",
        "it requires image",
    ),
    (
        "camera of a model without",
        ask(image=IMAGE, camera_control=GenerateVideosConfig.FIXED),
        "config.camera_control",
        "describe the movement in the prompt",
    ),
    (
        "resizing without an image",
        ask(resize_mode=GenerateVideosConfig.PAD),
        "config.resize_mode",
        "it requires image",
    ),
    (
        "resizing of a model without",
        ask(VEO_2, image=IMAGE, resize_mode=GenerateVideosConfig.PAD),
        "config.resize_mode",
        "model veo-2.0-generate-001 has no such field",
    ),
]


@pytest.mark.parametrize(
    ("request_", "field", "accepted"),
    [pytest.param(*case[1:], id=case[0]) for case in WRONG],
)
def test_a_rule(request_: GenerateVideosRequest, field: str, accepted: str) -> None:
    found = violations(request_)
    assert any(one.field == field and accepted in one.description for one in found), found
