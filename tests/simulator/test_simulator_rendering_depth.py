# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with channels of 1 to 16 bits are shown as bright as they are."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image
from veo_simulator.media import read_image, read_mask
from veo_simulator.rendering import render
from veo_simulator.scene import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY, COLOUR, GREY_AND_ALPHA, COLOUR_AND_ALPHA = 0, 2, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, GREY_AND_ALPHA: 2, COLOUR_AND_ALPHA: 4}
SAMPLES = (0x0000, 0x1234, 0x8000, 0xFFFF)
SCALED = [0x00, 0x12, 0x80, 0xFF]
WIDTH, HEIGHT = 320, 180
# What a lossy codec may move a channel by, of 255.
CLOSE = 4
SCENE = Scene(
    prompt="",
    model="veo-3.1-generate-001",
    seed=7,
    width=WIDTH,
    height=HEIGHT,
    fps=24,
    seconds=1,
    audio=False,
    lossless=False,
    resize_mode="pad",
)


def png(row: bytes, width: int, depth: int, kind: int, transparent: bytes = b"") -> bytes:
    """Return a PNG of one row, which Pillow cannot write with 16 bits in every kind."""
    header = struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    if transparent:
        chunks.insert(1, (b"tRNS", transparent))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def deep(kind: int, transparent: bytes = b"") -> bytes:
    """Return a PNG of the samples with 16 bits, in which all is opaque but the first."""
    row = b""
    for sample in SAMPLES:
        colour = struct.pack(">H", sample) * (3 if kind & COLOUR else 1)
        alpha = struct.pack(">H", 0xFFFF if sample else 0) if kind & GREY_AND_ALPHA else b""
        row += colour + alpha
    return png(row, len(SAMPLES), 16, kind, transparent)


def ramp(pixels: NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.tile(pixels, (HEIGHT, 1))).save(file, "PNG")
    return file.getvalue()


def first_frame(data: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


@pytest.mark.parametrize("kind", CHANNELS)
def test_samples_of_sixteen_bits_are_scaled(kind: int) -> None:
    pixels = np.asarray(read_image(deep(kind), "image"))[0]
    assert pixels.tolist() == [[value] * 3 for value in SCALED]


@pytest.mark.parametrize(
    ("depth", "row", "shown"),
    [
        (1, b"\x50", [0, 255, 0, 255]),
        (2, b"\x1b", [0, 85, 170, 255]),
        (4, b"\x0f\x8f", [0, 255, 136, 255]),
        (8, b"\x00\x12\x80\xff", SCALED),
    ],
)
def test_samples_of_fewer_bits_are_scaled(depth: int, row: bytes, shown: list[int]) -> None:
    pixels = np.asarray(read_image(png(row, 4, depth, GREY), "image"))[0]
    assert pixels[:, 0].tolist() == shown


@pytest.mark.parametrize("kind", [GREY_AND_ALPHA, COLOUR_AND_ALPHA])
def test_a_mask_of_sixteen_bits_covers_where_it_is_opaque(kind: int) -> None:
    assert read_mask(deep(kind), 4, 1)[0].tolist() == [False, True, True, True]


@pytest.mark.parametrize("kind", [GREY, COLOUR])
def test_a_mask_of_sixteen_bits_is_open_in_its_transparent_colour(kind: int) -> None:
    colour = struct.pack(">H", 0x1234) * CHANNELS[kind]
    assert read_mask(deep(kind, colour), 4, 1)[0].tolist() == [True, False, True, True]


@pytest.mark.parametrize("kind", [GREY, COLOUR])
def test_a_mask_of_sixteen_bits_covers_where_it_is_bright(kind: int) -> None:
    assert read_mask(deep(kind), 4, 1)[0].tolist() == [False, False, True, True]


def test_a_ramp_of_sixteen_bits_is_shown_as_one_of_eight() -> None:
    grey = np.linspace(0, 255, WIDTH).astype(np.uint8)
    shown = [
        first_frame(render(replace(SCENE, first_frame=ramp(pixels))))[HEIGHT // 2, :, 0]
        for pixels in (grey, grey.astype(np.uint16) * 257)
    ]
    assert np.abs(shown[1].astype(int) - grey).max() <= CLOSE
    assert (shown[0] == shown[1]).all()


def test_a_picture_of_sixteen_bits_is_turned_as_its_exif_data_says() -> None:
    picture = Image.fromarray(np.array([[0x1234, 0xFFFF]], np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    picture.save(file, "PNG", exif=exif)
    turned = np.asarray(read_image(file.getvalue(), "image"))
    assert turned[:, :, 0].tolist() == [[0x12], [0xFF]]
