# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the Python client makes of the arguments of generate_videos."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from fakes.video_service import Call, video_service
from longtake.types import FileData, GenerateVideosConfig, Image, Video
from longtake.v1.generation_pb2 import GenerateVideosConfig as ConfigMessage
from stubs.stubs_config import EVERY_FIELD, IMAGE, IN_THE_CONTRACT, JPEG
from stubs.stubs_messages import MODEL, NAME, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.types import GenerateVideosConfigDict
    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

AS_STRINGS = {
    **EVERY_FIELD,
    "safety_filter_level": "BLOCK_SOME",
    "person_generation": "allow_adult",
    "generation_mode": "Economy",
    "compression_quality": "lossless",
    "camera_control": "push-in",
    "resize_mode": "crop",
}


def test_the_expectation_has_every_field_of_the_contract() -> None:
    given = {descriptor.name for descriptor, _ in IN_THE_CONTRACT.ListFields()}

    assert given == set(ConfigMessage.DESCRIPTOR.fields_by_name)


@pytest.mark.parametrize(
    "config",
    [
        GenerateVideosConfig(**EVERY_FIELD),
        cast("GenerateVideosConfigDict", EVERY_FIELD),
        cast("GenerateVideosConfigDict", AS_STRINGS),
    ],
    ids=["object", "dict", "dict of strings"],
)
def test_every_field_of_the_config_reaches_the_contract(
    caller: MakeCaller, config: GenerateVideosConfig | GenerateVideosConfigDict
) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(model=MODEL, prompt="a dog", config=config)

        assert service.requests("GenerateVideos")[0].config == IN_THE_CONTRACT


def test_everything_beside_the_config_reaches_the_contract_too(caller: MakeCaller) -> None:
    video = Video(file_data=FileData("gs://bucket/a.mp4", "video/mp4"))
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(
            model=MODEL,
            prompt="a dog",
            image=IMAGE,
            video=video,
            resubmit_if_unknown=True,
            queue_timeout=timedelta(seconds=1.5),
            priority=-100,
            allow_model_fallback=True,
            previous_operation=NAME,
        )

        request = service.requests("GenerateVideos")[0]
        assert (request.model, request.prompt) == (MODEL, "a dog")
        assert (request.image.data, request.image.mime_type) == (JPEG, "image/jpeg")
        assert request.video.file_data.file_uri == "gs://bucket/a.mp4"
        assert request.queue_timeout.ToMilliseconds() == 1500
        assert (request.resubmit_if_unknown, request.allow_model_fallback) == (True, True)
        assert (request.priority, request.previous_operation) == (-100, NAME)
        assert not request.HasField("config")


def test_what_is_not_given_is_absent(caller: MakeCaller) -> None:
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(model=MODEL, prompt="a dog", config={})

        request = service.requests("GenerateVideos")[0]
        assert [field.name for field, _ in request.config.ListFields()] == []
        assert {field.name for field, _ in request.ListFields()} - {"config"} == {
            "model",
            "prompt",
            "request_id",
        }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("aspect_ratio", 16),
        ("duration", "8"),
        ("duration", True),
        ("negative_prompt", b"rain"),
        ("safety_filter_level", "block_all"),
        ("person_generation", "everybody"),
        ("compressed", "yes"),
        ("generation_mode", 1),
        ("number_of_videos", 1.5),
        ("resolution", 720),
        ("fps", 1 << 31),
        ("seed", -1),
        ("seed", 1 << 32),
        ("enhance_prompt", 0),
        ("generate_audio", "on"),
        ("compression_quality", "best"),
        ("last_frame", JPEG),
        ("reference_images", [IMAGE]),
        ("mask", IMAGE),
        ("camera_control", "zoom"),
        ("resize_mode", "stretch"),
        ("labels", {"team": 1}),
        ("labels", ["team=ads"]),
        ("output_gcs_uri", ["gs://bucket"]),
        ("pubsub_topic", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:20],
)
def test_a_wrong_field_of_the_config_is_named(
    caller: MakeCaller, field: str, value: object
) -> None:
    with video_service() as service, pytest.raises(ValueError, match=rf"^config\.{field}\b.*: "):
        caller(service.address).generate(model=MODEL, prompt="a dog", config={field: value})


def test_a_field_that_does_not_exist_is_refused_with_its_neighbour(caller: MakeCaller) -> None:
    with (
        video_service() as service,
        pytest.raises(
            ValueError, match=r"^config: .* 'aspect_ration'; did you mean 'aspect_ratio'\?$"
        ),
    ):
        caller(service.address).generate(model=MODEL, prompt="x", config={"aspect_ration": "16:9"})


def test_both_names_of_the_length_must_say_the_same() -> None:
    assert GenerateVideosConfig(duration=8, duration_seconds=8).duration == 8
    assert GenerateVideosConfig(duration_seconds=6).duration == 6
    with pytest.raises(ValueError, match=r"config\.duration: 8 differs"):
        GenerateVideosConfig(duration=8, duration_seconds=6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": "landscape.jpg"}, "image: str is not accepted; it is an Image"),
        ({"image": Image(data=cast("bytes", "x"))}, r"image\.data: str is not accepted"),
        ({"video": IMAGE}, "video: Image is not accepted; it is a Video"),
        ({"priority": "high"}, "priority: str is not accepted; it is a whole number from -100 to"),
        ({"priority": 1.5}, r"priority: 1\.5 is not accepted"),
        ({"queue_timeout": "soon"}, "queue_timeout: str is not accepted; give a number of seconds"),
        ({"queue_timeout": float("nan")}, "queue_timeout: nan is not accepted"),
        ({"queue_timeout": 1e300}, r"queue_timeout: 1e\+300 is not accepted"),
        ({"resubmit_if_unknown": "yes"}, "resubmit_if_unknown: str is not accepted; it is True or"),
        ({"previous_operation": 1}, "previous_operation: 1 is not accepted; it is the name of"),
        ({"model": 5}, "model: 5 is not accepted; it is a string"),
        ({"prompt": 0}, "prompt: 0 is not accepted; it is a string"),
        ({"request_id": 5}, "request_id: 5 is not accepted; it is a string"),
        ({"request_id": ""}, "request_id: it is empty; it is a UUID of version 4"),
        ({"config": "fast"}, "config: str is not accepted; it is a GenerateVideosConfig or a dict"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_named(
    caller: MakeCaller, arguments: dict[str, object], message: str
) -> None:
    with video_service() as service, pytest.raises(ValueError, match=f"^{message}"):
        caller(service.address).generate(**{"model": MODEL, "prompt": "a dog"} | arguments)
