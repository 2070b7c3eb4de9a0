# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every rule of validation: the field that it names and what it says is accepted."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from google.protobuf.duration_pb2 import Duration
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


def with_unknown_value(name: str) -> GenerateVideosRequest:
    request = ask(image=IMAGE)
    setattr(request.config, name, 99)
    return request


_LABELS = (
    "accepted are at most 63 lower-case letters (international ones, too), digits, _ and -; "
    "a key begins with a letter"
)
_TOPIC = ("config.pubsub_topic", "a topic has 3 to 255 letters, digits and . _ ~ + % -")
WRONG: list[tuple[str, GenerateVideosRequest, str, str]] = [
    ("no model", ask(""), "model", "it is required; accepted are gemini-omni-1.1-flash, "),
    (
        "unknown model",
        ask("veo-9"),
        "model",
        "'veo-9' is not known; accepted are gemini-omni-1.1-flash, ",
    ),
    ("nothing to start from", ask(prompt=""), "prompt", "at least one of prompt, image and video"),
    ("blank prompt", ask(prompt=" \n\t"), "prompt", "at least one of prompt, image and video"),
    ("image and video", ask(image=IMAGE, video=VIDEO), "video", "one of image and video"),
    ("no UUID", ask(request_id="one"), "request_id", "a UUID of version 4"),
    ("nil UUID", ask(request_id=str(uuid.UUID(int=0))), "request_id", "a UUID of version 4"),
    (
        "UUID of version 1",
        ask(request_id="c232ab00-9414-11ec-b3c8-9f6bdeced846"),
        "request_id",
        "a UUID of version 4",
    ),
    (
        "UUID with other dashes",
        ask(request_id="7c9e6679742540de944be07fc1f90ae7----"),
        "request_id",
        "a UUID of version 4",
    ),
    ("duration", ask(duration_seconds=5), "config.duration_seconds", "5; accepted by model veo-3"),
    ("no duration", ask(duration_seconds=0), "config.duration_seconds", "are 4, 6, 8"),
    ("aspect ratio", ask(aspect_ratio="1:1"), "config.aspect_ratio", "'1:1'; accepted by model"),
    ("aspect ratio of Veo 2", ask(VEO_2, aspect_ratio="1:1"), "config.aspect_ratio", "16:9, 9:16"),
    ("resolution", ask(resolution="8k"), "config.resolution", "are 720p, 1080p, 4k"),
    ("resolution of Veo 2", ask(VEO_2, resolution="1080p"), "config.resolution", "are 720p"),
    (
        "resolution of the sibling",
        ask(resolution="4k", generation_mode=GenerateVideosConfig.FAST),
        "config.resolution",
        "accepted by model veo-3.1-fast-generate-001 are 720p, 1080p",
    ),
    ("fps", ask(fps=30), "config.fps", "30; accepted by model veo-3.1-generate-001 are 24"),
    ("no videos", ask(number_of_videos=0), "config.number_of_videos", "are 1 to 4"),
    ("too many videos", ask(number_of_videos=5), "config.number_of_videos", "are 1 to 4"),
    (
        "no sibling",
        ask(VEO_2, generation_mode=GenerateVideosConfig.FAST),
        "config.generation_mode",
        "no such sibling; accepted by it is QUALITY",
    ),
    ("image without bytes", ask(image=Image()), "image", "one of data and file_data"),
    ("empty image", ask(image=Image(data=b"")), "image.data", "it is empty; accepted are image/"),
    ("no image", ask(image=Image(data=b"GIF89a")), "image.data", "it is image/gif; accepted are"),
    ("short PNG", ask(image=Image(data=PNG[:20])), "image.data", "it is not a whole image"),
    ("short JPEG", ask(image=Image(data=JPEG[:40])), "image.data", "it is not a whole image"),
    ("short WebP", ask(image=Image(data=WEBP[:-1])), "image.data", "it is not a whole image"),
    (
        "garbage",
        ask(image=Image(data=PNG[:8] + b"\1" * 99)),
        "image.data",
        "it is not a whole image",
    ),
    (
        "JPEG without a frame",
        ask(image=Image(data=b"\xff\xd8" + b"\xff\xe0\x00\x02" * 3000 + JPEG[2:])),
        "image.data",
        "it is not a whole image",
    ),
    (
        "JPEG with a wrong length",
        ask(image=Image(data=b"\xff\xd8\xff\xe0\x00\x00" + JPEG[2:])),
        "image.data",
        "it is not a whole image",
    ),
    (
        "JPEG that begins with its scan",
        ask(image=Image(data=b"\xff\xd8\xff\xda\x00\x02" + JPEG[2:])),
        "image.data",
        "it is not a whole image",
    ),
    (
        "JPEG with garbage between segments",
        ask(image=Image(data=JPEG[:20] + b"garbage" + JPEG[20:])),
        "image.data",
        "it is not a whole image",
    ),
    (
        "WebP of no known kind",
        ask(image=Image(data=WEBP.replace(b"VP8 ", b"VP9 "))),
        "image.data",
        "it is not a whole image",
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
    ("last frame alone", ask(last_frame=IMAGE), "config.last_frame", "it needs image"),
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
        "they exclude image, video and config.last_frame",
    ),
    (
        "references and video",
        ask(video=VIDEO, reference_images=[ASSET]),
        "config.reference_images",
        "they exclude image, video and config.last_frame",
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
    ("mask alone", ask(VEO_2_EXP, mask=MASK), "config.mask", "it needs video"),
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
        "it needs image",
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
        "it needs image",
    ),
    (
        "resizing of a model without",
        ask(VEO_2, image=IMAGE, resize_mode=GenerateVideosConfig.PAD),
        "config.resize_mode",
        "model veo-2.0-generate-001 has no such field",
    ),
    (
        "sound of a model without",
        ask(VEO_2, generate_audio=False),
        "config.generate_audio",
        "model veo-2.0-generate-001 has no such field",
    ),
    (
        "safety level",
        ask(safety_filter_level=GenerateVideosConfig.BLOCK_MOST),
        "config.safety_filter_level",
        "use config.person_generation",
    ),
    (
        "compression twice",
        ask(compressed=True, compression_quality=GenerateVideosConfig.OPTIMIZED),
        "config.compressed",
        "it excludes config.compression_quality",
    ),
    (
        "number of labels",
        ask(labels={str(number): "" for number in range(65)}),
        "config.labels",
        "there are 65; accepted are at most 64",
    ),
    *(
        (
            f"label {key!r}: {value!r}"[:40],
            ask(labels={"team": "ads", key: value}),
            "config.labels",
            f"{whose}; {_LABELS}",
        )
        for key, value, whose in (
            ("", "x", "the key ''"),
            ("k" * 64, "x", f"the key '{'k' * 50}'"),
            ("Team", "ads", "the key 'Team'"),
            ("1st", "x", "the key '1st'"),
            ("_a", "x", "the key '_a'"),
            ("-a", "x", "the key '-a'"),
            ("a b", "c", "the key 'a b'"),
            ("a.b", "c", "the key 'a.b'"),
            ("Überschrift", "c", "the key 'Überschrift'"),
            ("k", "x" * 64, "the value of the key 'k'"),
            ("user", "a@b.c", "the value of the key 'user'"),
            ("team", "Ads", "the value of the key 'team'"),
            ("team", "two words", "the value of the key 'team'"),
        )
    ),
    ("bucket", ask(output_gcs_uri="s3://x/y"), "config.output_gcs_uri", "gs://bucket/prefix"),
    ("no bucket", ask(output_gcs_uri=""), "config.output_gcs_uri", "gs://bucket/prefix"),
    *(
        (f"bucket {address!r}"[:40], ask(output_gcs_uri=address), "config.output_gcs_uri", "gs://")
        for address in (
            "gs://ab",
            "gs://bucket-/x",
            "gs://-bucket/x",
            "gs://Bucket/x",
            f"gs://{'b' * 64}/x",
            "gs://bucket/two\nlines",
            f"gs://bucket/{'é' * 513}",
        )
    ),
    *(
        (f"topic {topic!r}"[:40], ask(pubsub_topic=f"projects/p/topics/{topic}"), *_TOPIC)
        for topic in ("ab", "1abc", "google-news", "a b c", "a" * 256, "a/bcd")
    ),
    ("topic", ask(pubsub_topic="topic"), "config.pubsub_topic", "projects/{project}/topics/"),
    ("no wait", ask(queue_timeout=Duration()), "queue_timeout", "more than 0 seconds"),
    ("negative wait", ask(queue_timeout=Duration(seconds=-1)), "queue_timeout", "more than 0"),
    ("mixed wait", ask(queue_timeout=Duration(seconds=1, nanos=-1)), "queue_timeout", "more than"),
    ("endless wait", ask(queue_timeout=Duration(seconds=1 << 40)), "queue_timeout", "a year"),
    ("priority", ask(priority=101), "priority", "101; accepted are -100 to 100"),
    ("low priority", ask(priority=-101), "priority", "-101; accepted are -100 to 100"),
    (
        "name of an operation",
        ask(previous_operation="videos/1"),
        "previous_operation",
        "operations/{id}",
    ),
    (
        "conversation",
        ask(previous_operation="operations/1"),
        "previous_operation",
        "this model keeps no conversation",
    ),
    *(
        (f"unknown {name}", with_unknown_value(name), f"config.{name}", "99 is not known")
        for name in (
            "safety_filter_level",
            "person_generation",
            "compression_quality",
            "generation_mode",
            "resize_mode",
            "camera_control",
        )
    ),
]


@pytest.mark.parametrize(
    ("request_", "field", "accepted"),
    [pytest.param(*case[1:], id=case[0]) for case in WRONG],
)
def test_a_rule(request_: GenerateVideosRequest, field: str, accepted: str) -> None:
    found = violations(request_)
    assert any(one.field == field and accepted in one.description for one in found), found
