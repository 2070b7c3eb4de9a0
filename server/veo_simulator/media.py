# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the images and videos that a scene is given."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from veo_simulator.orientation import shown_size, upright
from veo_simulator.scene import Clip, UnreadableMedia

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_PIXELS = 50_000_000
MOST_SECONDS = 60.0
_HALF = 128
_IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")
# FFmpeg also reads single pictures, and playlists that open other files and addresses.
_VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegvideo,mpegts,avi,asf,flv"


def read_image(data: bytes, role: str) -> Image.Image:
    """Return an image in RGB with 8 bits a channel, turned as its EXIF data says.

    Args:
        data: PNG, JPEG or WebP.
        role: What the image is for, for the error.

    Raises:
        UnreadableMedia: The data is not an image, or has more than 50 million pixels.

    """
    return _opened(data, role).convert("RGB")


def read_mask(data: bytes, width: int, height: int) -> NDArray[np.bool_]:
    """Return where a mask is opaque or, without an alpha channel, bright.

    Raises:
        UnreadableMedia: The data is not an image.

    """
    image = _opened(data, "mask")
    transparent = image.has_transparency_data
    channel = image.convert("RGBA").getchannel("A") if transparent else image.convert("L")
    return np.asarray(channel.resize((width, height))) >= _HALF


def fit(image: Image.Image, width: int, height: int, resize_mode: str) -> Image.Image:
    """Return an image scaled to a size: cut by `crop`, or with black edges by `pad`."""
    size = (width, height)
    return ImageOps.fit(image, size) if resize_mode == "crop" else ImageOps.pad(image, size)


def measure(data: bytes) -> Clip:
    """Return the size that players show a video with, and its length.

    Raises:
        UnreadableMedia: The data is not a video.

    """
    with _opened_video(data) as container:
        stream = container.streams.video[0]
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        else:
            seconds = float(container.duration or 0) / av.time_base
        frame = next(container.decode(stream), None)
        if frame is None:
            raise _no_frames()
        return Clip(*shown_size(frame), seconds)


def read_video(data: bytes, fps: int) -> Iterator[Image.Image]:
    """Yield the frames of a video as players show them, decoded one by one.

    Args:
        data: The video, in a container that FFmpeg knows.
        fps: Frames per second; frames are repeated or left out to reach it.

    Raises:
        UnreadableMedia: The data is not a video, or is longer than 60 seconds.

    """
    with _opened_video(data) as container:
        yield from _at_rate(container, fps)


@contextmanager
def _opened_video(data: bytes) -> Iterator[av.container.InputContainer]:
    try:
        options = {"format_whitelist": _VIDEO_FORMATS}
        with av.open(io.BytesIO(data), "r", options=options) as container:
            yield container
    except (av.FFmpegError, ValueError, IndexError) as error:
        if isinstance(error, UnreadableMedia):
            raise
        raise UnreadableMedia("video: it cannot be decoded") from error


def _at_rate(container: av.container.InputContainer, fps: int) -> Iterator[Image.Image]:
    stream = container.streams.video[0]
    shown = 0
    end = 0.0
    image: Image.Image | None = None
    start: float | None = None
    for frame in container.decode(stream):
        begin = float(frame.time or 0.0)
        start = begin if start is None else start
        end = begin - start + 1 / float(stream.average_rate or fps)
        # Checked before the gap is filled: two frames may be years apart.
        if end > MOST_SECONDS:
            raise UnreadableMedia(f"video: it is longer than {MOST_SECONDS:g} seconds")
        while image is not None and shown < round((begin - start) * fps):
            yield image
            shown += 1
        image = Image.fromarray(upright(frame))
    if image is None:
        raise _no_frames()
    for _ in range(shown, max(shown + 1, round(end * fps))):
        yield image


def _opened(data: bytes, role: str) -> Image.Image:
    try:
        # Pillow only warns of too many pixels; the limit here is lower.
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS)
        if image.width * image.height <= MOST_PIXELS:
            return ImageOps.exif_transpose(_with_eight_bits(image))
    except Image.DecompressionBombError as error:
        raise _too_large(role) from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise UnreadableMedia(f"{role}: it is not an image that can be read") from error
    raise _too_large(role)


def _with_eight_bits(image: ImageFile.ImageFile) -> Image.Image:
    """Return an image whose channels have 8 bits.

    Of channels of 16 bits Pillow scales those in colour, but not their transparent colour.
    It keeps those in grey, and clips them at 255 when they are converted.
    """
    transparent = image.info.get("transparency")
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        grey = Image.fromarray(_scaled(samples))
        if transparent is not None:
            opaque = np.where(samples == transparent, 0, 255)
            grey.putalpha(Image.fromarray(opaque.astype(np.uint8)))
        grey.info["exif"] = image.info.get("exif", b"")
        return grey
    if isinstance(transparent, tuple) and any(";16" in str(tile.args) for tile in image.tile):
        image.info["transparency"] = tuple(int(one) for one in _scaled(np.array(transparent)))
    return image


def _scaled(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    return (samples.astype(np.uint32) >> 8).astype(np.uint8)


def _no_frames() -> UnreadableMedia:
    return UnreadableMedia("video: it has no frames")


def _too_large(role: str) -> UnreadableMedia:
    return UnreadableMedia(f"{role}: it has more than {MOST_PIXELS} pixels")
