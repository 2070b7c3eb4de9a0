# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames in the three planes that H.264 stores, so that drawing needs no conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    Plane = NDArray[np.uint8]


class Picture:
    """A frame in YUV 4:2:0; width and height are even.

    Attributes:
        y: Luma, height times width.
        u, v: Chroma, half as high and half as wide.
    """

    def __init__(self, width: int, height: int, data: Plane | None = None) -> None:
        self.width = width
        self.height = height
        self._data = np.zeros(width * height * 3 // 2, np.uint8) if data is None else data
        luma = width * height
        chroma = (height // 2, width // 2)
        self.y = self._data[:luma].reshape(height, width)
        self.u = self._data[luma : luma * 5 // 4].reshape(chroma)
        self.v = self._data[luma * 5 // 4 :].reshape(chroma)

    @classmethod
    def from_rgb(cls, pixels: Plane, width: int, height: int) -> Picture:
        """Return RGB pixels, height times width times 3, scaled to a size."""
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        scaled = frame.reformat(
            width, height, "yuv420p", dst_colorspace="ITU709", interpolation=Interpolation.BILINEAR
        )
        data = np.asarray(scaled.to_ndarray(), np.uint8).reshape(-1)
        return cls(width, height, data)

    @classmethod
    def from_image(cls, image: Image.Image) -> Picture:
        """Return an image in RGB, at its own size."""
        return cls.from_rgb(np.asarray(image), image.width, image.height)

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """The three planes: Y, U and V."""
        return self.y, self.u, self.v

    def frame(self) -> VideoFrame:
        """Return the picture as the encoder takes it."""
        shape = (self.height * 3 // 2, self.width)
        return VideoFrame.from_ndarray(self._data.reshape(shape), format="yuv420p")

    def blended(self, other: Picture, weight: float) -> Picture:
        """Return a blend with another picture of the same size; `weight` is its share, 0 to 1."""
        part = round(weight * 256)
        if part == 0:
            return self
        if part == 256:
            return other
        mixed = (self._data.astype(np.uint16) * (256 - part) + other._data * np.uint16(part)) >> 8
        return Picture(self.width, self.height, mixed.astype(np.uint8))

    def replaced(self, other: Picture, mask: NDArray[np.bool_]) -> Picture:
        """Return this picture, replaced by another of its size where the mask is set."""
        masks = (mask, mask[::2, ::2], mask[::2, ::2])
        planes = [
            np.where(where, theirs, ours).reshape(-1)
            for where, theirs, ours in zip(masks, other.planes, self.planes, strict=True)
        ]
        return Picture(self.width, self.height, np.concatenate(planes))

    def with_pasted(self, pieces: list[tuple[Picture, int, int]]) -> Picture:
        """Return a copy with pictures pasted onto it, each at an even x and y."""
        copy = Picture(self.width, self.height, self._data.copy())
        for piece, x, y in pieces:
            copy.y[y : y + piece.height, x : x + piece.width] = piece.y
            left, top = x // 2, y // 2
            area = (slice(top, top + piece.height // 2), slice(left, left + piece.width // 2))
            copy.u[area] = piece.u
            copy.v[area] = piece.v
        return copy


def even(number: float) -> int:
    """Return the nearest even number, 2 or more."""
    return max(2, round(number / 2) * 2)
