# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The media type of an image or a video: from its bytes, its name, or what the caller says."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import pytest
from longtake.media_types import IMAGES, VIDEOS
from longtake.types import Image, Video
from PIL import Image as Picture

if TYPE_CHECKING:
    from pathlib import Path


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Picture.new("RGB", (64, 36), "red").save(file, kind)
    return file.getvalue()


def video(kind: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=24)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(176, 144, "yuv420p")))
        container.mux(stream.encode(None))
    return file.getvalue()


# As Pillow and FFmpeg write them.
PICTURES = {
    "image/jpeg": picture("JPEG"),
    "image/png": picture("PNG"),
    "image/webp": picture("WEBP"),
    "image/gif": picture("GIF"),
    "image/bmp": picture("BMP"),
    "image/tiff": picture("TIFF"),
    "image/avif": picture("AVIF"),
}
CLIPS = {
    "video/mp4": video("mp4", "mpeg4"),
    "video/mov": video("mov", "mpeg4"),
    "video/mpeg": video("mpeg", "mpeg1video"),
    "video/avi": video("avi", "mpeg4"),
    "video/wmv": video("asf", "wmv2"),
    "video/flv": video("flv", "flv1"),
    "video/webm": video("webm", "libvpx"),
    "video/3gpp": video("3gp", "h263"),
    "video/matroska": video("matroska", "mpeg4"),
    "video/mp2t": video("mpegts", "mpeg2video"),
}
ACCEPTED = {name: data for name, data in CLIPS.items() if name in VIDEOS.accepted}


@pytest.mark.parametrize("name", CLIPS)
def test_a_container_is_recognised(name: str) -> None:
    assert VIDEOS.of_bytes(CLIPS[name])[0] == name
    assert IMAGES.of_bytes(CLIPS[name]) == ()


@pytest.mark.parametrize("name", PICTURES)
def test_an_image_is_recognised(name: str) -> None:
    assert IMAGES.of_bytes(PICTURES[name]) == (name,)
    assert VIDEOS.of_bytes(PICTURES[name]) == ()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("video/quicktime", "video/mov"),
        ("video/mov", "video/mov"),
        ("VIDEO/QuickTime; codecs=avc1", "video/mov"),
        ("video/x-msvideo", "video/avi"),
        ("video/x-ms-wmv", "video/wmv"),
        ("video/x-flv", "video/flv"),
        (" video/mpg ", "video/mpeg"),
        ("video/mpegps", "video/mpeg"),
        ("video/3gpp2", "video/3gpp"),
        ("video/x-m4v", "video/mp4"),
    ],
)
def test_every_usual_name_of_a_video_is_taken(said: str, name: str) -> None:
    assert Video.from_bytes(ACCEPTED[name], said).mime_type == name
    assert Video.from_url("gs://bucket/clip", said).mime_type == name


@pytest.mark.parametrize("said", ["image/jpg", "Image/JPEG", "image/pjpeg; q=1", " image/jpeg\n"])
def test_every_usual_name_of_an_image_is_taken(said: str) -> None:
    assert Image.from_bytes(PICTURES["image/jpeg"], said).mime_type == "image/jpeg"
    assert Image.from_url("https://example.com/", said).mime_type == "image/jpeg"


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("said", [None, "application/octet-stream", "video/x-matroska"])
def test_the_bytes_decide(name: str, said: str | None) -> None:
    assert Video.from_bytes(ACCEPTED[name], said).mime_type == name


@pytest.mark.parametrize("file", ["clip.mov", "clip.mp4", "clip", "clip.txt", "CLIP.MOV"])
def test_a_file_is_what_its_bytes_are_whatever_its_name(tmp_path: Path, file: str) -> None:
    place = tmp_path / file
    place.write_bytes(CLIPS["video/mov"])
    assert Video.from_file(place).mime_type == "video/mov"


def test_where_the_bytes_leave_it_open_the_said_type_counts() -> None:
    # An old QuickTime file, or an MP4, without the box that tells its brand.
    data = b"\x00\x00\x00\x08wide\x00\x00\x00\x08mdat"
    assert Video.from_bytes(data).mime_type == "video/mp4"
    assert Video.from_bytes(data, "video/quicktime").mime_type == "video/mov"


def test_a_type_of_another_kind_is_refused_with_both_names() -> None:
    message = r"^mime_type: 'text/plain' contradicts the bytes, which are image/png$"
    with pytest.raises(ValueError, match=message):
        Image.from_bytes(PICTURES["image/png"], "text/plain")


@pytest.mark.parametrize("name", sorted(CLIPS.keys() - ACCEPTED.keys()))
def test_a_type_that_no_model_takes_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"^data: its bytes are {name}; accepted are video/mp4"):
        Video.from_bytes(CLIPS[name])


def test_text_is_refused_with_each_accepted_type_once() -> None:
    with pytest.raises(ValueError, match=r"^data: its bytes are not a video; ") as raised:
        Video.from_bytes(b"some text")
    listed = str(raised.value).partition("accepted are ")[2].split(", ")
    assert listed == list(VIDEOS.accepted)
    assert len({VIDEOS.canonical(one) for one in listed}) == len(listed)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("gs://bucket/shots/scene#12.png", "image/png"),
        ("gs://bucket/shots/what?.PNG", "image/png"),
        ("gs://bucket/a?b=c.webp", "image/webp"),
        ("gs://bucket/100%.jpg", "image/jpeg"),
        ("gs://bucket/a;b.jpe", "image/jpeg"),
        ("GS://bucket/a#b.png", "image/png"),
        ("https://example.com/a.png?size=1.gif#b.jpg", "image/png"),
    ],
)
def test_the_end_of_a_name_tells_the_type(url: str, name: str) -> None:
    image = Image.from_url(url)
    assert image.mime_type == name
    assert image.file_data is not None
    assert image.file_data.file_uri == url


@pytest.mark.parametrize(
    "url",
    [
        "gs://bucket/a.png#1/notes",
        "gs://bucket/a.png/",
        "gs://images.png",
        "gs://bucket/.png",
        "gs://bucket/png",
        "gs://bucket/clip.mp4",
        "https://example.com/?name=a.png",
    ],
)
def test_a_name_that_does_not_tell_the_type_is_refused_with_a_way_to_give_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^mime_type: .*mime_type='image/jpeg'"):
        Image.from_url(url)
