# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that pass validation, and the errors for those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.duration_pb2 import Duration
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake_server.errors import InvalidRequest, ModelRetired, Violation
from longtake_server.operations.requests.validation import OPTIONAL_FIELDS, validate
from operations.operations_requests import (
    ASSET,
    AVI,
    CATALOGUE,
    IMAGE,
    IMAGE_FILE,
    JPEG,
    MASK,
    STYLE,
    UUID4,
    VEO_2,
    VEO_2_EXP,
    VEO_31,
    VIDEO,
    WEBP,
    accept,
    ask,
    picture,
    violations,
)

if TYPE_CHECKING:
    from longtake.v1.video_service_pb2 import GenerateVideosRequest

RIGHT: dict[str, GenerateVideosRequest] = {
    "prompt": ask(),
    "name of the model": ask(f"models/{VEO_31}"),
    "image alone": ask(prompt="", image=IMAGE),
    "JPEG": ask(image=Image(data=JPEG, mime_type="image/jpeg")),
    "progressive JPEG with a profile": ask(
        image=Image(data=picture("JPEG", progressive=True, icc_profile=bytes(200_000)))
    ),
    "JPEG with fill bytes": ask(image=Image(data=JPEG[:2] + b"\xff\xff" + JPEG[2:])),
    "WebP": ask(image=Image(data=WEBP)),
    "lossless WebP": ask(image=Image(data=picture("WEBP", lossless=True))),
    "extended WebP": ask(image=Image(data=picture("WEBP", icc_profile=bytes(100)))),
    "image in a bucket": ask(image=Image(file_data=IMAGE_FILE)),
    "extension": ask(prompt="", video=VIDEO),
    "extension in a bucket": ask(
        video=Video(file_data=FileData(file_uri="gs://bucket/v.mp4", mime_type="video/mp4"))
    ),
    "extension of an AVI": ask(VEO_2, video=Video(data=AVI, mime_type="video/avi")),
    "extension of a transport": ask(
        VEO_2, video=Video(data=b"\x00\x00\x01\xba" + bytes(9), mime_type="video/mpeg")
    ),
    "international labels": ask(labels={"équipe": "größe_1-a", "команда": "रील", "部門": ""}),
    "names of objects": ask(
        output_gcs_uri="gs://a.bucket_of-ours.example/run#1?x=a/",
        image=Image(file_data=FileData(file_uri="gs://abc/scene #12?.png", mime_type="image/png")),
    ),
    "topic with every sign": ask(pubsub_topic="projects/example.com:p/topics/Ab1._~+%-"),
    "edit": ask(VEO_2_EXP, video=VIDEO, mask=MASK),
    "first and last frame": ask(image=IMAGE, last_frame=IMAGE, duration_seconds=8),
    "assets": ask(reference_images=[ASSET] * 3, duration_seconds=8),
    "style": ask(VEO_2_EXP, reference_images=[STYLE]),
    "camera": ask(VEO_2, image=IMAGE, camera_control=GenerateVideosConfig.PUSH_IN),
    "resizing": ask(image=IMAGE, resize_mode=GenerateVideosConfig.CROP),
    "mode": ask(generation_mode=GenerateVideosConfig.ECONOMY, resolution="1080p"),
    "UUID": ask(request_id=UUID4),
    "upper-case UUID": ask(request_id=UUID4.upper()),
    "all the rest": ask(
        aspect_ratio="9:16",
        duration_seconds=4,
        resolution="4k",
        fps=24,
        number_of_videos=4,
        seed=0,
        negative_prompt="blurry",
        enhance_prompt=False,
        generate_audio=False,
        person_generation=GenerateVideosConfig.DONT_ALLOW,
        compressed=False,
        labels={"team": "ads"},
        output_gcs_uri="gs://bucket",
        pubsub_topic="projects/p/topics/progress",
        queue_timeout=Duration(nanos=1),
        priority=-100,
    ),
}


@pytest.mark.parametrize("request_", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_passes(request_: GenerateVideosRequest) -> None:
    asked = CATALOGUE.find(request_.model)
    assert accept(request_).id == asked.sibling(request_.config.generation_mode)


def test_all_violations_come_at_once() -> None:
    request = ask(
        prompt="",
        request_id="one",
        video=Video(data=b"x"),
        image=Image(data=b"x"),
        priority=200,
        duration_seconds=5,
        aspect_ratio="1:1",
        number_of_videos=9,
        mask=Mask(),
        labels={"": ""},
    )
    assert {one.field for one in violations(request)} == {
        "request_id",
        "priority",
        "video",
        "video.data",
        "image.data",
        "config.mask",
        "config.mask.image",
        "config.mask.mask_mode",
        "config.labels",
        "config.duration_seconds",
        "config.aspect_ratio",
        "config.number_of_videos",
    }


def test_of_an_unknown_model_the_rest_is_checked_too() -> None:
    found = violations(ask("veo-9", priority=200))
    assert [one.field for one in found] == ["model", "priority"]


def test_a_thousand_references_are_not_a_thousand_violations() -> None:
    found = violations(ask(reference_images=[ReferenceImage()] * 1000))
    assert "there are 1000; accepted are at most 10" in {one.description for one in found}
    assert len(found) < 30


def test_long_text_is_not_repeated() -> None:
    found = violations(ask("m" * 10_000, resolution="r" * 10_000))
    assert max(len(one.description) for one in found) < 1000


def test_the_upstream_may_add_violations_but_none_for_a_field_that_has_one() -> None:
    def check(_upstream: str, _request: GenerateVideosRequest) -> list[Violation]:
        return [Violation("priority", "again"), Violation("image", "not in this form")]

    with pytest.raises(InvalidRequest) as raised:
        validate(ask(priority=200), CATALOGUE, enforce_retirement=False, upstream_check=check)
    assert [one.field for one in raised.value.violations] == ["priority", "image"]
    assert "again" not in str(raised.value)


def test_a_retired_model_passes_where_retirement_is_not_enforced() -> None:
    assert accept(ask(VEO_2)).id == VEO_2


def test_a_retired_model_is_refused_with_what_to_use() -> None:
    with pytest.raises(ModelRetired, match="was retired on 2026-06-30; use veo-3"):
        accept(ask(VEO_2), enforce_retirement=True)


def test_a_model_that_went_on_an_unknown_day_is_refused_too() -> None:
    with pytest.raises(ModelRetired, match="on an unknown day; use veo-3"):
        accept(ask("veo-001"), enforce_retirement=True)


def test_of_a_retired_model_what_is_wrong_is_told_first() -> None:
    with pytest.raises(InvalidRequest):
        accept(ask(VEO_2, fps=30), enforce_retirement=True)


@pytest.mark.parametrize("model", [VEO_31, "veo-3.1-fast-generate-001"])
def test_a_model_that_is_not_retired_passes(model: str) -> None:
    assert accept(ask(model), enforce_retirement=True).id == model


def test_every_field_of_the_contract_has_a_rule() -> None:
    every = {f"config.{name}" for name in GenerateVideosConfig.DESCRIPTOR.fields_by_name}
    ruled_by_value = {"duration_seconds", "resolution", "aspect_ratio", "fps", "number_of_videos"}
    always = {f"config.{name}" for name in ruled_by_value | {"generation_mode"}}
    assert every == {path for path in OPTIONAL_FIELDS if path.startswith("config.")} | always
