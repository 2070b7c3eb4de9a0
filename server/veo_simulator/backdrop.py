# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The moving picture that replaces the output of a model."""

from __future__ import annotations

import colorsys
import random

import numpy as np

from veo_simulator.pictures import Picture

_GRID = 64
_WAVES = 4
_COLOURS = 3


class Backdrop:
    """Waves of colour chosen by the seed, computed small and enlarged.

    Args:
        seed: The seed.
        prompt: Changes the picture as the seed does.
    """

    def __init__(self, seed: int, prompt: str, width: int, height: int) -> None:
        chance = random.Random(f"{seed} {prompt!r}")  # noqa: S311 - colours are not secret
        self._width = width
        self._height = height
        scale = _GRID / max(width, height)
        rows, columns = max(2, round(height * scale)), max(2, round(width * scale))
        self._y, self._x = np.mgrid[0:rows, 0:columns].astype(np.float32) / _GRID
        self._waves = [
            (
                chance.uniform(2, 9),
                chance.uniform(2, 9),
                chance.uniform(0, 6.3),
                chance.choice((-1, 1)),
            )
            for _ in range(_WAVES)
        ]
        hue = chance.random()
        self._colours = np.array(
            [
                colorsys.hsv_to_rgb(hue + 0.13 * number, 0.75, 0.35 + 0.25 * number)
                for number in range(_COLOURS)
            ],
            np.float32,
        )

    def at(self, progress: float) -> Picture:
        """Return the picture at a point of the video, 0 to 1."""
        turn = 2 * np.pi * progress
        height = sum(
            np.sin(self._x * across + self._y * down + phase + direction * turn)
            for across, down, phase, direction in self._waves
        )
        share = (np.sin(height) + 1) * (_COLOURS - 1) / 2
        low = np.minimum(share.astype(np.int32), _COLOURS - 2)
        between = (share - low)[..., None]
        colour = self._colours[low] * (1 - between) + self._colours[low + 1] * between
        pixels = (np.clip(colour, 0, 1) * 255).astype(np.uint8)
        return Picture.from_rgb(pixels, self._width, self._height)
