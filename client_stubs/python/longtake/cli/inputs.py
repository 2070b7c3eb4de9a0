# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns options of `longtake generate` into what the client takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from longtake.cli.failures import REFUSED, CommandFailure
from longtake.types import Image, Mask, ReferenceImage, Video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.types import MaskMode, ReferenceType

Media = TypeVar("Media", Image, Video)

_EXAMPLES: dict[type, str] = {Image: "image/png", Video: "video/mp4"}


@dataclass(frozen=True, slots=True)
class MediaOption:
    """An option that takes an image or a video, and the option that gives its media type."""

    name: str
    type_name: str


IMAGE = MediaOption("--image", "--image-type")
VIDEO = MediaOption("--video", "--video-type")
LAST_FRAME = MediaOption("--last-frame", "--last-frame-type")
MASK = MediaOption("--mask", "--mask-type")
REFERENCE = MediaOption("--reference", "--reference-media-type")


def image_of(option: MediaOption, place: str | None, mime_type: str | None) -> Image | None:
    """Return the image in a file or at a gs:// or https:// address; None for none.

    Raises:
        CommandFailure: It cannot be read, or its media type is unknown or not accepted.

    """
    return _media(Image, option, place, mime_type)


def video_of(option: MediaOption, place: str | None, mime_type: str | None) -> Video | None:
    """Return the video in a file or at a gs:// or https:// address; None for none.

    Raises:
        CommandFailure: As image_of.

    """
    return _media(Video, option, place, mime_type)


def references_of(
    places: Sequence[str] | None, mime_types: Sequence[str] | None, kind: ReferenceType
) -> list[ReferenceImage] | None:
    """Return the reference images.

    Args:
        places: Where they are.
        mime_types: Their media types, in the same order; a single one is the type of all.
        kind: What they stand for.

    Raises:
        CommandFailure: As image_of, or the number of media types does not match.

    """
    places, mime_types = places or [], mime_types or []
    if (len(mime_types) > 1 and len(mime_types) != len(places)) or (mime_types and not places):
        raise CommandFailure(
            REFUSED,
            f"{REFERENCE.type_name}: {len(mime_types)} given for {len(places)} {REFERENCE.name}; "
            "give one for all, or one for each in the same order",
        )
    types = cycle(mime_types or [None])
    images = [image_of(REFERENCE, place, next(types)) for place in places]
    return [ReferenceImage(image, kind) for image in images if image] or None


def mask_of(place: str | None, mime_type: str | None, mode: MaskMode | None) -> Mask | None:
    """Return the mask.

    Raises:
        CommandFailure: As image_of, or only one of --mask and --mask-mode is given.

    """
    image = image_of(MASK, place, mime_type)
    if image is None and mode is None:
        return None
    if image is None or mode is None:
        raise CommandFailure(REFUSED, "--mask and --mask-mode need each other; give both")
    return Mask(image, mode)


def pairs_of(option: str, pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Return the values of an option that is repeated, by their keys.

    Raises:
        CommandFailure: One is not KEY=VALUE, or a key is given twice.

    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CommandFailure(REFUSED, f"{option}: {pair!r} is not accepted; it is KEY=VALUE")
        if key in found:
            raise CommandFailure(REFUSED, f"{option}: {key!r} is given twice")
        found[key] = value
    return found or None


def _media(
    kind: type[Media], option: MediaOption, place: str | None, mime_type: str | None
) -> Media | None:
    if place is None:
        if mime_type is not None:
            raise CommandFailure(REFUSED, f"{option.type_name} needs {option.name}")
        return None
    try:
        if "://" in place:
            return kind.from_url(place, mime_type)
        if mime_type is not None:
            return kind.from_bytes(Path(place).read_bytes(), mime_type)
        return kind.from_file(place)
    except OSError as error:
        message = f"{option.name}: {place} cannot be read: {error.strerror}"
        raise CommandFailure(REFUSED, message) from error
    except ValueError as error:
        raise CommandFailure(REFUSED, _refusal(kind, option, place, mime_type, error)) from error


def _refusal(
    kind: type[Media], option: MediaOption, place: str, mime_type: str | None, error: ValueError
) -> str:
    """Return the client's message in the words of the command line."""
    field, _, message = str(error).partition(": ")
    if field != "mime_type":
        return f"{option.name}: {error}"
    if mime_type is not None:
        return f"{option.type_name}: {message}"
    return (
        f"{option.name}: the name {place!r} does not tell the media type; "
        f"give it with {option.type_name}, for example {option.type_name} {_EXAMPLES[kind]}"
    )
