# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The media type that media are sent with, and which types a model accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake.media_types import IMAGES, VIDEOS
from longtake.v1.media_pb2 import FileData, Image, Video
from longtake_server.operations.requests.media_types import type_sent
from operations.operations_requests import (
    AVI,
    CATALOGUE,
    JPEG,
    MOV,
    MP4,
    PNG,
    VEO_2,
    VEO_31,
    WEBP,
    accept,
    ask,
    violations,
)

if TYPE_CHECKING:
    from longtake.media_types import MediaTypes
    from longtake_server.operations.requests.catalogue import ModelEntry

OMNI = "gemini-omni-1.2-flash"
FLV = b"FLV\x01\x05\x00\x00\x00\x09"
ALIASES = {
    "video/quicktime": "video/mov",
    "video/x-msvideo": "video/avi",
    "video/x-ms-wmv": "video/wmv",
    "video/x-flv": "video/flv",
    "video/mpg": "video/mpeg",
    "video/mpegps": "video/mpeg",
    "Video/MP4; codecs=avc1": "video/mp4",
}


@pytest.mark.parametrize("model", [VEO_2, OMNI])
@pytest.mark.parametrize(("said", "sent"), ALIASES.items())
def test_every_usual_name_of_a_file_is_taken_and_sent_by_the_documented_one(
    model: str, said: str, sent: str
) -> None:
    video = Video(file_data=FileData(file_uri="gs://bucket/clip", mime_type=said))
    assert accept(ask(model, video=video)).id == model
    assert type_sent(video) == sent


@pytest.mark.parametrize("said", ["", "video/quicktime", "video/mov", "video/mp4", "video/x-flv"])
@pytest.mark.parametrize(
    ("data", "sent"), [(MOV, "video/mov"), (AVI, "video/avi"), (FLV, "video/flv")]
)
def test_the_bytes_of_a_video_decide(data: bytes, said: str, sent: str) -> None:
    video = Video(data=data, mime_type=said)
    assert accept(ask(VEO_2, video=video)).id == VEO_2
    assert type_sent(video) == sent


@pytest.mark.parametrize("said", ["", "image/jpg", "IMAGE/PNG", "image/webp", "image/gif"])
@pytest.mark.parametrize(
    ("data", "sent"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp")]
)
def test_the_bytes_of_an_image_decide(data: bytes, said: str, sent: str) -> None:
    image = Image(data=data, mime_type=said)
    assert accept(ask(image=image)).id == VEO_31
    assert type_sent(image) == sent


@pytest.mark.parametrize("said", ["video/quicktime", "video/mov", "video/x-m4v"])
def test_an_mp4_with_the_name_of_another_type_is_an_mp4(said: str) -> None:
    # Veo 3.1 extends only MP4, which cameras also write to files named .mov.
    assert accept(ask(video=Video(data=MP4, mime_type=said))).id == VEO_31


@pytest.mark.parametrize("said", ["", "video/mov", "video/quicktime", "video/mp4"])
def test_a_model_that_takes_mp4_alone_says_so_once(said: str) -> None:
    (violation,) = violations(ask(video=Video(data=MOV, mime_type=said)))
    assert violation.field == ("video.mime_type" if said else "video.data")
    assert violation.description.count("video/mp4") == 1 + (said == "video/mp4")
    assert violation.description.endswith("accepted by model veo-3.1-generate-001 is video/mp4")


def test_a_contradiction_that_cannot_be_honoured_names_both_types() -> None:
    (violation,) = violations(ask(video=Video(data=MOV, mime_type="video/mp4")))
    assert "'video/mp4' contradicts the bytes, which are video/mov" in violation.description


def test_a_model_is_sent_no_type_that_its_documentation_does_not_name() -> None:
    (violation,) = violations(ask(VEO_2, video=Video(data=b"\x1a\x45\xdf\xa3\x42\x82\x84webm")))
    assert violation.description.startswith("it is video/webm; accepted by model veo-2.0")


@pytest.mark.parametrize("entry", CATALOGUE.models, ids=lambda entry: entry.id)
def test_every_type_of_the_catalogue_is_canonical_and_listed_once(entry: ModelEntry) -> None:
    types = entry.extension_types
    assert [VIDEOS.canonical(one) for one in types] == list(types)
    assert len(set(types)) == len(types)


@pytest.mark.parametrize("table", [IMAGES, VIDEOS])
def test_accepted_types_are_canonical(table: MediaTypes) -> None:
    accepted = table.accepted
    assert [table.canonical(one) for one in accepted] == list(accepted)
