# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Renders a scene: generates, extends or edits a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from veo_simulator.backdrop import Backdrop
from veo_simulator.captions import Caption
from veo_simulator.encoding import encode
from veo_simulator.media import fit, read_image, read_mask, read_video
from veo_simulator.motion import window
from veo_simulator.pictures import Picture, even

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from veo_simulator.scene import Scene

_INSET = 0.2


def render(scene: Scene) -> bytes:
    """Return the MP4 of a scene; the same scene gives the same bytes.

    Raises:
        UnreadableMedia: An input is not an image or a video.

    """
    if scene.source is None:
        first = _given(scene, scene.first_frame, "image")
        return encode(scene, _generated(scene, first))
    if scene.mask is not None:
        return encode(scene, _edited(scene, scene.source, scene.mask))
    treatments = {"extend": _extended, "redraw": _redrawn, "enlarge": _enlarged}
    return encode(scene, treatments[scene.treatment](scene, scene.source))


def _generated(scene: Scene, first: Image.Image | None) -> Iterator[Picture]:
    """Yield new pictures. The caller's own frames are shown without a caption."""
    backdrop = Backdrop(scene.seed, scene.prompt, scene.width, scene.height)
    caption = Caption(scene)
    insets = _insets(scene)
    last = _given(scene, scene.last_frame, "lastFrame")
    end = None if last is None else Picture.from_image(last)
    count = scene.seconds * scene.fps
    for number in range(count):
        progress = number / max(1, count - 1)
        picture = backdrop.at(progress) if first is None else _moved(scene, first, progress)
        if end is not None:
            picture = picture.blended(end, progress)
        own = (first is not None and number == 0) or (end is not None and number == count - 1)
        yield picture if own else caption.on(picture.with_pasted(insets), progress)


def _extended(scene: Scene, source: bytes) -> Iterator[Picture]:
    """Yield the source, then new pictures that begin with its last one."""
    last: Image.Image | None = None
    for image in read_video(source, scene.fps):
        last = _fitted(scene, image)
        yield Picture.from_image(last)
    yield from _generated(scene, last)


def _redrawn(scene: Scene, source: bytes) -> Iterator[Picture]:
    """Yield the source with the prompt and the references on it."""
    caption = Caption(scene)
    insets = _insets(scene)
    period = scene.seconds * scene.fps
    for number, picture in enumerate(_enlarged(scene, source)):
        progress = number % period / period
        yield caption.on(picture.with_pasted(insets), progress)


def _enlarged(scene: Scene, source: bytes) -> Iterator[Picture]:
    """Yield the source in the size of the scene."""
    for image in read_video(source, scene.fps):
        yield Picture.from_image(_fitted(scene, image))


def _edited(scene: Scene, source: bytes, mask: bytes) -> Iterator[Picture]:
    """Yield the source, with new captioned pictures where the mask is set."""
    where = read_mask(mask, scene.width, scene.height)
    backdrop = Backdrop(scene.seed, scene.prompt, scene.width, scene.height)
    caption = Caption(scene)
    period = scene.seconds * scene.fps
    for number, picture in enumerate(_enlarged(scene, source)):
        progress = number % period / period
        yield picture.replaced(caption.on(backdrop.at(progress), progress), where)


def _moved(scene: Scene, image: Image.Image, progress: float) -> Picture:
    left, top, width, height = window(scene.camera, progress, scene.width, scene.height)
    pixels = np.asarray(image)[top : top + height, left : left + width]
    return Picture.from_rgb(pixels, scene.width, scene.height)


def _insets(scene: Scene) -> list[tuple[Picture, int, int]]:
    """Return the references as small pictures in a row at the top."""
    images = [
        read_image(data, f"referenceImages[{index}]") for index, data in enumerate(scene.references)
    ]
    images += [next(read_video(data, scene.fps)) for data in scene.clips]
    side = even(min(scene.width, scene.height) * _INSET)
    gap = even(side / 8)
    insets = []
    for index, image in enumerate(images):
        picture = Picture.from_image(fit(image, side, side, "crop"))
        insets.append((picture, gap + index * (side + gap), gap))
    return insets


def _given(scene: Scene, data: bytes | None, role: str) -> Image.Image | None:
    return None if data is None else _fitted(scene, read_image(data, role))


def _fitted(scene: Scene, image: Image.Image) -> Image.Image:
    return fit(image, scene.width, scene.height, scene.resize_mode)
