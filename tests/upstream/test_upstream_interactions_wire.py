# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each task of an Omni model as its exact JSON, and what has no place in it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from google.protobuf import json_format
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Earlier
from longtake_server.upstream.interactions_check import check
from longtake_server.upstream.interactions_wire import encode_submission
from upstream.request_bodies import value_of

if TYPE_CHECKING:
    from longtake_server.upstream.interactions_check import Host

MODEL = "gemini-omni-1.2-flash"
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 9
JPEG = b"\xff\xd8\xff" + b"j" * 9
PREVIOUS = "operations/0192"
FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc"
HOSTS: tuple[Host, Host] = ("agent_platform", "developer")


def text(value: str) -> dict[str, object]:
    return {"type": "text", "text": value}


def inline(kind: str, data: bytes, mime_type: str) -> dict[str, object]:
    return {"type": kind, "data": base64.b64encode(data).decode(), "mime_type": mime_type}


def turn(*contents: dict[str, object]) -> list[dict[str, object]]:
    return [{"type": "user_input", "content": list(contents)}]


def body(task: str, source: object, form: dict[str, object] | None = None) -> dict[str, object]:
    return {
        "model": MODEL,
        "input": source,
        "background": True,
        "store": True,
        "response_format": {"type": "video", "delivery": "inline", **(form or {})},
        "generation_config": {"video_config": {"task": task}},
    }


def test_a_prompt_is_text_to_video() -> None:
    config = GenerateVideosConfig(aspect_ratio="9:16", duration_seconds=5, resolution="1080p")
    request = GenerateVideosRequest(prompt="a wave", config=config)
    form: dict[str, object] = {"aspect_ratio": "9:16", "duration": "5s", "resolution": "1080p"}
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == body(
        "text_to_video", "a wave", form
    )


def test_an_image_is_image_to_video() -> None:
    request = GenerateVideosRequest(prompt="it moves", image=Image(data=PNG))
    expected = body("image_to_video", turn(inline("image", PNG, "image/png"), text("it moves")))
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == expected


def test_an_image_needs_no_prompt() -> None:
    image = Image(file_data=FileData(file_uri="gs://b/i.jpg", mime_type="image/jpeg"))
    expected = body(
        "image_to_video", turn({"type": "image", "uri": "gs://b/i.jpg", "mime_type": "image/jpeg"})
    )
    request = GenerateVideosRequest(image=image)
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == expected


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("from here to there", "<FIRST_FRAME> <LAST_FRAME> from here to there"),
        ("", "<FIRST_FRAME> <LAST_FRAME>"),
        ("<FIRST_FRAME> becomes <LAST_FRAME>", "<FIRST_FRAME> becomes <LAST_FRAME>"),
    ],
)
def test_a_last_frame_is_the_second_image_and_named_in_the_prompt(prompt: str, said: str) -> None:
    config = GenerateVideosConfig(last_frame=Image(data=JPEG))
    request = GenerateVideosRequest(prompt=prompt, image=Image(data=PNG), config=config)
    images = (inline("image", PNG, "image/png"), inline("image", JPEG, "image/jpeg"))
    expected = body("image_to_video", turn(*images, text(said)))
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == expected


def test_reference_images_are_reference_to_video() -> None:
    references = [
        ReferenceImage(image=Image(data=data), reference_type=ReferenceImage.ASSET)
        for data in (PNG, JPEG)
    ]
    config = GenerateVideosConfig(reference_images=references, seed=7, labels={"team": "ads"})
    request = GenerateVideosRequest(prompt="both walk", config=config)
    images = (inline("image", PNG, "image/png"), inline("image", JPEG, "image/jpeg"))
    expected = body("reference_to_video", turn(*images, text("both walk")))
    expected["generation_config"] = {
        "video_config": {"task": "reference_to_video"},
        "seed": 7,
    }
    expected["labels"] = {"team": "ads"}
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == expected


