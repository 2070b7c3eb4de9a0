# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what is given on the command line into what the client takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from longtake.cli.failures import REFUSED, CommandFailure
from longtake.types import Image, Mask, ReferenceImage, Video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.types import MaskMode, ReferenceType

Media = TypeVar("Media", Image, Video)


def image_of(option: str, place: str | None) -> Image | None:
    """Return the image in a file or at a gs:// or https:// address; None for none."""
    return _media(Image, option, place)


def video_of(option: str, place: str | None) -> Video | None:
    """Return the video in a file or at a gs:// or https:// address; None for none."""
    return _media(Video, option, place)


def references_of(
    option: str, places: Sequence[str] | None, kind: ReferenceType
) -> list[ReferenceImage] | None:
    """Return the reference images."""
    images = [_media(Image, option, place) for place in places or ()]
    return [ReferenceImage(image, kind) for image in images if image] or None


def mask_of(place: str | None, mode: MaskMode | None) -> Mask | None:
    """Return the mask.

    Raises:
        CommandFailure: One of the two options is missing.

    """
    image = _media(Image, "--mask", place)
    if image is None and mode is None:
        return None
    if image is None or mode is None:
        raise CommandFailure(REFUSED, "--mask and --mask-mode need each other: give both")
    return Mask(image, mode)


def labels_of(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Return the labels.

    Raises:
        CommandFailure: One is not KEY=VALUE, or a key is given twice.

    """
    labels: dict[str, str] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CommandFailure(REFUSED, f"--label: {pair!r} is not accepted; it is KEY=VALUE")
        if key in labels:
            raise CommandFailure(REFUSED, f"--label: {key!r} is given twice")
        labels[key] = value
    return labels or None


def _media(kind: type[Media], option: str, place: str | None) -> Media | None:
    if place is None:
        return None
    try:
        return kind.from_url(place) if "://" in place else kind.from_file(place)
    except OSError as error:
        message = f"{option}: {place} cannot be read: {error.strerror}"
        raise CommandFailure(REFUSED, message) from error
    except ValueError as error:
        raise CommandFailure(REFUSED, f"{option}: {error}") from error
