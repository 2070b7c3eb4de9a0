# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The bodies of interactions that are taken, and those that are refused, by field."""

from __future__ import annotations

import base64
import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from veo_simulator.errors import GoogleError
from veo_simulator.interaction_orders import InteractionOrder, read_interaction_order
from veo_simulator.omni_models import DEVELOPER, OMNI_MODELS, PLATFORM

DATA = base64.b64encode(b"x").decode()
TEXT = {"type": "text", "text": "a dog"}
IMAGE = {"type": "image", "data": DATA, "mime_type": "image/png"}
VIDEO = {"type": "video", "uri": "gs://bucket/a.mp4", "mime_type": "video/mp4"}
FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc123:download?alt=media"
MODEL = "gemini-omni-1.2-flash"
FLASH_1_1 = "gemini-omni-1.1-flash-preview"


def read(value: object = "a dog", host: str = PLATFORM, **fields: Any) -> InteractionOrder:
    return read_interaction_order(host, {"model": MODEL, "input": value, **fields})


def task(name: str) -> dict[str, Any]:
    return {"generation_config": {"video_config": {"task": name}}}


def form(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "video", **fields}}


def test_what_is_not_given_has_a_default() -> None:
    order = read()
    assert (order.task, order.seconds, order.resolution) == ("text_to_video", 5, "720p")
    assert (order.aspect_ratio, order.by_uri, order.folder) == ("16:9", False, None)
    assert (order.background, order.stream, order.store) == (False, False, True)
    assert order.prompt == "a dog"


@pytest.mark.parametrize(
    "value",
    [
        "a dog",
        TEXT,
        [TEXT],
        ["a dog"],
        [{"type": "user_input", "content": [TEXT]}],
        [{"type": "user_input", "content": "a dog"}],
        [
            {"type": "user_input", "content": [{"type": "text", "text": "a cat"}]},
            {"type": "thought", "signature": "s", "summary": []},
            {"type": "model_output", "content": [TEXT]},
            {"type": "user_input", "content": [TEXT]},
        ],
    ],
)
def test_an_input_has_four_forms(value: object) -> None:
    assert read(value).prompt == "a dog"


def test_the_video_that_the_model_made_before_is_edited() -> None:
    order = read(
        [
            {"type": "user_input", "content": [TEXT]},
            {"type": "model_output", "content": [VIDEO]},
            {"type": "user_input", "content": [TEXT]},
        ]
    )
    assert order.task == "edit"
    assert order.source is not None
    assert (order.source.bucket, order.source.name) == ("bucket", "a.mp4")


