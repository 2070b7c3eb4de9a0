# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The media types of images and videos: their names, file suffixes and first bytes.

The client and the server use the same tables. A type has one canonical name, which is the
one that Google's documentation uses, and any number of other names that are in use for it.
This module imports nothing but the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

# Types that say nothing about the content.
_UNSPECIFIC = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_TRANSPORT_PACKET = 188


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type.

    Attributes:
        name: The canonical name, for example `video/mov`.
        other_names: Names that mean the same, for example `video/quicktime`.
        suffixes: What the names of such files end with, for example `.mov`.
    """

    name: str
    other_names: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


class MediaTypes:
    """A table of media types.

    Attributes:
        noun: What a file is, for messages: `an image` or `a video`.
        accepted: The canonical names of the types that a request may carry. The table also
            knows other types, so that a message can name them.

    Args:
        types: The types.
        recognise: Returns the canonical names of the types that a file with these first
            bytes may have, the likeliest first.
    """

    def __init__(
        self,
        noun: str,
        accepted: tuple[str, ...],
        types: tuple[MediaType, ...],
        recognise: Callable[[bytes], tuple[str, ...]],
    ) -> None:
        self.noun = noun
        self.accepted = accepted
        self._names = {name: one.name for one in types for name in (one.name, *one.other_names)}
        self._suffixes = {suffix: one.name for one in types for suffix in one.suffixes}
        self._recognise = recognise

    def canonical(self, declared: str) -> str:
        """Return the canonical name of a declared type.

        Case, parameters and surrounding white space are dropped. The result is empty if
        nothing or `application/octet-stream` is declared. A type that is not in the table
        is returned as it is.
        """
        essence = declared.partition(";")[0].strip().lower()
        return "" if essence in _UNSPECIFIC else self._names.get(essence, essence)

    def knows(self, name: str) -> bool:
        """Return whether the table has a type of this canonical name."""
        return self._names.get(name) == name

    def of_bytes(self, data: bytes) -> tuple[str, ...]:
        """Return the canonical names that fit the first bytes, the likeliest first."""
        return self._recognise(data)

    def of_name(self, name: str) -> str | None:
        """Return the canonical name that the suffix of a file name tells, or None."""
        stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
        return self._suffixes.get(f".{suffix.lower()}") if stem and dot else None

    def of_url(self, url: str) -> str | None:
        """Return the canonical name that the end of a URL tells, or None.

        Everything after the bucket of a `gs://` address is the object's name, including
        `#` and `?`. Other URLs are web addresses, of which the path counts.
        """
        if url.lower().startswith("gs://"):
            return self.of_name(url[len("gs://") :].partition("/")[2])
        return self.of_name(urlsplit(url).path)

    def settled(self, data: bytes, declared: str) -> str | None:
        """Return the type of bytes that are declared to be of some type.

        The bytes decide. Where they fit several types, the declared one counts if it is
        among them, and else the likeliest. A declared type that is in the table and wrong is
        replaced: many files have a name that belongs to another type.

        Returns:
            The canonical name. None if the bytes fit no type of the table, or if the
            declared type is not in it.

        """
        found, said = self.of_bytes(data), self.canonical(declared)
        if not found or (said and not self.knows(said)):
            return None
        return said if said in found else found[0]


def _image_types(data: bytes) -> tuple[str, ...]:
    if data[4:8] == b"ftyp":
        kind = _IMAGE_BRANDS.get(data[8:12])
        return (kind,) if kind else ()
    if data[:4] == b"RIFF":
        return ("image/webp",) if data[8:12] == b"WEBP" else ()
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return ("image/bmp",)
    return next(((kind,) for start, kind in _IMAGE_STARTS.items() if data.startswith(start)), ())


def _video_types(data: bytes) -> tuple[str, ...]:
    if data[4:8] == b"ftyp":
        return _types_of_brand(data[8:12])
    if data[4:8] in _BOXES:
        # A QuickTime file of old, or an MP4 that lacks its first box.
        return ("video/mp4", "video/mov")
    if data[:4] == b"RIFF":
        return ("video/avi",) if data[8:12] == b"AVI " else ()
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return ("video/webm",) if b"webm" in data[4:64] else ("video/matroska",)
    if len(data) > _TRANSPORT_PACKET and data[0] == data[_TRANSPORT_PACKET] == ord("G"):
        return ("video/mp2t",)
    return next(((kind,) for start, kind in _VIDEO_STARTS.items() if data.startswith(start)), ())


def _types_of_brand(brand: bytes) -> tuple[str, ...]:
    """Return the types of a file of the ISO base media format by its major brand."""
    if brand in _IMAGE_BRANDS:
        return ()
    if brand == b"qt  ":
        return ("video/mov",)
    return ("video/3gpp",) if brand.startswith(b"3g") else ("video/mp4",)


_IMAGE_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
}
_IMAGE_STARTS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}
# What files of the ISO base media format and of QuickTime begin with, beside ftyp.
_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})
_VIDEO_STARTS = {
    b"\x00\x00\x01\xba": "video/mpeg",
    b"\x00\x00\x01\xb3": "video/mpeg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "video/wmv",
    b"FLV\x01": "video/flv",
}

IMAGES = MediaTypes(
    "an image",
    ("image/jpeg", "image/png", "image/webp"),
    (
        MediaType(
            "image/jpeg",
            ("image/jpg", "image/pjpeg", "image/jfif"),
            (".jpg", ".jpeg", ".jpe", ".jfif"),
        ),
        MediaType("image/png", ("image/x-png", "image/apng"), (".png", ".apng")),
        MediaType("image/webp", ("image/x-webp",), (".webp",)),
        MediaType("image/gif", (), (".gif",)),
        MediaType("image/bmp", ("image/x-bmp", "image/x-ms-bmp"), (".bmp",)),
        MediaType("image/tiff", ("image/tif", "image/x-tiff"), (".tif", ".tiff")),
        MediaType("image/heic", ("image/heif",), (".heic", ".heif")),
        MediaType("image/avif", (), (".avif",)),
    ),
    _image_types,
)

VIDEOS = MediaTypes(
    "a video",
    (
        "video/mp4",
        "video/mov",
        "video/mpeg",
        "video/avi",
        "video/wmv",
        "video/flv",
        "video/webm",
        "video/3gpp",
    ),
    (
        MediaType("video/mp4", ("video/x-m4v", "video/m4v", "application/mp4"), (".mp4", ".m4v")),
        MediaType("video/mov", ("video/quicktime", "video/x-quicktime"), (".mov", ".qt")),
        MediaType(
            "video/mpeg",
            ("video/mpg", "video/mpegps", "video/mp2p", "video/x-mpeg", "video/x-mpg"),
            (".mpeg", ".mpg", ".mpe", ".m1v", ".m2v", ".vob"),
        ),
        MediaType(
            "video/avi",
            ("video/x-msvideo", "video/msvideo", "video/x-avi", "video/vnd.avi"),
            (".avi",),
        ),
        MediaType(
            "video/wmv", ("video/x-ms-wmv", "video/x-ms-asf", "video/x-wmv"), (".wmv", ".asf")
        ),
        MediaType("video/flv", ("video/x-flv",), (".flv",)),
        MediaType("video/webm", (), (".webm",)),
        MediaType("video/3gpp", ("video/3gp", "video/3gpp2"), (".3gp", ".3gpp", ".3g2", ".3gpp2")),
        MediaType("video/matroska", ("video/x-matroska", "video/mkv"), (".mkv",)),
        MediaType("video/mp2t", ("video/mpegts",), (".ts", ".m2ts", ".mts")),
    ),
    _video_types,
)
