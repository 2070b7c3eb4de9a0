# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs under the names that google-genai has: the request is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from longtake import types
from longtake.types import FileData, GenerateVideosConfig, GenerateVideosSource, Image, Video
from stubs.stubs_config import IMAGE, IN_BUCKET, JPEG, PNG
from stubs.stubs_messages import MODEL, operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

MP4 = b"\x00\x00\x00\x18ftypmp42 a clip"
CLIP = Video.from_bytes(MP4)
STYLE = types.ReferenceImage(IN_BUCKET, "style")
MASK = types.Mask(Image.from_bytes(PNG), "insert")


def _sent(caller: MakeCaller, **arguments: Any) -> Any:
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(model=MODEL, request_id="an id", **arguments)
        return service.requests("GenerateVideos")[0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"source": GenerateVideosSource(prompt="a dog", image=IMAGE)},
        {"source": {"prompt": "a dog", "image": IMAGE}},
        {"source": {"prompt": "a dog", "image": {"image_bytes": JPEG}}},
        {"prompt": "a dog", "image": {"image_bytes": JPEG, "mime_type": "image/jpeg"}},
        {"prompt": "a dog", "image": Image(image_bytes=JPEG)},
    ],
    ids=["source", "dict", "nested dict", "image as a dict", "image_bytes"],
)
def test_every_form_of_the_inputs_sends_the_same(
    caller: MakeCaller, arguments: dict[str, Any]
) -> None:
    assert _sent(caller, **arguments) == _sent(caller, prompt="a dog", image=IMAGE)


@pytest.mark.parametrize(
    "video", [Video(video_bytes=MP4), {"video_bytes": MP4}], ids=["object", "dict"]
)
def test_a_video_may_be_given_by_its_bytes(caller: MakeCaller, video: Any) -> None:
    assert _sent(caller, source={"video": video}) == _sent(caller, video=CLIP)


@pytest.mark.parametrize(
    "video",
    [
        Video(uri="gs://bucket/clip", mime_type="video/mp4"),
        Video(uri="gs://bucket/clip.mp4"),
        {"uri": "gs://bucket/clip.mp4"},
    ],
    ids=["object", "by its suffix", "dict"],
)
def test_a_video_may_be_given_by_its_address(caller: MakeCaller, video: Any) -> None:
    sent = _sent(caller, video=video).video.file_data

    assert sent.file_uri.startswith("gs://bucket/clip")
    assert sent.mime_type == "video/mp4"


def test_the_inputs_of_a_config_may_be_dicts(caller: MakeCaller) -> None:
    config = {
        "last_frame": {"image_bytes": JPEG},
        "reference_images": [
            {"image": {"gcs_uri": "gs://bucket/style.png"}, "reference_type": "STYLE"}
        ],
        "mask": {"image": {"image_bytes": PNG}, "mask_mode": "INSERT"},
    }
    objects = GenerateVideosConfig(last_frame=IMAGE, reference_images=[STYLE], mask=MASK)

    assert _sent(caller, prompt="a dog", config=config) == _sent(
        caller, prompt="a dog", config=objects
    )


@pytest.mark.parametrize("given", [{"prompt": "a dog"}, {"image": IMAGE}, {"video": CLIP}])
def test_inputs_given_in_both_ways_are_refused(caller: MakeCaller, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^source: prompt, image or video is given as well"):
        _sent_nothing(caller, source={"prompt": "a cat"}, **given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "a dog"}, "source: str is not accepted; it is a GenerateVideosSource or a"),
        ({"source": {"promt": "x"}}, "source: there is no field 'promt'; did you mean 'prompt'?"),
        ({"source": {"image": {"bytes": JPEG}}}, "source.image: there is no field 'bytes'; did"),
        ({"source": {"prompt": 7}}, "prompt: 7 is not accepted; it is a string"),
        ({"image": {"image_bytes": b"?"}}, "image: its bytes: its bytes are not an image"),
        ({"image": {"gcs_uri": "gs://b/o"}}, "image: mime_type: the name in 'gs://b/o' does not"),
        ({"image": {"image_bytes": JPEG, "gcs_uri": "gs://b/o.png"}}, "image: Image: give only"),
        ({"video": {"video_uri": "gs://b/o"}}, "video: there is no field 'video_uri'"),
        ({"config": {"mask": {"mask_mode": "insert"}}}, "config.mask.image: it is missing"),
        (
            {"config": {"mask": {"image": IMAGE, "mask_mode": "no"}}},
            "config.mask.mask_mode: 'no' is not accepted",
        ),
        (
            {"config": {"reference_images": [STYLE, {"image": {"bytes": JPEG}}]}},
            "config.reference_images[1].reference_type: it is missing",
        ),
        ({"config": {"reference_images": [STYLE, 7]}}, "config.reference_images: list is not"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_input_is_named_before_anything_is_sent(
    caller: MakeCaller, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^\w") as caught:
        _sent_nothing(caller, **arguments)

    assert str(caught.value).startswith(message)


def _sent_nothing(caller: MakeCaller, **arguments: Any) -> None:
    with video_service() as service:
        caller(service.address).generate(model=MODEL, **arguments)


def test_an_input_is_read_under_both_names() -> None:
    image, clip = Image(gcs_uri="gs://bucket/o.png"), Video(uri="https://example.com/o.mp4")

    assert (image.gcs_uri, image.image_bytes) == ("gs://bucket/o.png", None)
    assert image.file_data == FileData("gs://bucket/o.png", "image/png")
    assert (clip.uri, clip.video_bytes) == ("https://example.com/o.mp4", None)
    assert (IMAGE.image_bytes, IMAGE.gcs_uri) == (JPEG, None)
    assert (CLIP.video_bytes, CLIP.uri) == (MP4, None)


@pytest.mark.parametrize("form", [str, lambda path: path], ids=["str", "Path"])
def test_a_file_may_be_given_as_its_location(tmp_path: Path, form: Callable[[Path], Any]) -> None:
    place = tmp_path / "picture"
    place.write_bytes(PNG)

    assert Image.from_file(location=form(place)) == Image.from_file(place)


def test_a_location_may_be_in_a_bucket() -> None:
    made = Image.from_file(location="gs://bucket/o", mime_type="image/png")

    assert made == Image.from_url("gs://bucket/o", "image/png")


@pytest.mark.parametrize("given", [{}, {"path": "a.png", "location": "a.png"}], ids=["none", "two"])
def test_a_file_is_given_once(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"^from_file\(\): give the file as path or as location"):
        Image.from_file(**given)


def test_an_image_saves_its_bytes(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "copy.jpg")

    assert (tmp_path / "copy.jpg").read_bytes() == JPEG


def test_an_image_without_bytes_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^Image: it has no bytes to save"):
        IN_BUCKET.save(tmp_path / "copy.png")


def test_no_repr_shows_the_prompt() -> None:
    assert repr(GenerateVideosSource(prompt="hush")) == (
        "GenerateVideosSource(prompt=<4 characters>, image=None, video=None)"
    )
