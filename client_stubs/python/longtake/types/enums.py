# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The enumerations of a request.

Where one is accepted, so is the value of its member as a string, in upper or lower case.
The names of the members are those of the contract.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from longtake._wording import shortened

Choice = TypeVar("Choice", bound=StrEnum)


class PersonGeneration(StrEnum):
    """Whether people may appear."""

    DONT_ALLOW = "dont_allow"
    ALLOW_ADULT = "allow_adult"
    ALLOW_ALL = "allow_all"


class SafetyFilterLevel(StrEnum):
    """How strictly unsafe content is withheld."""

    BLOCK_MOST = "block_most"
    BLOCK_SOME = "block_some"
    BLOCK_FEW = "block_few"


class GenerationMode(StrEnum):
    """Which sibling of the model serves the request."""

    FAST = "fast"
    QUALITY = "quality"
    ECONOMY = "economy"


class CompressionQuality(StrEnum):
    """How the result is compressed."""

    OPTIMIZED = "optimized"
    LOSSLESS = "lossless"


class ResizeMode(StrEnum):
    """How an input image is fitted to the aspect ratio."""

    CROP = "crop"
    PAD = "pad"


class CameraControl(StrEnum):
    """A movement of the camera over an input image."""

    FIXED = "fixed"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    TILT_UP = "tilt_up"
    TILT_DOWN = "tilt_down"
    TRUCK_LEFT = "truck_left"
    TRUCK_RIGHT = "truck_right"
    PEDESTAL_UP = "pedestal_up"
    PEDESTAL_DOWN = "pedestal_down"
    PUSH_IN = "push_in"
    PULL_OUT = "pull_out"


class ReferenceType(StrEnum):
    """What a reference image stands for."""

    ASSET = "asset"
    STYLE = "style"


class MaskMode(StrEnum):
    """What an edit does where its mask is set."""

    INSERT = "insert"
    REMOVE = "remove"
    REMOVE_STATIC = "remove_static"
    OUTPAINT = "outpaint"


class Disposition(StrEnum):
    """What a browser does with the address of a video: plays it, or saves it as a file."""

    INLINE = "inline"
    ATTACHMENT = "attachment"


def choice_of(kind: type[Choice], value: object, field: str) -> Choice:
    """Return the member that a value names.

    Raises:
        ValueError: It names no member; the message has the field and what is accepted.

    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str):
        spelling = str(value).strip().lower().replace("-", "_")
        for member in kind:
            if member.value == spelling:
                return member
    accepted = ", ".join(repr(member.value) for member in kind)
    shown = shortened(value) if isinstance(value, str) else type(value).__name__
    raise ValueError(f"{field}: {shown} is not accepted; it is one of {accepted}")
