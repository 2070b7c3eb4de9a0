# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON of predictLongRunning becomes a request of the contract, and nothing is lost."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.google_wire.veo_requests import in_googles_names, request_of
from longtake_server.upstream.wire import encode_submission
from upstream.request_bodies import value_of

MODEL = "veo-3.1-generate-001"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILE = FileData(file_uri="gs://bucket/a.mp4", mime_type="video/mp4")
REQUESTS = {
    "a prompt": GenerateVideosRequest(model=MODEL, prompt="a dog"),
    "first and last frame": GenerateVideosRequest(
        model=MODEL,
        image=Image(data=PNG, mime_type="image/png"),
        config=GenerateVideosConfig(
            last_frame=Image(data=PNG, mime_type="image/png"),
            camera_control=GenerateVideosConfig.PAN_LEFT,
            resize_mode=GenerateVideosConfig.PAD,
        ),
    ),
    "a mask": GenerateVideosRequest(
        model=MODEL,
        video=Video(file_data=FILE),
        config=GenerateVideosConfig(
            mask=Mask(image=Image(data=PNG, mime_type="image/png"), mask_mode=Mask.REMOVE_STATIC)
        ),
    ),
    "references": GenerateVideosRequest(
        model=MODEL,
        prompt="two meet",
        config=GenerateVideosConfig(
            reference_images=[
                ReferenceImage(
                    image=Image(data=PNG, mime_type="image/png"),
                    reference_type=ReferenceImage.ASSET,
                )
            ]
        ),
    ),
    "all parameters": GenerateVideosRequest(
        model=MODEL,
        prompt="a dog",
        config=GenerateVideosConfig(
            number_of_videos=2,
            aspect_ratio="16:9",
            duration_seconds=8,
            resolution="720p",
            fps=24,
            seed=4294967295,
            negative_prompt="rain",
            enhance_prompt=False,
            generate_audio=True,
            person_generation=GenerateVideosConfig.DONT_ALLOW,
            compression_quality=GenerateVideosConfig.LOSSLESS,
            output_gcs_uri="gs://bucket/folder",
            pubsub_topic="projects/p/topics/topic",
            labels={"team": "film"},
        ),
    ),
}


def refused(body: dict[str, Any]) -> dict[str, str]:
    """Return the description of each violation by its field."""
    with pytest.raises(InvalidRequest) as error:
        request_of(MODEL, body)
    return {one.field: one.description for one in error.value.violations}


def instance(**members: object) -> dict[str, Any]:
    return {"instances": [{"prompt": "a dog", **members}]}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_the_upstream_is_sent_is_read_as_what_was_asked_for(name: str) -> None:
    body = value_of(encode_submission(REQUESTS[name]))

    assert request_of(MODEL, body) == REQUESTS[name]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("allow_adult", GenerateVideosConfig.ALLOW_ADULT),
        ("ALLOW_ALL", GenerateVideosConfig.ALLOW_ALL),
        ("allowAll", GenerateVideosConfig.ALLOW_ALL),
        ("disallow", GenerateVideosConfig.DONT_ALLOW),
        ("dont_allow", GenerateVideosConfig.DONT_ALLOW),
    ],
)
def test_each_spelling_of_googles_pages_is_understood(given: str, read: int) -> None:
    body = {**instance(), "parameters": {"personGeneration": given}}

    assert request_of(MODEL, body).config.person_generation == read