def test_a_video_is_extended() -> None:
    config = GenerateVideosConfig(duration_seconds=7)
    request = GenerateVideosRequest(prompt="go on", video=Video(data=b"mp4"), config=config)
    source = turn(inline("video", b"mp4", "video/mp4"), text("go on"))
    expected = body("extend", source, {"duration": "7s"})
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == expected


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("video/flv", "video/x-flv"),
        ("video/x-flv", "video/x-flv"),
        ("video/quicktime", "video/mov"),
    ],
)
def test_a_media_type_is_sent_by_the_name_that_this_api_documents(said: str, sent: str) -> None:
    file = FileData(file_uri="gs://bucket/clip", mime_type=said)
    request = GenerateVideosRequest(video=Video(file_data=file))
    content = value_of(encode_submission(MODEL, request, "agent_platform"))["input"]
    assert content == turn({"type": "video", "uri": "gs://bucket/clip", "mime_type": sent})


def test_on_the_agent_platform_an_edit_sends_the_earlier_video_again() -> None:
    config = GenerateVideosConfig(resolution="720p")
    request = GenerateVideosRequest(prompt="at night", previous_operation=PREVIOUS, config=config)
    earlier = Earlier("v1_e", (StoredVideo("gs://b/e.mp4"),))
    video: dict[str, object] = {"type": "video", "uri": "gs://b/e.mp4", "mime_type": "video/mp4"}
    expected = body("edit", turn(video, text("at night")), {"resolution": "720p"})
    assert value_of(encode_submission(MODEL, request, "agent_platform", earlier)) == expected


def test_an_edit_of_what_lies_in_no_bucket_names_the_earlier_interaction() -> None:
    request = GenerateVideosRequest(prompt="at night", previous_operation=PREVIOUS)
    earlier = Earlier("v1_e", (StoredVideo("operations/0192/0"),))
    expected = {**body("edit", "at night"), "previous_interaction_id": "v1_e"}
    assert value_of(encode_submission(MODEL, request, "agent_platform", earlier)) == expected


def test_on_the_developer_api_an_edit_names_the_earlier_interaction() -> None:
    request = GenerateVideosRequest(prompt="at night", previous_operation=PREVIOUS)
    earlier = Earlier("v1_e", (StoredVideo(FILE),))
    expected = {
        **body("edit", "at night", {"delivery": "uri"}),
        "previous_interaction_id": "v1_e",
    }
    assert value_of(encode_submission(MODEL, request, "developer", earlier)) == expected


def test_the_upstream_writes_to_the_bucket_of_the_caller() -> None:
    config = GenerateVideosConfig(output_gcs_uri="gs://bucket/prefix")
    request = GenerateVideosRequest(prompt="a wave", config=config)
    form: dict[str, object] = {"delivery": "uri", "gcs_uri": "gs://bucket/prefix"}
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == body(
        "text_to_video", "a wave", form
    )


def test_the_developer_api_keeps_the_video_as_a_file() -> None:
    request = GenerateVideosRequest(prompt="a wave")
    expected = body("text_to_video", "a wave", {"delivery": "uri"})
    assert value_of(encode_submission(MODEL, request, "developer")) == expected


