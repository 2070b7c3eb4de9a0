# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Media types by the first bytes of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes that tell a container, and the media types that it may go by.

    Attributes:
        types: The media types; the first is the usual one.
        marks: Pairs of an offset and the bytes that stand there; all must.
    """

    types: tuple[str, ...]
    marks: tuple[tuple[int, bytes], ...]

    def matches(self, data: bytes) -> bool:
        """Return whether the bytes begin as such a file does."""
        return all(data.startswith(mark, offset) for offset, mark in self.marks)


@dataclass(frozen=True, slots=True)
class Signatures:
    """The kinds of file that one parameter takes.

    Attributes:
        noun: What the files are, for messages.
        known: How each kind begins.
    """

    noun: str
    known: tuple[Signature, ...]

    def check(self, data: bytes, named: str | None, origin: str) -> str:
        """Return the media type of bytes that are said to be of type `named`.

        Raises:
            ValueError: The bytes are of no known kind, or of another than was said.

        """
        found = next((one for one in self.known if one.matches(data)), None)
        if found is None:
            accepted = ", ".join(one.types[0] for one in self.known)
            raise ValueError(f"{origin}: its bytes are no {self.noun}; accepted are {accepted}")
        if named is None:
            return found.types[0]
        if named not in found.types:
            raise ValueError(f"{origin}: it is said to be {named}, its bytes are {found.types[0]}")
        return named


IMAGES = Signatures(
    "image",
    (
        Signature(("image/jpeg", "image/jpg"), ((0, b"\xff\xd8\xff"),)),
        Signature(("image/png",), ((0, b"\x89PNG\r\n\x1a\n"),)),
        Signature(("image/webp",), ((0, b"RIFF"), (8, b"WEBP"))),
    ),
)

_MP4_TYPES = ("video/mp4", "video/quicktime", "video/mov")
_MPEG_TYPES = ("video/mpeg", "video/mpg", "video/mpegps")

VIDEOS = Signatures(
    "video",
    (
        Signature((*_MP4_TYPES, "video/x-m4v"), ((4, b"ftyp"),)),
        Signature(("video/quicktime", "video/mov"), ((4, b"moov"),)),
        Signature(("video/quicktime", "video/mov"), ((4, b"mdat"),)),
        Signature(_MPEG_TYPES, ((0, b"\x00\x00\x01\xba"),)),
        Signature(_MPEG_TYPES, ((0, b"\x00\x00\x01\xb3"),)),
        Signature(("video/avi", "video/x-msvideo"), ((0, b"RIFF"), (8, b"AVI "))),
        Signature(("video/wmv", "video/x-ms-wmv"), ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),)),
        Signature(("video/flv", "video/x-flv"), ((0, b"FLV\x01"),)),
    ),
)