def test_a_response_format_may_be_a_list_of_one() -> None:
    one = {"type": "video", "duration": "15s", "aspect_ratio": "9:16"}
    assert read(response_format=[one]) == read(response_format=one)
    with pytest.raises(GoogleError, match="response_format: accepted is one"):
        read(response_format=[one, one])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([TEXT, IMAGE], "image_to_video"),
        ([TEXT, IMAGE, IMAGE], "reference_to_video"),
        ([{"type": "text", "text": "<IMAGE_REF_0> walks"}, IMAGE], "reference_to_video"),
        ([{"type": "text", "text": "from <FIRST_FRAME>"}, IMAGE, IMAGE], "image_to_video"),
        ([TEXT, VIDEO], "edit"),
        ([TEXT, VIDEO, IMAGE], "edit"),
    ],
)
def test_a_task_is_inferred_from_the_media(value: object, expected: str) -> None:
    assert read(value).task == expected


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (form(duration=5), "response_format.duration: 5; accepted"),
        (form(duration="16s"), "response_format.duration"),
        (form(duration="2s"), "response_format.duration"),
        (form(duration="5.5s"), "response_format.duration"),
        (form(resolution="8k"), "response_format.resolution"),
        (form(aspect_ratio="1:1"), "response_format.aspect_ratio"),
        (form(delivery="post"), "response_format.delivery"),
        (form(gcs_uri="s3://bucket"), "response_format.gcs_uri"),
        (form(sample_count=2), "response_format.sample_count: there is no such field"),
        ({"response_format": {"type": "audio"}}, "response_format.type"),
        ({"response_format": {}}, "response_format.type"),
        (task("paint"), "generation_config.video_config.task"),
        (task("image_to_video"), "input: 0 images"),
        (task("reference_to_video"), "input: task reference_to_video needs"),
        (task("extend"), "input: 0 videos"),
        ({"generation_config": {"temperature": 1}}, "generation_config.temperature"),
        ({"generation_config": {"seed": -1}}, "generation_config.seed"),
        ({"generation_config": {"negative_prompt": "x"}}, "generation_config.negative_prompt"),
        ({"system_instruction": "x"}, "system_instruction"),
        ({"store": False, "background": True}, "background: it needs store"),
        ({"previous_interaction_id": "1", **task("text_to_video")}, "previous_interaction_id"),
        ({"service_tier": "gold"}, "service_tier"),
        ({"instances": []}, "instances: there is no such field"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(GoogleError) as caught:
        read(**fields)
    assert named in caught.value.message
    assert caught.value.status == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("edit", "duration", "5s"),
        ("edit", "aspect_ratio", "16:9"),
        ("extend", "resolution", "720p"),
        ("extend", "aspect_ratio", "16:9"),
        ("extend", "duration", "11s"),
        ("upscale", "duration", "5s"),
        ("upscale", "resolution", "720p"),
    ],
)
def test_a_task_takes_its_own_fields_only(name: str, field: str, value: str) -> None:
    with pytest.raises(GoogleError, match=rf"response_format\.{field}"):
        read([TEXT, VIDEO], **task(name), **form(**{field: value}))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "input: a text is required"),
        ("", "input: a text is required"),
        ([TEXT, {"type": "audio", "data": DATA}], "input[1].type"),
        ([{"type": "image"}], "input[0]: exactly one of data and uri"),
        ([{**IMAGE, "uri": "gs://b/c"}], "input[0]: exactly one of data and uri"),
        ([{**IMAGE, "data": "?"}], "input[0].data: it is not base64"),
        ([{**IMAGE, "mime_type": "image/svg"}], "input[0].mime_type"),
        ([{"type": "image", "uri": FILE}], "input[0].uri: accepted is gs://"),
        ([IMAGE] * 11, "input: 11 images"),
        ([TEXT, VIDEO, VIDEO], "input: 2 videos"),
        ([TEXT, 7], "input[1]"),
        ("x [sim:explode]", "input: [sim:explode] is unknown"),
    ],
)
def test_a_wrong_input_is_named(value: object, named: str) -> None:
    with pytest.raises(GoogleError) as caught:
        read(value)
    assert named in caught.value.message


def test_the_developer_api_takes_files_and_no_buckets() -> None:
    order = read([TEXT, {"type": "video", "uri": FILE}], DEVELOPER)
    assert order.source is not None
    assert order.source.file == "abc123"
    with pytest.raises(GoogleError, match=r"input\[1\]\.uri: accepted is the address of a file"):
        read([TEXT, VIDEO], DEVELOPER)
    with pytest.raises(GoogleError, match=r"response_format\.gcs_uri"):
        read(host=DEVELOPER, **form(delivery="uri", gcs_uri="gs://bucket/a"))


def test_a_model_takes_what_it_can_do() -> None:
    preview = "gemini-omni-flash-preview"
    for fields in (form(duration="11s"), form(resolution="1080p"), task("extend")):
        with pytest.raises(GoogleError, match="accepted"):
            read(model=preview, **fields)
    with pytest.raises(GoogleError, match="task"):
        read([TEXT, VIDEO], model=FLASH_1_1, **task("upscale"))
    with pytest.raises(GoogleError, match="previous_interaction_id"):
        read(model=FLASH_1_1, previous_interaction_id="1")
    with pytest.raises(GoogleError, match="2 images"):
        read([TEXT, IMAGE, IMAGE], model=preview, **task("image_to_video"))


@pytest.mark.parametrize("host", [PLATFORM, DEVELOPER])
def test_a_model_is_served_on_its_hosts_only(host: str) -> None:
    for model, rules in OMNI_MODELS.items():
        if host in rules.hosts:
            assert read(host=host, model=model).model == model
        else:
            with pytest.raises(GoogleError, match=r"^model: .* is not served here"):
                read(host=host, model=model)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = ("input", "response_format", "generation_config", "store", "previous_interaction_id")


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_body_is_an_order_or_an_error_of_google(body: dict[str, Any]) -> None:
    with contextlib.suppress(GoogleError):
        order = read_interaction_order(PLATFORM, {"model": MODEL, **body})
        assert order.model == MODEL