LACKING: list[dict[str, object]] = [
    {"negative_prompt": "rain"},
    {"person_generation": "ALLOW_ADULT"},
    {"safety_filter_level": "BLOCK_MOST"},
    {"compressed": False},
    {"compression_quality": "LOSSLESS"},
    {"enhance_prompt": False},
    {"mask": {"mask_mode": "INSERT"}},
    {"camera_control": "PAN_LEFT"},
    {"resize_mode": "CROP"},
    {"pubsub_topic": "projects/p/topics/t"},
    {"number_of_videos": 2},
    {"number_of_videos": 0},
    {"fps": 30},
    {"generate_audio": False},
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("config", LACKING, ids=str)
def test_a_field_that_the_wire_lacks_is_named(config: dict[str, object], host: Host) -> None:
    request = GenerateVideosRequest(prompt="a wave")
    json_format.ParseDict({"config": config}, request)
    (violation,) = check(request, host)
    assert violation.field == f"config.{next(iter(config))}"
    assert violation.description


def test_what_every_video_has_may_be_asked_for() -> None:
    config = GenerateVideosConfig(number_of_videos=1, fps=24, generate_audio=True)
    request = GenerateVideosRequest(prompt="a wave", config=config)
    assert check(request, "developer") == []
    assert value_of(encode_submission(MODEL, request, "agent_platform")) == body(
        "text_to_video", "a wave"
    )


def test_every_field_of_the_contract_is_carried_or_named() -> None:
    named = {next(iter(config)) for config in LACKING}
    carried = {
        *("aspect_ratio", "duration_seconds", "resolution", "seed", "labels"),
        *("last_frame", "reference_images", "output_gcs_uri", "generation_mode"),
    }
    assert named | carried == {field.name for field in GenerateVideosConfig.DESCRIPTOR.fields}


@pytest.mark.parametrize(
    ("request_", "forbidden"),
    [
        (
            GenerateVideosRequest(prompt="at night", previous_operation=PREVIOUS),
            ["config.aspect_ratio", "config.duration_seconds"],
        ),
        (
            GenerateVideosRequest(video=Video(data=b"mp4")),
            ["config.aspect_ratio", "config.resolution"],
        ),
        (GenerateVideosRequest(image=Image(data=PNG)), []),
        (GenerateVideosRequest(prompt="a wave"), []),
    ],
)
def test_a_field_that_the_task_forbids_is_named(
    request_: GenerateVideosRequest, forbidden: list[str]
) -> None:
    shapes = GenerateVideosConfig(aspect_ratio="16:9", duration_seconds=5, resolution="720p")
    request_.config.MergeFrom(shapes)
    assert [violation.field for violation in check(request_, "agent_platform")] == forbidden


def test_an_edit_of_an_earlier_result_takes_no_media() -> None:
    request = GenerateVideosRequest(
        prompt="at night", previous_operation=PREVIOUS, video=Video(data=b"mp4")
    )
    (violation,) = check(request, "developer")
    assert violation.field == "video"


def test_a_style_has_no_place() -> None:
    style = ReferenceImage(image=Image(data=PNG), reference_type=ReferenceImage.STYLE)
    request = GenerateVideosRequest(
        prompt="like this", config=GenerateVideosConfig(reference_images=[style])
    )
    (violation,) = check(request, "agent_platform")
    assert violation.field == "config.reference_images[0].reference_type"


def test_the_developer_api_writes_to_no_bucket() -> None:
    config = GenerateVideosConfig(output_gcs_uri="gs://bucket/prefix")
    (violation,) = check(GenerateVideosRequest(prompt="a wave", config=config), "developer")
    assert violation.field == "config.output_gcs_uri"


@pytest.mark.parametrize(
    ("uri", "host", "fits"),
    [
        ("gs://bucket/i.png", "agent_platform", True),
        ("gs://bucket/i.png", "developer", False),
        ("gs://bucket", "agent_platform", False),
        ("https://example.com/i.png", "agent_platform", False),
        ("https://example.com/i.png", "developer", False),
        (FILE, "developer", True),
        (FILE, "agent_platform", False),
        (
            "https://generativelanguage.googleapis.com.evil.example/v1beta/files/a",
            "developer",
            False,
        ),
    ],
)
def test_a_host_reads_its_own_addresses_only(uri: str, host: Host, fits: bool) -> None:
    image = Image(file_data=FileData(file_uri=uri, mime_type="image/png"))
    violations = check(GenerateVideosRequest(image=image), host)
    assert [one.field for one in violations] == ([] if fits else ["image.file_data.file_uri"])


def test_an_enum_value_of_a_newer_client_is_named() -> None:
    config = GenerateVideosConfig(mask=Mask(mask_mode=Mask.INSERT))
    config.generation_mode = 99  # type: ignore[assignment]  # no value of the enum, on purpose
    violations = check(GenerateVideosRequest(prompt="a wave", config=config), "developer")
    assert [one.field for one in violations] == ["config.mask", "config.generation_mode"]
