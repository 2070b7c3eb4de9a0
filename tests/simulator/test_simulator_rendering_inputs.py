# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a caller gives is read as what it should be, and as nothing else."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image
from veo_simulator.media import MOST_SECONDS, read_image, read_mask, read_video
from veo_simulator.rendering import render
from veo_simulator.scene import Scene, UnreadableMedia

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 64
FPS = 24
SCENE = Scene(
    prompt="A paper boat",
    model="veo-2.0-generate-preview",
    seed=7,
    width=320,
    height=180,
    fps=FPS,
    seconds=1,
    audio=False,
    lossless=False,
    resize_mode="pad",
)


def encoded(image: Image.Image, kind: str = "PNG", transparent: int | None = None) -> bytes:
    file = io.BytesIO()
    extra = {} if transparent is None else {"transparency": transparent}
    image.save(file, kind, **extra)
    return file.getvalue()


def video(times: Iterable[int], kind: str = "mp4", codec: str = "libx264", fps: int = FPS) -> bytes:
    """Return grey frames that are shown at these multiples of a frame's length."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.full((SIDE, SIDE, 3), 90, np.uint8), "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG with so large a size in its header and next to nothing behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def first_frame(data: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


# Above 89 megapixels Pillow warns, and above 179 it refuses by itself.
@pytest.mark.parametrize("side", [7_072, 10_000, 20_000])
def test_an_image_above_fifty_megapixels_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(UnreadableMedia, match=r"^image: it has more than 50000000 pixels$"):
        read_image(png_that_claims(side, side), "image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_documented_image_formats_are_read(kind: str) -> None:
    image = read_image(encoded(Image.new("RGB", (SIDE, SIDE)), kind), "image")
    assert (image.mode, image.size) == ("RGB", (SIDE, SIDE))


@pytest.mark.parametrize("kind", ["EPS", "GIF", "BMP"])
def test_other_image_formats_are_not_opened(kind: str) -> None:
    with pytest.raises(UnreadableMedia, match=r"^lastFrame: "):
        read_image(encoded(Image.new("RGB", (SIDE, SIDE)), kind), "lastFrame")


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ("mp4", "libx264"),
        ("mov", "libx264"),
        ("flv", "libx264"),
        ("mpegts", "libx264"),
        ("mpeg", "mpeg1video"),
        ("avi", "mpeg4"),
        ("asf", "wmv2"),
        ("webm", "libvpx"),
    ],
)
def test_videos_in_other_containers_are_read_whole(kind: str, codec: str) -> None:
    assert len(list(read_video(video(range(FPS), kind, codec), FPS))) == FPS


def test_a_bare_mpeg_stream_is_read() -> None:
    # It has no timestamps; FFmpeg guesses them and may leave a hole of one frame.
    count = len(list(read_video(video(range(FPS), "mpeg1video", "mpeg1video"), FPS)))
    assert abs(count - FPS) <= 1


def test_a_playlist_does_not_open_a_file_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.mp4").write_bytes(video(range(FPS)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableMedia, match=r"^video: it cannot be decoded$"):
        list(read_video(b"ffconcat version 1.0\nfile secret.mp4\n", FPS))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_no_video(kind: str) -> None:
    with pytest.raises(UnreadableMedia, match=r"^video: "):
        list(read_video(encoded(Image.new("RGB", (SIDE, SIDE)), kind), FPS))


def test_a_video_of_sixty_seconds_is_read_and_a_longer_one_is_not() -> None:
    assert len(list(read_video(video(range(60), fps=1), FPS))) == 60 * FPS
    with pytest.raises(UnreadableMedia, match=r"^video: it is longer than 60 seconds$"):
        list(read_video(video(range(61), fps=1), FPS))


def test_a_gap_in_time_is_not_filled_beyond_the_limit() -> None:
    source = video([*range(200), 5_000 * FPS])
    taken: list[Image.Image] = []
    with pytest.raises(UnreadableMedia, match=r"^video: it is longer than 60 seconds$"):
        taken.extend(read_video(source, FPS))
    assert len(taken) <= MOST_SECONDS * FPS


def test_a_mask_covers_where_it_is_opaque_or_else_bright() -> None:
    bright = Image.new("L", (SIDE, SIDE), 0)
    bright.paste(255, (0, 0, SIDE // 2, SIDE))
    opaque = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 0))
    opaque.paste((0, 0, 0, 255), (0, 0, SIDE // 2, SIDE))
    palette = bright.point([0] * 128 + [1] * 128).convert("P")
    palette.putpalette([255, 255, 255, 0, 0, 0])
    for mask in (encoded(bright), encoded(opaque), encoded(palette, transparent=0)):
        where = read_mask(mask, SIDE, SIDE)
        assert where[:, : SIDE // 2].all()
        assert not where[:, SIDE // 2 :].any()


def test_an_edit_says_that_it_is_simulated_where_it_is_new() -> None:
    source = render(SCENE)
    mask = encoded(Image.new("L", (SCENE.width, SCENE.height), 255))
    edited = first_frame(render(replace(SCENE, source=source, mask=mask)))
    new = first_frame(source)
    # The same seed and prompt: the whole frame is what would be generated anew.
    assert np.abs(edited.astype(float) - new).mean() < 4
