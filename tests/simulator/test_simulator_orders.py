# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A request is checked against its model, and all that is wrong is told at once."""

from __future__ import annotations

import base64
import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from veo_simulator.errors import GoogleError
from veo_simulator.models import MODELS
from veo_simulator.orders import Order, read_order

MODEL = "veo-3.1-generate-001"
IMAGE = {"bytesBase64Encoded": base64.b64encode(b"picture").decode(), "mimeType": "image/png"}
VIDEO = {"gcsUri": "gs://bucket/in.mp4", "mimeType": "video/mp4"}


def order(model: str = MODEL, *, parameters: object = None, **instance: object) -> Order:
    instances = [{"prompt": "a dog", **instance}]
    return read_order(model, {"instances": instances, "parameters": parameters})


def fields(error: GoogleError) -> set[str]:
    return {one["field"] for one in error.details[0]["fieldViolations"]}


def test_what_is_left_out_has_the_models_default() -> None:
    made = order()
    assert (made.samples, made.seconds, made.resolution, made.fps) == (1, 8, "720p", 24)
    assert (made.aspect_ratio, made.audio, made.lossless) == ("16:9", True, False)
    assert made.seed is None
    assert not order("veo-2.0-generate-001").audio


def test_every_field_is_read_in_either_case_of_its_values() -> None:
    made = order(
        image=IMAGE,
        lastFrame={"gcsUri": "gs://bucket/last.png"},
        parameters={
            "sampleCount": 2,
            "durationSeconds": 6.0,
            "fps": 24,
            "seed": 4294967295,
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "personGeneration": "ALLOW_ADULT",
            "pubsubTopic": "projects/p/topics/progress",
            "negativePrompt": "blur",
            "enhancePrompt": True,
            "generateAudio": False,
            "compressionQuality": "LOSSLESS",
            "resizeMode": "CROP",
            "storageUri": "gs://bucket/out/",
        },
    )
    assert (made.samples, made.seconds, made.seed) == (2, 6, 4294967295)
    assert (made.aspect_ratio, made.resolution, made.negative_prompt) == ("9:16", "1080p", "blur")
    assert (made.audio, made.lossless, made.resize_mode) == (False, True, "crop")
    assert made.storage == ("bucket", "out")
    assert made.image is not None
    assert made.image.data == b"picture"
    assert made.last_frame is not None
    assert (made.last_frame.bucket, made.last_frame.name) == ("bucket", "last.png")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(GoogleError) as refused:
        order(
            image={},
            color="red",
            parameters={"durationSeconds": 5, "sampleCount": "many", "seed": -1, "speed": 2},
        )
    assert refused.value.status == "INVALID_ARGUMENT"
    assert fields(refused.value) == {
        "instances[0].image",
        "instances[0].color",
        "parameters.durationSeconds",
        "parameters.sampleCount",
        "parameters.seed",
        "parameters.speed",
    }


@pytest.mark.parametrize(
    ("instance", "field"),
    [
        ({"prompt": None}, "prompt"),
        ({"image": IMAGE, "video": VIDEO}, "video"),
        ({"mask": {**IMAGE, "maskMode": "insert"}}, "mask"),
        ({"image": {"bytesBase64Encoded": "%"}}, "image.bytesBase64Encoded"),
        ({"image": {"gcsUri": "https://x/y"}}, "image.gcsUri"),
        ({"image": {**IMAGE, "mimeType": "image/svg"}}, "image.mimeType"),
        ({"video": {**IMAGE, "mimeType": "video/quicktime"}}, "video.mimeType"),
        ({"lastFrame": IMAGE}, "lastFrame"),
        ({"referenceImages": [{"image": IMAGE}]}, "referenceImages[0].referenceType"),
        ({"referenceImages": [{"referenceType": "asset"}]}, "referenceImages[0].image"),
        ({"referenceImages": [{"image": IMAGE, "referenceType": "style"}]}, "referenceImages"),
        ({"cameraControl": "pan_left", "image": IMAGE}, "cameraControl"),
        ({"prompt": "x [sim:nonsense]"}, "prompt"),
        ({"prompt": "x [sim:latency seconds=soon]"}, "prompt"),
        ({"prompt": "x [sim:filter colour=red]"}, "prompt"),
    ],
)
def test_what_a_model_cannot_do_is_named(instance: dict[str, Any], field: str) -> None:
    with pytest.raises(GoogleError) as refused:
        order(**instance)
    assert f"instances[0].{field}" in fields(refused.value)


@pytest.mark.parametrize("model", MODELS)
def test_each_model_takes_what_it_documents_and_nothing_else(model: str) -> None:
    rules = MODELS[model]
    for seconds in range(1, 12):
        if seconds in rules.durations:
            assert order(model, parameters={"durationSeconds": seconds}).seconds == seconds
        else:
            with pytest.raises(GoogleError):
                order(model, parameters={"durationSeconds": seconds})
    for resolution in rules.resolutions:
        assert order(model, parameters={"resolution": resolution}).resolution == resolution
    with pytest.raises(GoogleError):
        order(model, parameters={"sampleCount": rules.most_samples + 1})


@pytest.mark.parametrize(
    "name", ["scene#12.png", "what?.png", "a?b=c#d/e.png", " 100%.png", "a.png#1/notes", "é/部.png"]
)
def test_everything_after_the_bucket_is_the_name_of_an_object(name: str) -> None:
    made = order(image={"gcsUri": f"gs://bucket/{name}"}, parameters={"storageUri": "gs://b-1/x#?"})
    assert made.image is not None
    assert (made.image.bucket, made.image.name) == ("bucket", name)
    assert made.storage == ("b-1", "x#?")


def labelled(labels: object) -> None:
    read_order(MODEL, {"instances": [{"prompt": "x"}], "labels": labels})


def test_labels_by_the_documented_rules_are_taken() -> None:
    labelled({"team": "ads", "équipe_1-a": "größe", "k" * 63: "v" * 63, "部門": "", "a": "1-_"})
    labelled({f"k{number}": "" for number in range(64)})


@pytest.mark.parametrize(
    "labels",
    [
        {"Team": "ads"},
        {"user": "a@b.c"},
        {"1st": "x"},
        {"a b": "c"},
        {"": "x"},
        {"team": "Ads"},
        {"team": 7},
        {"k" * 64: "x"},
        {"k": "v" * 64},
        {f"k{number}": "" for number in range(65)},
        ["team"],
    ],
)
def test_other_labels_are_refused_in_googles_form(labels: object) -> None:
    with pytest.raises(GoogleError) as refused:
        labelled(labels)
    error = refused.value.http_body()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert fields(refused.value) == {"labels"}


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(GoogleError) as refused:
        order("sora")
    assert refused.value.http_status == 404


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)
_names = ["prompt", "image", "video", "mask", "lastFrame", "referenceImages", "cameraControl"]
_settings = ["sampleCount", "durationSeconds", "seed", "storageUri", "fps", "generateAudio"]


@given(
    instance=st.dictionaries(st.sampled_from(_names), _json),
    parameters=_json | st.dictionaries(st.sampled_from(_settings), _json),
    body=_json,
)
def test_any_json_is_read_or_refused(instance: object, parameters: object, body: object) -> None:
    for request in (body, {"instances": [instance], "parameters": parameters}):
        with contextlib.suppress(GoogleError):
            assert read_order(MODEL, request).model == MODEL
