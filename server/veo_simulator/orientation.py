# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the frames of a video as players show them, by the display matrix of its track."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from av import VideoFrame
    from av.sidedata.sidedata import SideDataContainer
    from numpy.typing import NDArray

_MATRIX = struct.Struct("=9i")


def upright(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the pixels of a frame in RGB, height times width times 3, as they are shown.

    A frame may be turned by 90, 180 or 270 degrees, mirrored, or both. Any other angle
    counts as the nearest of these.
    """
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    # A coded point (x, y) is shown at (a * x + c * y, b * x + d * y), apart from a shift.
    a, b, c, d = _matrix(frame)
    if abs(b) > abs(a):
        pixels = pixels.transpose(1, 0, 2)
        a, d = c, b
    columns = slice(None, None, -1) if a < 0 else slice(None)
    rows = slice(None, None, -1) if d < 0 else slice(None)
    return np.ascontiguousarray(pixels[rows, columns])


def shown_size(frame: VideoFrame) -> tuple[int, int]:
    """Return the width and the height, in pixels, that a frame is shown with."""
    a, b, _, _ = _matrix(frame)
    return (frame.height, frame.width) if abs(b) > abs(a) else (frame.width, frame.height)


def _matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Return a, b, c and d of the display matrix in fixed point; of the identity if none."""
    # PyAV's stubs take the container of side data for a TypedDict.
    side_data = cast("SideDataContainer", frame.side_data)
    if "DISPLAYMATRIX" not in side_data:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = _MATRIX.unpack_from(bytes(side_data["DISPLAYMATRIX"]))
    return a, b, c, d
