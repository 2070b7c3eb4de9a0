# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The media of a request: bytes, or the address of an object."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from veo_simulator.bucket import Buckets
    from veo_simulator.fields import Fields

# Everything after the bucket is the object's name, including # and ?.
_BUCKET = r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])"
_ADDRESS = re.compile(rf"{_BUCKET}/([^\r\n]+)")
_FOLDER = re.compile(rf"{_BUCKET}(/[^\r\n]*)?")


@dataclass(frozen=True, slots=True)
class Media:
    """An input: its bytes, the bucket and the name of an object, or the id of a file.

    Attributes:
        role: The role in messages: image, lastFrame, video, mask or referenceImages[0].
    """

    role: str
    data: bytes | None = None
    bucket: str = ""
    name: str = ""
    file: str = ""


def decoded(given: Fields, field: str, role: str, encoded: str) -> Media:
    """Return the media of a field in base64."""
    try:
        return Media(role, base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        given.wrong(field, "it is not base64")
        return Media(role)


def addressed(given: Fields, field: str, role: str, address: str) -> Media:
    """Return the media of a field with the address of an object."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        given.wrong(field, "accepted is gs://bucket/object")
        return Media(role)
    return Media(role, bucket=match[1], name=match[2])


def folder(given: Fields, field: str) -> tuple[str, str] | None:
    """Read the destination of results: a bucket, and a prefix without outer slashes."""
    address = given.text(field)
    if address is None:
        return None
    match = _FOLDER.fullmatch(address)
    if match is None:
        given.wrong(field, "accepted is gs://bucket/prefix")
        return None
    return match[1], (match[2] or "").strip("/")


def read(buckets: Buckets, media: Media) -> bytes:
    """Return the bytes of an input. Reads files: call it off the event loop.

    Raises:
        GoogleError: There is no object at the address.

    """
    if media.data is not None:
        return media.data
    found = buckets.get(media.bucket, media.name)
    if found is None:
        address = f"gs://{media.bucket}/{media.name}"
        message = f"{media.role}: {address} is not in the simulator's storage; upload it first."
        raise GoogleError("NOT_FOUND", message)
    return found.path.read_bytes()
