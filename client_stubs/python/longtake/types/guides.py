# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What guides a generation besides its inputs: reference images and masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import TypedDict

from longtake.types.enums import MaskMode, ReferenceType, choice_of
from longtake.types.media import Image, ImageDict


class ReferenceImageDict(TypedDict):
    """A `ReferenceImage` as a dict."""

    image: Image | ImageDict
    reference_type: ReferenceType | str


class MaskDict(TypedDict):
    """A `Mask` as a dict."""

    image: Image | ImageDict
    mask_mode: MaskMode | str


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    """An image that guides the look or the content of a generation."""

    image: Image
    reference_type: ReferenceType | str

    def __post_init__(self) -> None:
        if isinstance(self.image, Mapping):
            object.__setattr__(self, "image", Image.of(self.image, "image"))
        kind = choice_of(ReferenceType, self.reference_type, "reference_type")
        object.__setattr__(self, "reference_type", kind)


@dataclass(frozen=True, slots=True)
class Mask:
    """The part of an input video that an edit changes: where the image is white."""

    image: Image
    mask_mode: MaskMode | str

    def __post_init__(self) -> None:
        if isinstance(self.image, Mapping):
            object.__setattr__(self, "image", Image.of(self.image, "image"))
        object.__setattr__(self, "mask_mode", choice_of(MaskMode, self.mask_mode, "mask_mode"))
