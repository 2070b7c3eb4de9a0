# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests as JSON: every field of the contract, in the form that Google's SDK sends."""

from __future__ import annotations

import base64

import pytest
from google.protobuf import text_format
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.upstream.wire import check, encode_submission
from upstream.request_bodies import value_of

PNG = b"\x89PNG\r\n\x1a\n rest"
JPEG = b"\xff\xd8\xff rest"
WEBP = b"RIFF\x00\x00\x00\x00WEBP rest"

PARAMETERS = [
    ("number_of_videos: 2", {"sampleCount": 2}),
    ('aspect_ratio: "9:16"', {"aspectRatio": "9:16"}),
    ("duration_seconds: 8", {"durationSeconds": 8}),
    ('resolution: "1080p"', {"resolution": "1080p"}),
    ("fps: 24", {"fps": 24}),
    ("seed: 0", {"seed": 0}),
    ("seed: 4294967295", {"seed": 4294967295}),
    ('negative_prompt: "rain"', {"negativePrompt": "rain"}),
    ('negative_prompt: ""', {"negativePrompt": ""}),
    ("enhance_prompt: false", {"enhancePrompt": False}),
    ("enhance_prompt: true", {"enhancePrompt": True}),
    ("generate_audio: false", {"generateAudio": False}),
    ("person_generation: DONT_ALLOW", {"personGeneration": "dont_allow"}),
    ("person_generation: ALLOW_ADULT", {"personGeneration": "allow_adult"}),
    ("person_generation: ALLOW_ALL", {"personGeneration": "allow_all"}),
    ("compressed: true", {"compressionQuality": "OPTIMIZED"}),
    ("compressed: false", {"compressionQuality": "LOSSLESS"}),
    ("compression_quality: OPTIMIZED", {"compressionQuality": "OPTIMIZED"}),
    ("compression_quality: LOSSLESS", {"compressionQuality": "LOSSLESS"}),
    ("resize_mode: CROP", {"resizeMode": "CROP"}),
    ("resize_mode: PAD", {"resizeMode": "PAD"}),
    ('output_gcs_uri: "gs://b/p"', {"storageUri": "gs://b/p"}),
    ('pubsub_topic: "projects/p/topics/t"', {"pubsubTopic": "projects/p/topics/t"}),
]
FILE = 'file_data { file_uri: "gs://b/o" mime_type: "image/png" }'
GCS = {"gcsUri": "gs://b/o", "mimeType": "image/png"}
INSTANCE = [
    (f"last_frame {{ {FILE} }}", {"lastFrame": GCS}),
    (
        f"reference_images {{ image {{ {FILE} }} reference_type: ASSET }}",
        {"referenceImages": [{"image": GCS, "referenceType": "ASSET"}]},
    ),
    (
        f"reference_images {{ image {{ {FILE} }} reference_type: STYLE }}",
        {"referenceImages": [{"image": GCS, "referenceType": "STYLE"}]},
    ),
    (
        f"mask {{ image {{ {FILE} }} mask_mode: INSERT }}",
        {"mask": {**GCS, "maskMode": "INSERT"}},
    ),
    (
        f"mask {{ image {{ {FILE} }} mask_mode: REMOVE_STATIC }}",
        {"mask": {**GCS, "maskMode": "REMOVE_STATIC"}},
    ),
    ("camera_control: PUSH_IN", {"cameraControl": "push_in"}),
    ("camera_control: FIXED", {"cameraControl": "fixed"}),
]
# The model's id carries the mode, and the level is refused by `check`.
NOT_ON_THE_WIRE = {"generation_mode", "safety_filter_level"}


def config(text: str) -> GenerateVideosRequest:
    parsed = text_format.Parse(text, GenerateVideosConfig())
    return GenerateVideosRequest(prompt="a wave", config=parsed)


@pytest.mark.parametrize(("text", "parameters"), PARAMETERS)
def test_a_setting_is_a_parameter(text: str, parameters: dict[str, object]) -> None:
    request = config(text)
    assert check(request) == []
    assert value_of(encode_submission(request)) == {
        "instances": [{"prompt": "a wave"}],
        "parameters": parameters,
    }


