# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The body of an interaction becomes a request, or every wrong member is named."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from google_wire.interactions_calls import OMNI, ORDER
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.google_wire.interactions_ids import Delivery
from longtake_server.http.google_wire.interactions_requests import read_order
from longtake_server.http.google_wire.interactions_violations import in_the_bodys_words
from longtake_server.upstream.interactions_wire import encode_submission
from upstream.request_bodies import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 9
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"v" * 9
PICTURE = {"type": "image", "mime_type": "image/png", "data": base64.b64encode(PNG).decode()}
CLIP = {"type": "video", "mime_type": "video/mp4", "uri": "gs://bucket/clip.mp4"}
TEXT = {"type": "text", "text": "at night"}
EARLIER = "v1_0199c5a0-0000-7000-8000-000000000001"
OPERATION = "operations/0199c5a0-0000-7000-8000-000000000001"


def violations(**fields: Any) -> dict[str, str]:
    """Return the paths of the wrong members of a body, each with what is said of it."""
    with pytest.raises(InvalidRequest) as raised:
        read_order({**ORDER, **fields})
    return {one.field: one.description for one in raised.value.violations}


def request(**fields: Any) -> GenerateVideosRequest:
    return read_order({**ORDER, **fields}).request


def of_task(task: str) -> dict[str, Any]:
    return {"generation_config": {"video_config": {"task": task}}}


def image() -> Image:
    return Image(data=PNG, mime_type="image/png")


def test_every_member_arrives() -> None:
    order = read_order(
        {
            "model": OMNI,
            "input": "a paper boat",
            "background": True,
            "stream": True,
            "store": True,
            "labels": {"team": "a"},
            "service_tier": "standard",
            "response_modalities": ["video"],
            "response_format": [
                {
                    "type": "video",
                    "aspect_ratio": "9:16",
                    "duration": "5.000s",
                    "resolution": "1080p",
                    "delivery": "uri",
                    "gcs_uri": "gs://bucket/videos",
                }
            ],
            "generation_config": {"seed": 7, "video_config": {"task": "text_to_video"}},
        }
    )

    assert order.request == GenerateVideosRequest(
        model=OMNI,
        prompt="a paper boat",
        config=GenerateVideosConfig(
            aspect_ratio="9:16",
            duration_seconds=5,
            resolution="1080p",
            seed=7,
            output_gcs_uri="gs://bucket/videos",
            labels={"team": "a"},
        ),
    )
    assert (order.background, order.stream, order.delivery) == (True, True, Delivery.BY_SETTING)


@pytest.mark.parametrize(
    "given",
    [
        "a paper boat",
        {"type": "text", "text": "a paper boat"},
        [{"type": "text", "text": "a paper boat"}],
        {"type": "user_input", "content": [{"type": "text", "text": "a paper boat"}]},
        [{"type": "user_input", "content": [{"type": "text", "text": "a paper boat"}]}],
    ],
)
def test_an_input_has_four_forms_and_each_says_the_same(given: Any) -> None:
    assert request(input=given).prompt == "a paper boat"


def test_texts_of_one_input_are_lines_of_one_prompt() -> None:
    assert request(input=[TEXT, {"type": "text", "text": "in rain"}]).prompt == "at night\nin rain"


def test_one_image_is_the_first_frame() -> None:
    read = request(input=[PICTURE, TEXT])
    assert (read.image, read.prompt) == (image(), "at night")


def test_two_images_are_the_first_frame_and_the_last_if_the_task_says_so() -> None:
    read = request(input=[PICTURE, PICTURE], **of_task("image_to_video"))
    assert read.image == image()
    assert read.config.last_frame == image()


@pytest.mark.parametrize(
    ("prompt", "count"), [("a boat", 2), ("<IMAGE_REF_0> on a boat", 1), ("a boat", 10)]
)
def test_images_are_references_where_google_takes_them_for_such(prompt: str, count: int) -> None:
    read = request(input=[*[PICTURE] * count, {"type": "text", "text": prompt}])
    reference = ReferenceImage(image=image(), reference_type=ReferenceImage.ASSET)
    assert list(read.config.reference_images) == [reference] * count


def test_a_video_is_extended_if_the_task_says_so() -> None:
    read = request(input=[CLIP, TEXT], **of_task("extend"))
    file = FileData(file_uri="gs://bucket/clip.mp4", mime_type="video/mp4")
    assert read.video == Video(file_data=file)


