# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Images and videos that a request carries or points to."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from longtake._documents import Documented
from longtake._pydantic import InstanceSchema
from longtake._wording import shortened
from longtake.types.enums import MaskMode, ReferenceType, choice_of
from longtake.types.signatures import IMAGES, VIDEOS, Signatures


@dataclass(frozen=True, slots=True)
class FileData(Documented):
    """A file that the upstream reads by itself, from a bucket or the web.

    Attributes:
        file_uri: Where it is, for example `gs://bucket/object`.
        mime_type: Its media type, for example `image/png`.
    """

    file_uri: str
    mime_type: str

    def __repr__(self) -> str:
        # A query may hold the signature of a signed URL.
        address, query, _ = self.file_uri.partition("?")
        return (
            f"FileData({shortened(address + ('?...' if query else ''))}, "
            f"{shortened(self.mime_type)})"
        )


class _Media(InstanceSchema):
    """Bytes, or a reference to a file."""

    _signatures: Signatures

    def __init__(
        self,
        data: bytes | None = None,
        mime_type: str | None = None,
        file_data: FileData | None = None,
    ) -> None:
        if data is not None and file_data is not None:
            raise ValueError(f"{type(self).__name__}: give data or file_data, not both")
        self._data = data
        self._mime_type = mime_type
        self._file_data = file_data

    @property
    def data(self) -> bytes | None:
        """The bytes, or None where `file_data` points to them."""
        return self._data

    @property
    def mime_type(self) -> str | None:
        """The media type of the bytes or the file, where it is known."""
        return self._file_data.mime_type if self._file_data else self._mime_type

    @property
    def file_data(self) -> FileData | None:
        """The file that has the bytes, or None where `data` has them."""
        return self._file_data

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Self:
        """Read a local file. Its type is told by its name and must be that of its bytes.

        Raises:
            ValueError: The type is unknown, or the bytes are of another.
            OSError: The file cannot be read.

        """
        named = mimetypes.guess_type(Path(path).name)[0]
        data = Path(path).read_bytes()
        return cls(data=data, mime_type=cls._signatures.check(data, named, str(path)))

    @classmethod
    def from_bytes(cls, data: bytes, mime_type: str | None = None) -> Self:
        """Take bytes of the media type given. Default: it is recognised from the bytes.

        Raises:
            ValueError: The type is unknown, or the bytes are of another.

        """
        return cls(data=data, mime_type=cls._signatures.check(data, mime_type, "data"))

    @classmethod
    def from_url(cls, url: str, mime_type: str | None = None) -> Self:
        """Point to a file, `gs://` or `https://`. Nothing is fetched by the client.

        Args:
            url: Where the file is.
            mime_type: Its media type. Default: told by the name in the URL.

        Raises:
            ValueError: No type was given and the name tells none.

        """
        named = mime_type or mimetypes.guess_type(urlsplit(url).path)[0]
        if named is None:
            raise ValueError(f"mime_type: the name in {url!r} does not tell it; give it")
        return cls(file_data=FileData(file_uri=url, mime_type=named))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def __repr__(self) -> str:
        source = f"{len(self._data)} bytes" if self._data is not None else repr(self._file_data)
        return f"{type(self).__name__}({source}, mime_type={shortened(self.mime_type or '')})"

    def _state(self) -> tuple[object, ...]:
        return self._data, self._mime_type, self._file_data


class Image(_Media):
    """A still image: JPEG, PNG or WebP. Made with `data` or with `file_data`."""

    _signatures = IMAGES


class Video(_Media):
    """A video to extend or edit. Made with `data` or with `file_data`."""

    _signatures = VIDEOS


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    """An image that guides the look or the content of a generation."""

    image: Image
    reference_type: ReferenceType | str

    def __post_init__(self) -> None:
        kind = choice_of(ReferenceType, self.reference_type, "reference_type")
        object.__setattr__(self, "reference_type", kind)


@dataclass(frozen=True, slots=True)
class Mask:
    """The part of an input video that an edit changes: where the image is white."""

    image: Image
    mask_mode: MaskMode | str

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask_mode", choice_of(MaskMode, self.mask_mode, "mask_mode"))
