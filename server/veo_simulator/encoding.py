# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes pictures and a tone as an MP4 with H.264 and AAC, the index at the front."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from veo_simulator.pictures import Picture
    from veo_simulator.scene import Scene

_SAMPLE_RATE = 48_000
_LOUDNESS = 0.05
_LOWEST_TONE = 220.0
_SEMITONES = 12
# Leaves out FFmpeg's version and the time, so that equal scenes give equal bytes.
_BIT_EXACT = {"fflags": "+bitexact", "movflags": "+faststart"}


def encode(scene: Scene, pictures: Iterable[Picture]) -> bytes:
    """Return an MP4 of pictures, with a tone if the scene has audio. Holds one at a time."""
    with tempfile.TemporaryDirectory(prefix="veo-simulator-") as folder:
        path = Path(folder, "video.mp4")
        with av.open(str(path), "w", format="mp4", options=_BIT_EXACT) as container:
            _mux(container, scene, pictures)
        return path.read_bytes()


def _mux(
    container: av.container.OutputContainer, scene: Scene, pictures: Iterable[Picture]
) -> None:
    video = container.add_stream("libx264", rate=scene.fps, options=_video_options(scene))
    video.width, video.height, video.pix_fmt = scene.width, scene.height, "yuv420p"
    # ITU-R BT.709, the colour space of HD video.
    context = video.codec_context
    context.color_primaries = context.color_trc = context.colorspace = 1
    context.thread_count = 1
    context.flags |= av.codec.context.Flags.bitexact
    audio = None
    if scene.audio:
        audio = container.add_stream("aac", rate=_SAMPLE_RATE, layout="mono")
        audio.codec_context.flags |= av.codec.context.Flags.bitexact
    tone = _tone(scene)
    for number, picture in enumerate(pictures):
        frame = picture.frame()
        frame.pts, frame.time_base = number, Fraction(1, scene.fps)
        container.mux(video.encode(frame))
        if audio is not None:
            container.mux(audio.encode(next(tone)))
    container.mux(video.encode(None))
    if audio is not None:
        container.mux(audio.encode(None))


def _video_options(scene: Scene) -> dict[str, str]:
    return {"preset": "ultrafast", "crf": "0" if scene.lossless else "26"}


def _tone(scene: Scene) -> Iterator[av.AudioFrame]:
    """Yield the samples of each frame of the video."""
    pitch = _LOWEST_TONE * 2 ** (scene.seed % _SEMITONES / _SEMITONES)
    start = 0
    number = 0
    while True:
        number += 1
        end = number * _SAMPLE_RATE // scene.fps
        times = np.arange(start, end, dtype=np.float64) / _SAMPLE_RATE
        wave = _LOUDNESS * np.sin(2 * np.pi * pitch * times)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate, frame.pts = _SAMPLE_RATE, start
        yield frame
        start = end