@pytest.mark.parametrize(("text", "fields"), INSTANCE)
def test_a_medium_is_part_of_the_instance(text: str, fields: dict[str, object]) -> None:
    request = config(text)
    assert check(request) == []
    assert value_of(encode_submission(request)) == {"instances": [{"prompt": "a wave", **fields}]}


def test_labels_stand_at_the_top() -> None:
    request = config('labels { key: "team" value: "ads" }')
    assert value_of(encode_submission(request)) == {
        "instances": [{"prompt": "a wave"}],
        "labels": {"team": "ads"},
    }


def test_every_field_of_the_config_has_been_thought_of() -> None:
    covered = {text.split()[0].rstrip(":") for text, _ in [*PARAMETERS, *INSTANCE]}
    fields = {field.name for field in GenerateVideosConfig.DESCRIPTOR.fields}
    assert fields == covered | NOT_ON_THE_WIRE | {"labels"}


def test_nothing_that_is_not_set_is_sent() -> None:
    request = config("generation_mode: FAST")
    request.priority = 3
    request.resubmit_if_unknown = True
    assert check(request) == []
    assert value_of(encode_submission(request)) == {"instances": [{"prompt": "a wave"}]}


@pytest.mark.parametrize(
    ("image", "mime_type"),
    [
        (Image(data=PNG), "image/png"),
        (Image(data=JPEG), "image/jpeg"),
        (Image(data=WEBP), "image/webp"),
        (Image(data=b"raw", mime_type="image/png"), "image/png"),
    ],
)
def test_an_inline_image_is_base64_with_its_type(image: Image, mime_type: str) -> None:
    body = value_of(encode_submission(GenerateVideosRequest(image=image)))
    encoded = base64.b64encode(image.data).decode()
    expected = {"image": {"bytesBase64Encoded": encoded, "mimeType": mime_type}}
    assert body == {"instances": [expected]}


def test_a_video_is_inline_or_a_gcs_file() -> None:
    inline = GenerateVideosRequest(video=Video(data=b"mp4"))
    file = GenerateVideosRequest(
        video=Video(file_data=FileData(file_uri="gs://b/v.mp4", mime_type="video/mp4"))
    )
    assert value_of(encode_submission(inline)) == {
        "instances": [{"video": {"bytesBase64Encoded": "bXA0", "mimeType": "video/mp4"}}]
    }
    assert value_of(encode_submission(file)) == {
        "instances": [{"video": {"gcsUri": "gs://b/v.mp4", "mimeType": "video/mp4"}}]
    }


HTTPS = FileData(file_uri="https://example.com/x.png", mime_type="image/png")


@pytest.mark.parametrize(
    ("request_text", "field"),
    [
        ('previous_operation: "operations/1"', "previous_operation"),
        ("config { safety_filter_level: BLOCK_SOME }", "config.safety_filter_level"),
        ("image { FILE }", "image.file_data.file_uri"),
        ("video { FILE }", "video.file_data.file_uri"),
        ("config { last_frame { FILE } }", "config.last_frame.file_data.file_uri"),
        (
            "config { mask { image { FILE } mask_mode: INSERT } }",
            "config.mask.image.file_data.file_uri",
        ),
        (
            "config { reference_images { image { FILE } reference_type: ASSET } }",
            "config.reference_images[0].image.file_data.file_uri",
        ),
    ],
)
@pytest.mark.parametrize("uri", ["https://example.com/x.png", "gs://bucket", "gs:///x", "x.png"])
def test_a_field_without_a_place_is_named(request_text: str, field: str, uri: str) -> None:
    text = request_text.replace("FILE", f'file_data {{ file_uri: "{uri}" }}')
    violations = check(text_format.Parse(text, GenerateVideosRequest()))
    assert [violation.field for violation in violations] == [field]


def test_a_value_that_this_server_does_not_know_is_named() -> None:
    (violation,) = check(config("resize_mode: 99"))
    assert violation.field == "config.resize_mode"
    assert violation.description == "99 is not known; use CROP, PAD"


def test_all_violations_are_told_at_once() -> None:
    request = config("safety_filter_level: BLOCK_FEW")
    request.previous_operation = "operations/1"
    request.image.file_data.CopyFrom(HTTPS)
    assert len(check(request)) == 3
