# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Computes which part of a picture a camera movement shows."""

from __future__ import annotations

import math

_TRAVEL = 0.15
# Where the window moves to, as shares of the free space across and down.
_TOWARDS = {
    "pan_left": (0.0, 0.5),
    "truck_left": (0.0, 0.5),
    "pan_right": (1.0, 0.5),
    "truck_right": (1.0, 0.5),
    "tilt_up": (0.5, 0.0),
    "pedestal_up": (0.5, 0.0),
    "tilt_down": (0.5, 1.0),
    "pedestal_down": (0.5, 1.0),
}


def window(camera: str, progress: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part of a picture that is shown: left, top, width, height in pixels.

    Every movement begins with the whole picture.

    Args:
        camera: A movement, or '' for push_in.
        progress: How far the video is, 0 to 1.
        width: The picture's.
        height: The picture's.

    """
    travelled = {"fixed": 0.0, "pull_out": math.sin(math.pi * progress)}.get(camera, progress)
    share = 1 - _TRAVEL * travelled
    across, down = _TOWARDS.get(camera, (0.5, 0.5))
    shown_width, shown_height = round(width * share), round(height * share)
    left = round((width - shown_width) * across)
    top = round((height - shown_height) * down)
    return left, top, shown_width, shown_height
