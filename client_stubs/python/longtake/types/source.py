# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of a generation as one value, as google-genai's `source` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import TypedDict

from longtake.types.media import Image, ImageDict, Video, VideoDict


class GenerateVideosSourceDict(TypedDict, total=False):
    """A `GenerateVideosSource` as a dict."""

    prompt: str
    image: Image | ImageDict
    video: Video | VideoDict


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateVideosSource:
    """What a video is generated from. At least one of the three is required.

    Attributes:
        prompt: What the video shows.
        image: The first frame of the video.
        video: A video to extend or edit.
    """

    prompt: str | None = None
    image: Image | None = None
    video: Video | None = None

    def __post_init__(self) -> None:
        image: object = self.image
        video: object = self.video
        if isinstance(image, Mapping):
            object.__setattr__(self, "image", Image.of(image, "image"))
        if isinstance(video, Mapping):
            object.__setattr__(self, "video", Video.of(video, "video"))

    def __repr__(self) -> str:
        prompt = None if self.prompt is None else f"<{len(self.prompt)} characters>"
        return f"GenerateVideosSource(prompt={prompt}, image={self.image}, video={self.video})"