def test_a_previous_interaction_is_the_previous_operation() -> None:
    assert request(previous_interaction_id=EARLIER).previous_operation == OPERATION


@pytest.mark.parametrize("delivery", ["inline", "uri"])
def test_a_requested_delivery_is_kept(delivery: str) -> None:
    order = read_order({**ORDER, "response_format": {"type": "video", "delivery": delivery}})
    assert order.delivery is Delivery(f".{delivery}")


@pytest.mark.parametrize(
    "sent",
    [
        GenerateVideosRequest(prompt="a boat", config=GenerateVideosConfig(seed=7)),
        GenerateVideosRequest(prompt="a boat", image=image()),
        GenerateVideosRequest(
            prompt="<FIRST_FRAME> <LAST_FRAME> a boat",
            image=image(),
            config=GenerateVideosConfig(last_frame=image()),
        ),
        GenerateVideosRequest(
            prompt="a boat",
            config=GenerateVideosConfig(
                reference_images=[
                    ReferenceImage(image=image(), reference_type=ReferenceImage.ASSET)
                ]
            ),
        ),
        GenerateVideosRequest(
            prompt="a boat",
            video=Video(data=MP4, mime_type="video/mp4"),
            config=GenerateVideosConfig(duration_seconds=4),
        ),
        GenerateVideosRequest(
            prompt="a boat",
            config=GenerateVideosConfig(
                output_gcs_uri="gs://bucket/videos",
                resolution="4k",
                aspect_ratio="16:9",
                labels={"team": "a"},
            ),
        ),
    ],
)
def test_what_longtake_sends_to_google_it_reads_as_what_it_was(sent: GenerateVideosRequest) -> None:
    sent.model = OMNI
    read = read_order(value_of(encode_submission(OMNI, sent, "agent_platform"))).request
    # An empty message is the same as none.
    sent.config.SetInParent()
    read.config.SetInParent()
    assert read == sent


UNKNOWN_MEMBERS: Mapping[str, dict[str, Any]] = {
    "surprise": {"surprise": 1},
    "response_format.surprise": {"response_format": {"type": "video", "surprise": 1}},
    "response_format[0].surprise": {"response_format": [{"type": "video", "surprise": 1}]},
    "generation_config.surprise": {"generation_config": {"surprise": 1}},
    "generation_config.video_config.surprise": {
        "generation_config": {"video_config": {"surprise": 1}}
    },
    "input.surprise": {"input": {**TEXT, "surprise": 1}},
    "input[1].surprise": {"input": [TEXT, {**PICTURE, "surprise": 1}]},
    "input[0].content[0].surprise": {
        "input": [{"type": "user_input", "content": [{**TEXT, "surprise": 1}]}]
    },
    "input[0].surprise": {"input": [{"type": "user_input", "content": [TEXT], "surprise": 1}]},
}


