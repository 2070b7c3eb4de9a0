# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules of validation, except those for media: the field in error and what is accepted."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from google.protobuf.duration_pb2 import Duration
from longtake.v1.generation_pb2 import GenerateVideosConfig
from operations.operations_requests import (
    IMAGE,
    VEO_2,
    VIDEO,
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
        "no model for this mode; accepted by it is QUALITY",
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
        "it cannot be combined with config.compression_quality",
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