def test_null_is_as_absent_and_a_number_may_be_a_float() -> None:
    body = {**instance(image=None), "parameters": {"seed": None, "durationSeconds": 8.0}}

    request = request_of(MODEL, body)

    assert not request.HasField("image")
    assert not request.config.HasField("seed")
    assert request.config.duration_seconds == 8


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "instances"),
        ({"instances": {}}, "instances"),
        ({"instances": [{"prompt": "a"}, {"prompt": "b"}]}, "instances"),
        ({"instances": ["a dog"]}, "instances[0]"),
        ({**instance(), "parameters": []}, "parameters"),
        ({**instance(), "parameters": {"sampleCount": "two"}}, "parameters.sampleCount"),
        ({**instance(), "parameters": {"seed": 4294967296}}, "parameters.seed"),
        ({**instance(), "parameters": {"seed": -1}}, "parameters.seed"),
        ({**instance(), "parameters": {"fps": True}}, "parameters.fps"),
        ({**instance(), "parameters": {"generateAudio": "true"}}, "parameters.generateAudio"),
        ({**instance(), "parameters": {"resizeMode": "squash"}}, "parameters.resizeMode"),
        ({**instance(), "labels": {"team": 1}}, "labels.team"),
        (instance(prompt=["a"]), "instances[0].prompt"),
        (instance(image={}), "instances[0].image"),
        (
            instance(image={"gcsUri": "gs://b/o", "bytesBase64Encoded": "AAAA"}),
            "instances[0].image",
        ),
        (instance(image={"bytesBase64Encoded": "#"}), "instances[0].image.bytesBase64Encoded"),
        (instance(mask={"gcsUri": "gs://b/o"}), "instances[0].mask.maskMode"),
        (
            instance(referenceImages=[{"referenceType": "asset"}]),
            "instances[0].referenceImages[0].image",
        ),
    ],
)
def test_a_member_of_a_wrong_shape_is_named_by_its_path(body: dict[str, Any], field: str) -> None:
    assert field in refused(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**instance(), "webhookConfig": {}}, "webhookConfig"),
        ({**instance(), "parameters": {"duration": 5}}, "parameters.duration"),
        ({**instance(), "parameters": {"enablePromptRewriting": True}},
         "parameters.enablePromptRewriting"),
        (instance(image={"gcsUri": "gs://b/o", "blobId": "1"}), "instances[0].image.blobId"),
        (
            instance(
                referenceImages=[
                    {"referenceType": "asset", "image": {"gcsUri": "gs://b/o", "Mime": "x"}}
                ]
            ),
            "instances[0].referenceImages[0].image.Mime",
        ),
    ],
)  # fmt: skip
def test_an_unknown_member_is_refused_by_name_at_any_depth(
    body: dict[str, Any], field: str
) -> None:
    assert refused(body) == {field: "there is no such member"}


@pytest.mark.parametrize(
    ("ours", "googles"),
    [
        ("config.duration_seconds", "parameters.durationSeconds"),
        ("config.number_of_videos", "parameters.sampleCount"),
        ("config.output_gcs_uri", "parameters.storageUri"),
        ("config.labels", "labels"),
        ("config.mask", "instances[0].mask"),
        ("config.mask.mask_mode", "instances[0].mask.maskMode"),
        ("config.mask.image.data", "instances[0].mask.bytesBase64Encoded"),
        ("config.last_frame.mime_type", "instances[0].lastFrame.mimeType"),
        ("config.reference_images", "instances[0].referenceImages"),
        (
            "config.reference_images[1].image.file_data.file_uri",
            "instances[0].referenceImages[1].image.gcsUri",
        ),
        (
            "config.reference_images[0].reference_type",
            "instances[0].referenceImages[0].referenceType",
        ),
        ("image.file_data.mime_type", "instances[0].image.mimeType"),
        ("video.data", "instances[0].video.bytesBase64Encoded"),
        ("prompt", "instances[0].prompt"),
        ("model", "model"),
    ],
)
def test_a_field_of_the_contract_is_named_as_google_names_it(ours: str, googles: str) -> None:
    error = in_googles_names(InvalidRequest([Violation(ours, "it needs config.last_frame")]))

    assert error.violations == (Violation(googles, "it needs instances[0].lastFrame"),)


def test_each_field_of_the_contracts_config_has_a_name_at_google_or_none_there() -> None:
    # The Agent Platform has no such fields, so no body can set them.
    without = {"safety_filter_level", "compressed", "generation_mode"}
    fields = {field.name for field in GenerateVideosConfig.DESCRIPTOR.fields}

    for name in fields - without:
        error = in_googles_names(InvalidRequest([Violation(f"config.{name}", "it is wrong")]))
        assert not error.violations[0].field.startswith("config."), name
