# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the prompt, the model and the word SIMULATED onto a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from veo_simulator.pictures import Picture, even

if TYPE_CHECKING:
    from veo_simulator.scene import Scene

_LONGEST_PROMPT = 400
_MOST_LINES = 3
_MARGIN = 0.04
_PAPER = (18, 18, 24)
_INK = (245, 245, 245)
_PALE = (170, 170, 180)
_NOTE = "SIMULATED - not a generative model"

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Caption:
    """A card at the foot of the frame, and a line that grows with time.

    Args:
        scene: The text and the size.
    """

    def __init__(self, scene: Scene) -> None:
        self._width = scene.width
        card = _draw(scene)
        self._card = Picture.from_image(card)
        self._top = scene.height - card.height
        self._bar_height = even(scene.height / 100)
        bar = Image.new("RGB", (scene.width, self._bar_height), _INK)
        self._bar = np.asarray(bar)

    def on(self, picture: Picture, progress: float) -> Picture:
        """Return a picture with the caption; the line shows the progress, 0 to 1."""
        length = even(self._width * progress)
        bar = Picture.from_rgb(self._bar[:, :length], length, self._bar_height)
        return picture.with_pasted([(self._card, 0, self._top), (bar, 0, self._top)])


def _draw(scene: Scene) -> Image.Image:
    unit = min(scene.width, scene.height)
    margin = max(1, round(unit * _MARGIN))
    title, small = _font(unit / 16), _font(unit / 32)
    room = scene.width - 2 * margin
    lines = [(line, title, _INK) for line in _wrapped(_plain(scene.prompt), title, room)]
    notes = [_NOTE, f"{scene.model}  seed {scene.seed}"]
    if scene.negative_prompt:
        notes.append(f"without: {_plain(scene.negative_prompt)}")
    lines += [(_cut(note, small, room), small, _PALE) for note in notes]
    heights = [round(sum(font.getbbox("Ag")[1::2]) * 1.1) for _, font, _ in lines]
    height = min(even(sum(heights) + 2 * margin), even(scene.height * 0.6))
    card = Image.new("RGB", (scene.width, height), _PAPER)
    pen = ImageDraw.Draw(card)
    top = margin
    for (line, font, colour), line_height in zip(lines, heights, strict=True):
        pen.text((margin, top), line, colour, font)
        top += line_height
    return card


def _font(size: float) -> _Font:
    return ImageFont.load_default(max(6, round(size)))


def _plain(text: str) -> str:
    """Return the text as one drawable line. JSON may contain half of a surrogate pair."""
    whole = " ".join(text[: _LONGEST_PROMPT + 1].split())
    return whole.encode("utf-8", "replace").decode()


def _wrapped(text: str, font: _Font, room: int) -> list[str]:
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < _MOST_LINES:
        line = words.pop(0)
        while words and font.getlength(f"{line} {words[0]}") <= room:
            line += f" {words.pop(0)}"
        lines.append(_cut(line, font, room))
    if words:
        lines[-1] = _cut(f"{lines[-1]} {words[0]}...", font, room, force=True)
    return lines


def _cut(line: str, font: _Font, room: int, *, force: bool = False) -> str:
    if font.getlength(line) <= room and not force:
        return line
    while line and font.getlength(f"{line}...") > room:
        line = line[:-1]
    return f"{line.rstrip('. ')}..."
