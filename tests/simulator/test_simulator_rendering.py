# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A scene becomes a video that shows what was asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image
from veo_simulator.motion import window
from veo_simulator.rendering import render
from veo_simulator.scene import Scene, UnreadableMedia

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 180
SCENE = Scene(
    prompt="A paper boat",
    model="veo-3.1-generate-001",
    seed=7,
    width=WIDTH,
    height=HEIGHT,
    fps=24,
    seconds=1,
    audio=False,
    lossless=False,
    resize_mode="pad",
)
RED, BLUE = (200, 30, 30), (30, 30, 200)
# What a small change of colour space and a lossy codec may move a channel by, of 255.
CLOSE = 8.0


@dataclass
class Decoded:
    """Every frame in RGB."""

    frames: list[NDArray[np.uint8]]
    size: tuple[int, int]
    codec: str
    seconds: float
    audio_seconds: float | None


def decode(video: bytes) -> Decoded:
    with av.open(io.BytesIO(video), "r") as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        audio = [
            float(one.duration * one.time_base)
            for one in container.streams.audio
            if one.duration is not None and one.time_base is not None
        ]
        frames = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for frame in container.decode(stream)
        ]
        size = (stream.codec_context.width, stream.codec_context.height)
        seconds = float(stream.duration * stream.time_base)
        return Decoded(
            frames, size, stream.codec_context.name, seconds, audio[0] if audio else None
        )


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def difference(frame: NDArray[np.uint8], colour: tuple[int, int, int]) -> float:
    return float(np.abs(frame.astype(float) - np.array(colour, float)).mean())


@pytest.mark.parametrize(
    ("width", "height", "seconds"), [(320, 180, 1), (180, 320, 2), (64, 64, 1)]
)
def test_size_codec_rate_and_length_are_those_asked_for(
    width: int, height: int, seconds: int
) -> None:
    video = decode(render(replace(SCENE, width=width, height=height, seconds=seconds)))
    assert video.size == (width, height)
    assert video.codec == "h264"
    assert len(video.frames) == seconds * 24
    assert abs(video.seconds - seconds) <= 1 / 24


def test_the_same_scene_is_the_same_bytes_and_another_seed_is_not() -> None:
    scene = replace(SCENE, audio=True)
    assert render(scene) == render(scene)
    assert render(scene) != render(replace(scene, seed=8))
    assert render(scene) != render(replace(scene, prompt="A paper plane"))


def test_the_picture_moves() -> None:
    frames = decode(render(SCENE)).frames
    assert np.abs(frames[0].astype(float) - frames[12]).mean() > 1


@pytest.mark.parametrize(
    "prompt", ["", "\N{SNOWMAN} \U0001f600 \ud800 \x00", "word " * 5000, "w" * 9999]
)
def test_any_prompt_can_be_drawn(prompt: str) -> None:
    assert len(decode(render(replace(SCENE, prompt=prompt, negative_prompt=prompt))).frames) == 24


def test_the_first_and_last_frame_are_the_callers() -> None:
    video = decode(
        render(replace(SCENE, first_frame=picture(RED), last_frame=picture(BLUE), seconds=2))
    )
    assert difference(video.frames[0], RED) < CLOSE
    assert difference(video.frames[-1], BLUE) < CLOSE
    middle = video.frames[24][:60]
    assert difference(middle, RED) > CLOSE
    assert difference(middle, BLUE) > CLOSE


def test_a_picture_is_padded_or_cropped() -> None:
    tall = picture(RED, (100, 200))
    padded = decode(render(replace(SCENE, first_frame=tall))).frames[0]
    cropped = decode(render(replace(SCENE, first_frame=tall, resize_mode="crop"))).frames[0]
    assert difference(padded[:, :40], (0, 0, 0)) < CLOSE
    assert difference(cropped, RED) < CLOSE


