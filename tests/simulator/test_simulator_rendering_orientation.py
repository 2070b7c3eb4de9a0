# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A video is read as players show it: turned and mirrored by the matrix of its track."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from veo_simulator.media import measure, read_video
from veo_simulator.rendering import render
from veo_simulator.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FPS = 24
# As coded; each quarter has one brightness.
WIDTH, HEIGHT = 128, 64
QUARTERS = [[40, 90], [140, 190]]
# What a lossy codec may move a channel by, of 255.
CLOSE = 6
ONE = 1 << 16
# a, b, c, d of the matrix (a b; c d), by which a coded point (x, y) is shown at
# (a * x + c * y, b * x + d * y), and the quarters that are shown.
ORIENTATIONS = {
    "as coded": ((1, 0, 0, 1), [[40, 90], [140, 190]]),
    "90 degrees clockwise": ((0, 1, -1, 0), [[140, 40], [190, 90]]),
    "180 degrees": ((-1, 0, 0, -1), [[190, 140], [90, 40]]),
    "270 degrees clockwise": ((0, -1, 1, 0), [[90, 190], [40, 140]]),
    "mirrored": ((-1, 0, 0, 1), [[90, 40], [190, 140]]),
    "upside down and mirrored": ((1, 0, 0, -1), [[140, 190], [40, 90]]),
    "mirrored and 90 degrees": ((0, 1, 1, 0), [[40, 140], [90, 190]]),
    "mirrored and 270 degrees": ((0, -1, -1, 0), [[190, 90], [140, 40]]),
}


def video(matrix: Sequence[float], kind: str = "mp4") -> bytes:
    a, b, c, d = (round(one * ONE) for one in matrix)
    pixels = np.kron(QUARTERS, np.ones((HEIGHT // 2, WIDTH // 2))).astype(np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        for _ in range(FPS):
            frame = av.VideoFrame.from_ndarray(np.stack([pixels] * 3, axis=2), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def quarters(frame: NDArray[np.uint8]) -> NDArray[np.int64]:
    height, width = frame.shape[:2]
    rows, columns = [height // 4, height * 3 // 4], [width // 4, width * 3 // 4]
    return np.asarray(frame[np.ix_(rows, columns)][:, :, 0], np.int64)


def first_frame(data: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


@pytest.mark.parametrize(("matrix", "shown"), ORIENTATIONS.values(), ids=ORIENTATIONS.keys())
def test_frames_are_read_as_they_are_shown(matrix: Sequence[int], shown: list[list[int]]) -> None:
    data = video(matrix)
    frames = [np.asarray(frame) for frame in read_video(data, FPS)]
    size = (WIDTH, HEIGHT) if matrix[0] else (HEIGHT, WIDTH)
    assert len(frames) == FPS
    assert {frame.shape[:2] for frame in frames} == {size[::-1]}
    for frame in (frames[0], frames[-1]):
        assert np.abs(quarters(frame) - shown).max() <= CLOSE
    clip = measure(data)
    assert (clip.width, clip.height, round(clip.seconds, 2)) == (*size, 1.0)


def test_the_nearest_right_angle_counts() -> None:
    # By 80 degrees clockwise.
    data = video((0.17, 0.98, -0.98, 0.17))
    assert np.abs(quarters(first_frame_of(data)) - [[140, 40], [190, 90]]).max() <= CLOSE


def first_frame_of(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(next(read_video(data, FPS)))


@pytest.mark.parametrize("kind", ["mov", "matroska"])
def test_other_containers_have_an_orientation_too(kind: str) -> None:
    matrix, shown = ORIENTATIONS["90 degrees clockwise"]
    assert np.abs(quarters(first_frame_of(video(matrix, kind))) - shown).max() <= CLOSE


def test_an_extension_goes_on_from_the_picture_that_is_shown() -> None:
    matrix, shown = ORIENTATIONS["90 degrees clockwise"]
    scene = Scene(
        prompt="",
        model="veo-3.1-generate-001",
        seed=7,
        width=2 * HEIGHT,
        height=2 * WIDTH,
        fps=FPS,
        seconds=1,
        audio=False,
        lossless=True,
        resize_mode="pad",
        source=video(matrix),
    )
    for treatment in ("extend", "enlarge"):
        rendered = first_frame(render(replace(scene, treatment=treatment)))
        assert rendered.shape[:2] == (2 * WIDTH, 2 * HEIGHT)
        assert np.abs(quarters(rendered) - shown).max() <= CLOSE
