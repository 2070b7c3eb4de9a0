# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Describes a video to render, as plain data that is sent between processes."""

from __future__ import annotations

from dataclasses import dataclass


class UnreadableMedia(ValueError):
    """An input is not an image or a video. The message begins with its role."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The size and the length of a video.

    Attributes:
        width, height: The size of a frame in pixels.
        seconds: The length in seconds.
    """

    width: int
    height: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A video to render. Equal scenes give equal bytes.

    Attributes:
        prompt: Drawn as the title; may be empty.
        model: Drawn small.
        seed: From 0 to 2**32 - 1; chooses colours, shapes and the tone.
        width, height: The size of the frame in pixels, even numbers.
        fps: Frames per second.
        seconds: The length of the new material.
        audio: Whether there is a tone.
        lossless: Whether to prefer quality over size.
        resize_mode: How pictures are fitted to the frame: pad or crop.
        negative_prompt: Drawn small if not empty.
        first_frame, last_frame: Encoded images that the video begins and ends with.
        references: Encoded images that are shown small throughout.
        clips: Encoded videos of which the first frame is shown as references are.
        source: An encoded video, which is edited where there is a mask.
        treatment: What is done with a source without one: `extend`; `redraw`, which shows
            it with the prompt written on it; `enlarge`, which changes nothing but its size.
        mask: An encoded image; where it is white or opaque, the source is replaced.
        camera: A movement such as pan_left, or ''.
    """

    prompt: str
    model: str
    seed: int
    width: int
    height: int
    fps: int
    seconds: int
    audio: bool
    lossless: bool
    resize_mode: str
    negative_prompt: str = ""
    first_frame: bytes | None = None
    last_frame: bytes | None = None
    references: tuple[bytes, ...] = ()
    clips: tuple[bytes, ...] = ()
    source: bytes | None = None
    treatment: str = "extend"
    mask: bytes | None = None
    camera: str = ""