@pytest.mark.parametrize("path", UNKNOWN_MEMBERS)
def test_an_unknown_member_is_refused_by_its_path_at_any_depth(path: str) -> None:
    assert violations(**UNKNOWN_MEMBERS[path]) == {path: "there is no such member"}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("model", {"model": 7}),
    ("background", {"background": "yes"}),
    ("stream", {"stream": 1}),
    ("store", {"store": False}),
    ("input", {"input": 7}),
    ("input[0]", {"input": ["a boat"]}),
    ("input[0].text", {"input": [{"type": "text"}]}),
    ("input[0].type", {"input": [{"type": "audio", "data": "AAAA"}]}),
    ("input[0].type", {"input": [{"text": "a boat"}]}),
    ("input[0].data", {"input": [{"type": "image", "data": "%"}]}),
    ("input[0]", {"input": [{"type": "image", "mime_type": "image/png"}]}),
    ("input[0]", {"input": [{**PICTURE, "uri": "gs://bucket/picture.png"}]}),
    ("input[0].resolution", {"input": [{**PICTURE, "resolution": "high"}]}),
    ("input[0].processing", {"input": [{**CLIP, "processing": "static"}], **of_task("extend")}),
    ("input[0].content", {"input": [{"type": "user_input"}]}),
    ("input[0]", {"input": [{"type": "model_output", "content": [CLIP]}]}),
    ("input[1]", {"input": [{"type": "user_input", "content": [TEXT]}] * 2}),
    ("input[0]", {"input": [CLIP, TEXT]}),
    ("input", {"input": [PICTURE], **of_task("text_to_video")}),
    ("input", {"input": "a boat", **of_task("extend")}),
    ("input", {"input": [PICTURE] * 11}),
    ("previous_interaction_id", {"previous_interaction_id": "operations/1"}),
    ("previous_interaction_id", {"previous_interaction_id": 7}),
    ("previous_interaction_id", of_task("edit")),
    (
        "previous_interaction_id",
        {"previous_interaction_id": EARLIER, "input": [CLIP], **of_task("extend")},
    ),
    ("response_format", {"response_format": "video"}),
    ("response_format", {"response_format": []}),
    ("response_format.type", {"response_format": {}}),
    ("response_format.type", {"response_format": {"type": "image"}}),
    ("response_format.duration", {"response_format": {"type": "video", "duration": 5}}),
    ("response_format.duration", {"response_format": {"type": "video", "duration": "5"}}),
    ("response_format.duration", {"response_format": {"type": "video", "duration": "5.5s"}}),
    ("response_format.delivery", {"response_format": {"type": "video", "delivery": "mail"}}),
    (
        "response_format.gcs_uri",
        {"response_format": {"type": "video", "delivery": "inline", "gcs_uri": "gs://b/c"}},
    ),
    ("generation_config", {"generation_config": []}),
    ("generation_config.seed", {"generation_config": {"seed": -1}}),
    ("generation_config.seed", {"generation_config": {"seed": True}}),
    ("generation_config.temperature", {"generation_config": {"temperature": 0}}),
    ("generation_config.video_config.task", of_task("upscale")),
    ("labels", {"labels": ["a"]}),
    ("labels.team", {"labels": {"team": 7}}),
    ("agent", {"agent": "deep-research"}),
    ("safety_settings", {"safety_settings": [{"type": "dangerous", "threshold": "off"}]}),
    ("service_tier", {"service_tier": "flex"}),
    ("response_modalities", {"response_modalities": ["video", "text"]}),
    ("system_instruction", {"system_instruction": "be brief"}),
    ("tools", {"tools": [{"type": "google_search"}]}),
    ("webhook_config", {"webhook_config": {"uris": ["https://example.com"]}}),
]


@pytest.mark.parametrize(("path", "fields"), WRONG)
def test_a_wrong_member_is_named_and_told_what_is_accepted(
    path: str, fields: dict[str, Any]
) -> None:
    (told,) = violations(**fields).items()
    assert told[0] == path
    assert told[1]


def test_all_wrong_members_are_named_at_once() -> None:
    told = violations(model=7, surprise=1, response_format={"type": "audio", "duration": 5})
    assert set(told) == {"model", "surprise", "response_format.type", "response_format.duration"}


@pytest.mark.parametrize("name", ["safety_settings", "tools", "environment", "system_instruction"])
def test_a_member_without_a_value_is_absent(name: str) -> None:
    assert request(**{name: None}) == request()


@pytest.mark.parametrize(
    ("field", "member"),
    [
        ("model", "model"),
        ("prompt", "input"),
        ("config.duration_seconds", "response_format.duration"),
        ("config.output_gcs_uri", "response_format.gcs_uri"),
        ("config.seed", "generation_config.seed"),
        ("previous_operation", "previous_interaction_id"),
        ("config.reference_images", "input"),
        ("config.reference_images[1].image", "input[0].content[1]"),
        ("config.reference_images[1].image.data", "input[0].content[1].data"),
        ("config.reference_images[1].image.mime_type", "input[0].content[1].mime_type"),
        ("config.reference_images[10].image", "config.reference_images[10].image"),
        ("video.file_data.file_uri", "input.uri"),
        ("video.file_data.mime_type", "input.mime_type"),
    ],
)
def test_a_violation_names_the_member_of_the_body(field: str, member: str) -> None:
    places = {"config.reference_images[1]": "input[0].content[1]", "video": "input"}
    told = in_the_bodys_words(InvalidRequest([Violation(field, "it is wrong")]), places)
    assert told.violations == (Violation(member, "it is wrong"),)


def test_a_violation_speaks_of_members_of_the_body() -> None:
    said = Violation("prompt", "previous_operation or config.reference_images and an image")
    told = in_the_bodys_words(InvalidRequest([said]), {})
    assert told.violations[0].description == "previous_interaction_id or input and an image"
