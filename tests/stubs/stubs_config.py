# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every field of a config, as the client takes it and as the contract has it."""

from __future__ import annotations

from typing import Any

from longtake.types import (
    CameraControl,
    CompressionQuality,
    GenerationMode,
    Image,
    Mask,
    MaskMode,
    PersonGeneration,
    ReferenceImage,
    ReferenceType,
    ResizeMode,
    SafetyFilterLevel,
)
from longtake.v1 import generation_pb2, media_pb2

JPEG = b"\xff\xd8\xff a picture"
PNG = b"\x89PNG\r\n\x1a\n a picture"
IMAGE = Image.from_bytes(JPEG)
IN_BUCKET = Image.from_url("gs://bucket/style.png")

EVERY_FIELD: dict[str, Any] = {
    "aspect_ratio": "9:16",
    "duration": 8,
    "negative_prompt": "rain",
    "safety_filter_level": SafetyFilterLevel.BLOCK_SOME,
    "person_generation": PersonGeneration.ALLOW_ADULT,
    "compressed": False,
    "generation_mode": GenerationMode.ECONOMY,
    "number_of_videos": 2,
    "resolution": "1080p",
    "fps": 24,
    "seed": 4294967295,
    "enhance_prompt": False,
    "generate_audio": True,
    "compression_quality": CompressionQuality.LOSSLESS,
    "last_frame": IMAGE,
    "reference_images": [ReferenceImage(IN_BUCKET, ReferenceType.STYLE)],
    "mask": Mask(Image.from_bytes(PNG), MaskMode.REMOVE_STATIC),
    "camera_control": CameraControl.PUSH_IN,
    "resize_mode": ResizeMode.CROP,
    "labels": {"team": "ads"},
    "output_gcs_uri": "gs://bucket/prefix",
    "pubsub_topic": "projects/p/topics/progress",
}
Config = generation_pb2.GenerateVideosConfig
IN_THE_CONTRACT = Config(
    aspect_ratio="9:16",
    duration_seconds=8,
    negative_prompt="rain",
    safety_filter_level=Config.BLOCK_SOME,
    person_generation=Config.ALLOW_ADULT,
    compressed=False,
    generation_mode=Config.ECONOMY,
    number_of_videos=2,
    resolution="1080p",
    fps=24,
    seed=4294967295,
    enhance_prompt=False,
    generate_audio=True,
    compression_quality=Config.LOSSLESS,
    last_frame=media_pb2.Image(data=JPEG, mime_type="image/jpeg"),
    reference_images=[
        media_pb2.ReferenceImage(
            image=media_pb2.Image(
                file_data=media_pb2.FileData(
                    file_uri="gs://bucket/style.png", mime_type="image/png"
                )
            ),
            reference_type=media_pb2.ReferenceImage.STYLE,
        )
    ],
    mask=media_pb2.Mask(
        image=media_pb2.Image(data=PNG, mime_type="image/png"),
        mask_mode=media_pb2.Mask.REMOVE_STATIC,
    ),
    camera_control=Config.PUSH_IN,
    resize_mode=Config.CROP,
    labels={"team": "ads"},
    output_gcs_uri="gs://bucket/prefix",
    pubsub_topic="projects/p/topics/progress",
)