def test_references_are_shown_in_the_corner() -> None:
    plain = decode(render(SCENE)).frames[5]
    shown = decode(render(replace(SCENE, references=(picture(RED), picture(BLUE))))).frames[5]
    assert difference(shown[8:36, 8:36], RED) < CLOSE
    assert difference(shown[8:36, 48:76], BLUE) < CLOSE
    assert difference(plain[8:36, 8:36], RED) > CLOSE


def test_an_extension_is_the_source_and_then_something_new() -> None:
    source = render(replace(SCENE, first_frame=picture(RED), last_frame=picture(BLUE)))
    video = decode(render(replace(SCENE, source=source, seconds=2)))
    assert len(video.frames) == 3 * 24
    assert difference(video.frames[0], RED) < CLOSE
    assert difference(video.frames[23], BLUE) < CLOSE
    assert difference(video.frames[24], BLUE) < CLOSE


def test_a_source_of_another_rate_and_size_is_brought_to_ours() -> None:
    source = render(replace(SCENE, fps=12, width=64, height=64, seconds=2))
    assert len(decode(render(replace(SCENE, source=source))).frames) == (2 + 1) * 24


def test_an_edit_changes_what_the_mask_covers() -> None:
    source = render(replace(SCENE, first_frame=picture(RED), camera="fixed", lossless=True))
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    mask.paste(255, (0, 0, WIDTH // 2, HEIGHT))
    file = io.BytesIO()
    mask.save(file, "PNG")
    video = decode(render(replace(SCENE, source=source, mask=file.getvalue())))
    assert len(video.frames) == 24
    assert difference(video.frames[0][:, WIDTH // 2 + 8 :], RED) < CLOSE
    assert difference(video.frames[0][:, : WIDTH // 2 - 8], RED) > CLOSE


@pytest.mark.parametrize("seconds", [1, 3])
def test_sound_is_as_long_as_the_video(seconds: int) -> None:
    video = decode(render(replace(SCENE, audio=True, seconds=seconds)))
    assert video.audio_seconds is not None
    assert abs(video.audio_seconds - seconds) <= 1024 / 48_000
    assert decode(render(SCENE)).audio_seconds is None


def test_lossless_keeps_more_and_takes_more() -> None:
    lossless = render(replace(SCENE, lossless=True, first_frame=picture(RED)))
    lossy = render(replace(SCENE, first_frame=picture(RED)))
    assert len(lossless) > len(lossy)
    assert difference(decode(lossless).frames[0], RED) < 3


def test_free_space_at_the_end_does_no_harm() -> None:
    video = render(SCENE)
    padded = video + (1 << 20).to_bytes(4, "big") + b"free" + bytes((1 << 20) - 8)
    assert len(decode(padded).frames) == 24


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"first_frame": b"none"}, "image"),
        ({"last_frame": b""}, "lastFrame"),
        ({"references": (picture(RED), b"\x89PNG\r\n\x1a\n")}, r"referenceImages\[1\]"),
        ({"source": b"none"}, "video"),
        ({"source": picture(RED)[:50]}, "video"),
        ({"source": render(SCENE), "mask": b"none"}, "mask"),
        ({"first_frame": picture(RED)[:-40]}, "image"),
        ({"first_frame": picture(RED, (10_000, 5_001))}, "image: it has more than"),
    ],
)
def test_an_input_that_cannot_be_read_is_named(given: dict[str, bytes], named: str) -> None:
    with pytest.raises(UnreadableMedia, match=f"^{named}"):
        render(replace(SCENE, **given))  # type: ignore[arg-type]  # one field each


@pytest.mark.parametrize("camera", ["", "fixed", "pan_left", "tilt_up", "pull_out", "push_in"])
def test_a_movement_begins_with_the_whole_picture_and_stays_inside(camera: str) -> None:
    assert window(camera, 0.0, 100, 60) == (0, 0, 100, 60)
    for step in range(11):
        left, top, width, height = window(camera, step / 10, 100, 60)
        assert left >= 0
        assert top >= 0
        assert left + width <= 100
        assert top + height <= 60
