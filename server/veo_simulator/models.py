# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The limits of each Veo model, as Google documents them. Includes retired models."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """The limits of a model. Durations are in seconds.

    Attributes:
        durations: The accepted values of durationSeconds.
        resolutions: The accepted values of resolution; the first is the default.
        most_samples: The largest sampleCount.
        audio: Whether it generates sound.
        last_frame, extends, edits, resizes, moves_camera: Whether it accepts lastFrame, a
            video without a mask, a video with a mask, resizeMode, and cameraControl.
        assets, styles: The largest number of reference images of each type.
    """

    durations: tuple[int, ...] = (4, 6, 8)
    resolutions: tuple[str, ...] = ("720p", "1080p")
    most_samples: int = 4
    audio: bool = True
    last_frame: bool = False
    extends: bool = False
    edits: bool = False
    resizes: bool = True
    moves_camera: bool = False
    assets: int = 0
    styles: int = 0


EXTENSION_SECONDS = 7
DEFAULT_SECONDS = 8
FRAMES_PER_SECOND = 24
REFERENCE_SECONDS = 8

_VEO_2 = ModelRules(
    durations=(5, 6, 7, 8),
    resolutions=("720p",),
    audio=False,
    last_frame=True,
    extends=True,
    resizes=False,
    moves_camera=True,
)
_VEO_2_EDITING = replace(_VEO_2, last_frame=False, extends=False, edits=True)
_VEO_3 = ModelRules()
_VEO_3_PREVIEW = replace(_VEO_3, durations=(8,), resolutions=("720p",), most_samples=2)
_VEO_3_1 = ModelRules(resolutions=("720p", "1080p", "4k"), last_frame=True, extends=True, assets=3)

MODELS = {
    "veo-001": _VEO_2,
    "veo-2.0-generate-001": _VEO_2,
    "veo-2.0-generate-exp": replace(_VEO_2_EDITING, assets=3, styles=1),
    "veo-2.0-generate-preview": _VEO_2_EDITING,
    "veo-3.0-generate-001": _VEO_3,
    "veo-3.0-fast-generate-001": _VEO_3,
    "veo-3.0-generate-preview": _VEO_3_PREVIEW,
    "veo-3.0-fast-generate-preview": _VEO_3_PREVIEW,
    "veo-3.0-generate-exp": replace(_VEO_3_PREVIEW, last_frame=True, extends=True),
    "veo-3.1-generate-001": _VEO_3_1,
    "veo-3.1-fast-generate-001": replace(_VEO_3_1, resolutions=("720p", "1080p")),
    "veo-3.1-lite-generate-001": replace(_VEO_3_1, resolutions=("720p", "1080p"), assets=0),
    "veo-3.1-generate-preview": _VEO_3_1,
    "veo-3.1-fast-generate-preview": _VEO_3_1,
    "veo-3.1-lite-generate-preview": replace(_VEO_3, most_samples=1),
}

_HEIGHTS = {"360p": (640, 360), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}


def frame_size(resolution: str, aspect_ratio: str) -> tuple[int, int]:
    """Return the width and the height of a frame in pixels."""
    long_side, short_side = _HEIGHTS[resolution]
    return (long_side, short_side) if aspect_ratio == "16:9" else (short_side, long_side)
